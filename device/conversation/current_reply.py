"""The reply in the making, and what of it is queued for the loudspeaker or playing.

An engine may begin the next reply while the one before it still plays, or while that fades out because it was cut off.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, structs

from device.conversation import entries
from device.conversation.actions import Action, Cut, Finish, Play, Record
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.engine import Audio, ReplyEnded
    from device.conversation.events import Heard

STALLED = samples(5_000)
"""An engine that began a reply and sends nothing more of it for so long is taken for dead.

A choice: longer than a network stutters, shorter than the user waits for the rest of a sentence.
"""
LONGEST_S = 300
"""Seconds of sound that are queued or playing, at the most: whoever sends more does not talk to anybody. OpenAI's
replies end after 4096 tokens, which is 205 s; these are 29 MB at 48 kHz."""
MOST_ITEMS = 200
"""Items that are. A choice: a reply has one or two, a stream engine's one after each pause."""
BYTES_PER_SAMPLE = 2
"""Of a reply's audio, s16le mono: the contract of `engine.Audio`."""


class Item(Struct):
    """A reply item that is queued or playing."""

    reply: str
    bytes: int = 0
    complete: bool = False
    repeated: bool = False
    """It was heard before; the engine does not know that it is played."""
    starving: bool = False
    """The loudspeaker has played what there is of it, and waits for more."""


class CurrentReply:
    """Items by their names. What was dropped is not played if more of it comes."""

    def __init__(self) -> None:
        self._running = False
        self._awaited = False  # the engine has its tools' results and will speak of them
        self._cut_from: int | None = None
        self._cut_at = 0
        self._name = ""
        self._items: dict[str, Item] = {}
        self._dropped: set[str] = set()
        self._received_at = 0  # when the engine last sent anything of it

    @property
    def running(self) -> bool:
        """Whether the engine is not done with it."""
        return self._running

    @property
    def to_come(self) -> bool:
        """Whether the engine has more to say."""
        return self._running or self._awaited

    @property
    def queued(self) -> bool:
        """Whether anything is queued or playing."""
        return bool(self._items)

    @property
    def cut_from(self) -> int | None:
        """While it fades out because it was cut off: from where to listen when it is silent."""
        return self._cut_from

    @property
    def cut_at(self) -> int:
        """When it was cut off last."""
        return self._cut_at

    @property
    def cutting(self) -> bool:
        """Whether it fades out because it was cut off."""
        return self._cut_from is not None

    # From the engine

    def begin(self, reply: str, at: int) -> None:
        """Note that the engine begins a reply."""
        self._name, self._received_at = reply, at
        self._running, self._awaited = True, False

    def await_more(self) -> None:
        """Note that the engine has a tool's result and will speak of it."""
        self._awaited = True

    def give_up(self) -> None:
        """Wait no longer for what the engine would say of its tools' results."""
        self._awaited = False

    def audio(self, event: Audio, at: int) -> list[Action]:
        """Queue a piece of an item; return what to do, with a record if it is the item's first."""
        actions: list[Action] = []
        item = self._items.get(event.item)
        if item is None:
            item = self._items[event.item] = Item(event.reply)
            actions.append(Record(entries.ReplyReceived(at, event.item)))
        item.bytes += len(event.pcm)
        item.starving = False
        self._received_at = at
        return [*actions, Play(event.item, event.pcm)]

    def audio_done(self, name: str) -> list[Action]:
        """Note that an item is complete."""
        return self._complete([name] if name in self._items else [])

    def end(self, reply: str) -> list[Action]:
        """Note that the engine is done with a reply, maybe not the present one."""
        if reply == self._name:
            self._running = False
        return self._complete([name for name, item in self._items.items() if item.reply == reply])

    def lose(self) -> list[Action]:
        """Note that the session is lost: nothing more will come; return how to end what broke off."""
        self.end_running()
        return self._complete(list(self._items))

    def stalled(self, at: int) -> bool:
        """Return whether the engine owes more of it, has sent none for too long, and nothing is left to play."""
        starving = self._running and all(item.starving for item in self._items.values())
        return starving and at >= self._received_at + STALLED

    def endless(self, rate: int) -> bool:
        """Return whether more waits to be played, at `rate` Hz, than anybody says."""
        size = sum(item.bytes for item in self._items.values())
        return len(self._items) > MOST_ITEMS or size > LONGEST_S * rate * BYTES_PER_SAMPLE

    def speaks(self, reply: str) -> bool:
        """Return whether anything of a reply is queued or playing."""
        return any(item.reply == reply for item in self._items.values())

    # To the loudspeaker

    def repeat(self, name: str) -> None:
        """Queue an item that was heard before."""
        self._items[name] = Item(name, complete=True, repeated=True)

    def find(self, name: str) -> Item | None:
        """Return an item that is queued or playing."""
        return self._items.get(name)

    def starved(self, name: str) -> None:
        """Note that an item ran dry."""
        if (item := self._items.get(name)) is not None:
            item.starving = True

    def played(self, name: str) -> Item | None:
        """Return an item that was played to its end, and forget it; None if there was no such item."""
        return self._items.pop(name, None)

    def repeats(self, name: str) -> bool:
        """Return whether an item is one that was heard before."""
        return (item := self._items.get(name)) is not None and item.repeated

    def share(self, heard: Heard, rate: int) -> float | None:
        """Return what share of an item of the engine's was heard, given the audio's rate in Hz; None for any other."""
        item = self._items.get(heard.item)
        if item is None or item.repeated:
            return None
        length_ms = item.bytes / BYTES_PER_SAMPLE * 1000 / rate
        return 1.0 if heard.whole else heard.ms / max(1.0, length_ms)

    # Its end

    def cut(self, at: int, listen_from: int, why: str = "", *, quick: bool = False) -> list[Action]:
        """Play no more of what is queued, nor of what is in the making; return what to do, unless that is under way."""
        if self.cutting:
            return []
        self._cut_from, self._cut_at = listen_from, at
        self._dropped.update(item.reply for item in self._items.values())
        self.drop_running()
        return [Record(entries.Cut(at, why)), Cut(quick)]

    def drop_running(self) -> None:
        """Play no more of what is in the making."""
        if self._running:
            self._dropped.add(self._name)

    def end_running(self) -> None:
        """Take it that the engine has no more to say, whatever it does."""
        self._running = self._awaited = False

    def dropped(self, reply: str) -> bool:
        """Return whether no more of a reply is to be played."""
        return reply in self._dropped

    def keep_new(self) -> None:
        """Forget what was dropped, now that it has faded; a new reply may have begun meanwhile."""
        self._items = {name: item for name, item in self._items.items() if item.reply not in self._dropped}
        self._running = self._running and self._name not in self._dropped
        self._awaited = self._awaited and self.queued
        self._cut_from = None

    def forget(self) -> None:
        """Forget it, but not what was dropped."""
        self._items.clear()
        self._running = self._awaited = False
        self._cut_from = None

    def clear(self) -> None:
        """Forget everything: the session is over."""
        self.forget()
        self._dropped.clear()

    def _complete(self, names: list[str]) -> list[Action]:
        actions: list[Action] = []
        for name in names:
            if not self._items[name].complete:
                self._items[name].complete = True
                actions.append(Finish(name))
        return actions


def reply_end(event: ReplyEnded, at: int) -> Record:
    """Return the record of a reply's end, with what it cost."""
    cost = {name: value for name, value in structs.asdict(event.usage).items() if value}
    return Record(entries.ReplyEnd(at, event.reply, event.status, **cost))
