"""The conversation of a session: its items in order, and what the brain is told of them."""

from __future__ import annotations

import asyncio
import json
import secrets
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from msgspec.structs import asdict

from device.local.stages import Turn
from device.wire.errors import WireError
from device.wire.realtime_items import Content, Item, SpokenContent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from device.local.stages import Word

AUDIO: Final = ("input_audio", "output_audio")
"""Types of a part of which the words are a transcript."""

MOST_ITEMS: Final = 1000
MOST_CHARACTERS: Final = 1_000_000
"""What a conversation may hold: hours of talk, and more than any model reads. A choice, for the memory of a Pi."""


def fresh(kind: str) -> str:
    """Return a new id, such as `item_…`."""
    return f"{kind}_{secrets.token_hex(10)}"


class Entry:
    """An item, and what the protocol's item does not say of it: it comes with `audio_ms` milliseconds of audio."""

    def __init__(self, item: Item, audio_ms: float = 0.0) -> None:
        self.item = item
        self.id = item.id or fresh("item")
        item.id = self.id
        item.object = "realtime.item"
        if item.content:
            item.content = [_telling(part) for part in item.content]
        self._audio_ms = audio_ms
        self._transcribing: asyncio.Task[None] | None = None
        self._said: list[tuple[str, float]] = []
        self._heard_ms: float | None = None
        self._times: list[Word] = []

    @property
    def audio_ms(self) -> float:
        """Milliseconds of audio in the item."""
        return self._audio_ms

    @property
    def transcribing(self) -> asyncio.Task[None] | None:
        """The task that finds out the item's words; None if they are known."""
        task = self._transcribing
        return task if task and not task.done() else None

    @property
    def size(self) -> int:
        """Characters in the item."""
        item = self.item
        own = (self.id, item.call_id, item.name, item.arguments, item.output)
        words = (word for part in item.content or () for word in (part.text, part.transcript))
        return sum(len(text) for text in (*own, *words) if text)

    def transcribed_by(self, task: asyncio.Task[None]) -> None:
        """Let the item's words count as known once `task` is done, which is to call `hear`."""
        self._transcribing = task

    def say(self, text: str) -> None:
        """Add a sentence to an assistant's item; the audio that is added from now on is the sentence's."""
        self._said.append((text, self._audio_ms))
        self._write()

    def add_audio(self, ms: float) -> None:
        """Add `ms` milliseconds of audio to an assistant's item."""
        self._audio_ms += ms

    def time(self, words: Iterable[Word]) -> None:
        """Add when words of an assistant's item are heard, in its audio; where this is known, it is not estimated."""
        self._times += words

    def truncate(self, ms: float) -> None:
        """Cut an assistant's item to the words of the first `ms` of its audio: the rest was not heard."""
        self._heard_ms = ms if self._heard_ms is None else min(ms, self._heard_ms)
        self._write()

    def hear(self, transcript: str) -> None:
        """Put down what a user's audio says."""
        for part in self.item.content or ():
            if part.type == "input_audio":
                part.transcript = transcript

    @property
    def spoken(self) -> bool:
        """True for an assistant's item with audio."""
        return any(part.type == "output_audio" for part in self.item.content or ())

    def _write(self) -> None:
        """Put the words that count into the item's one part."""
        heard = self._heard_ms
        if heard is not None and self._times:
            self._put(_until("".join(text for text, _ in self._said), self._times, heard))
            return
        ends = [start for _, start in self._said[1:]] + [self._audio_ms]
        words = [
            text if heard is None or end <= heard else _share(text, (heard - start) / (end - start))
            for (text, start), end in zip(self._said, ends, strict=True)
            if heard is None or start < heard
        ]
        self._put("".join(words))

    def _put(self, words: str) -> None:
        for part in self.item.content or ():
            if part.type == "output_audio":
                part.transcript = words
            else:
                part.text = words

    def turn(self) -> Turn | None:
        """Return what the brain is told of the item, if anything."""
        item = self.item
        if item.type == "function_call":
            return Turn("assistant", call_id=item.call_id, name=item.name, arguments=item.arguments)
        if item.type == "function_call_output":
            return Turn("tool", item.output or "", call_id=item.call_id)
        words = (part.transcript if part.type in AUDIO else part.text for part in item.content or ())
        text = "\n".join(word for word in words if word)
        match item.role:
            case "system":
                return Turn("system", text)
            case "assistant":
                return Turn("assistant", text) if text else None
        return Turn("user", text)


def _texts(arguments: str) -> Iterator[str]:
    """Yield the texts among a call's arguments, JSON as a model or a client may have written it."""
    with suppress(ValueError):
        given = json.loads(arguments)
        for value in given.values() if isinstance(given, dict) else ():
            yield from (text for text in (value if isinstance(value, list) else [value]) if isinstance(text, str))


def _telling(part: Content) -> Content:
    """Return a part so that it tells all that clients want to know."""
    return SpokenContent(**asdict(part)) if part.type == "input_audio" else part


def _until(text: str, times: Sequence[Word], heard_ms: float) -> str:
    """Return a text up to the last of its words that was heard to its end."""
    end = 0
    for word in times:
        if word.end_ms > heard_ms:
            break
        if (found := text.find(word.text, end)) >= 0:
            end = found + len(word.text)
    while end and end < len(text) and not (text[end].isalnum() or text[end].isspace()):
        end += 1  # a mark at the end of the word
    return text[:end]


def _share(text: str, share: float) -> str:
    """Return the words of the first `share` of a text, the last one whole or not at all."""
    end = int(len(text) * share)
    return text if end >= len(text) else text[: text.rfind(" ", 0, end + 1) + 1].rstrip()


class Conversation:
    """Items in order, found by id."""

    def __init__(self) -> None:
        self.id = fresh("conv")
        self._entries: list[Entry] = []

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    @property
    def tail(self) -> str | None:
        """Id of the last item."""
        return self._entries[-1].id if self._entries else None

    @property
    def asked(self) -> bool:
        """True if the last thing said is a question of the assistant's."""
        last = self._entries[-1].turn() if self._entries else None
        return last is not None and last.role == "assistant" and last.text.rstrip().endswith(("?", "\uff1f"))

    @property
    def names(self) -> tuple[str, ...]:
        """What was named to tools in it: a timer that was set a moment ago may well be spoken of again."""
        calls = [entry.item.arguments or "" for entry in self._entries if entry.item.type == "function_call"]
        return tuple(name for call in calls for name in _texts(call))

    def find(self, item_id: str) -> Entry | None:
        """Return the item of that id, if there is one."""
        return next((entry for entry in self._entries if entry.id == item_id), None)

    def add(self, entry: Entry, after: str | None = None) -> str | None:
        """Add an item after another one, first for "root", last for None; return the id of the one before it.

        Raises `WireError` for an id that is taken or one that is not known.
        """
        if self.find(entry.id):
            raise WireError(
                f"Error adding item: an item with id '{entry.id}' already exists in the conversation.",
                code="item_create_duplicate_item_id",
                param="item.id",
            )
        place = len(self._entries)
        if after == "root":
            place = 0
        elif after is not None:
            place = self._place(after, "item_create_invalid_previous_item_id", "previous_item_id") + 1
        self._entries.insert(place, entry)
        return self._entries[place - 1].id if place else None

    def check_room(self, entry: Entry) -> None:
        """Check that there is room for a client's item. Raises `WireError` if there is none."""
        if len(self._entries) >= MOST_ITEMS:
            raise WireError(
                f"The conversation has {MOST_ITEMS} items already, the most that the local engine keeps: delete some.",
                code="too_many_items",
                param="item",
            )
        if sum(known.size for known in self._entries) + entry.size > MOST_CHARACTERS:
            raise WireError(
                f"The conversation would have more than {MOST_CHARACTERS} characters, the most that the local engine "
                "keeps: delete some items.",
                code="conversation_too_long",
                param="item",
            )

    def make_room(self) -> list[str]:
        """Forget the oldest items of a conversation that has grown too long by itself; return their ids."""
        size = sum(entry.size for entry in self._entries)
        gone = []
        while len(self._entries) > 1 and (len(self._entries) > MOST_ITEMS or size > MOST_CHARACTERS):
            oldest = self._entries.pop(0)
            size -= oldest.size
            gone.append(oldest.id)
        return gone

    def before(self, item_id: str) -> str | None:
        """Return the id of the item before that one, if there is any."""
        ids = [entry.id for entry in self._entries]
        place = ids.index(item_id)
        return ids[place - 1] if place else None

    def get(self, item_id: str, code: str) -> Entry:
        """Return the item of that id. Raises `WireError` with `code` if there is none."""
        return self._entries[self._place(item_id, code, "item_id")]

    def remove(self, item_id: str) -> None:
        """Remove an item. Raises `WireError` if there is none of that id."""
        del self._entries[self._place(item_id, "item_delete_invalid_item_id", "item_id")]

    def _place(self, item_id: str, code: str, param: str) -> int:
        for place, entry in enumerate(self._entries):
            if entry.id == item_id:
                return place
        raise WireError(f"The item with id '{item_id}' does not exist in the conversation.", code=code, param=param)


async def settled(entries: Iterable[Entry]) -> None:
    """Wait until the words of all items are known."""
    if waiting := [task for entry in entries if (task := entry.transcribing)]:
        await asyncio.wait(waiting)


def turns(entries: Iterable[Entry]) -> tuple[Turn, ...]:
    """Return what the brain is told: a user who said nothing counts only as the last one."""
    told = [turn for entry in entries if (turn := entry.turn())]
    return tuple(
        turn for n, turn in enumerate(told) if turn.text or turn.name or turn.role == "tool" or n == len(told) - 1
    )


def message(role: str, content: list[Content], *, item_id: str | None = None, status: str = "completed") -> Item:
    """Return a message item."""
    return Item(type="message", id=item_id, status=status, role=role, content=content)
