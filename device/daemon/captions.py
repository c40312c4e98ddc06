"""Captions: what both sides say, as it is said, and how much of the assistant's words was heard so far.

While a reply plays, how many of its words were heard is told by the share of its sound that has left the loudspeaker,
as the history does for the engine; once it is over, the ledger says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct

from device.conversation import entries
from device.conversation.states import State
from device.door.messages import LONGEST_CAPTION, Caption, Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation import events
    from device.conversation.engine import Words
    from device.conversation.entries import Entry

MOST: Final = 20
"""Captions of a conversation that are kept for who comes later: what fits a screen."""


class _Shown(Struct):
    """A caption, and what is known of its sound."""

    id: str
    role: Literal["user", "assistant", "device"]
    text: str = ""
    final: bool = False
    ms: float = 0.0
    """Of its sound that came so far."""
    words: int = 0
    """Heard so far."""
    over: bool = False
    whole: bool = False

    @property
    def caption(self) -> Caption:
        return Caption(self.id, self.role, self.text, self.final)

    @property
    def heard(self) -> Heard:
        chars = len(self.text) if self.whole else _end_of(self.text, self.words)
        return Heard(self.id, chars, self.over)


class Captions:
    """Those of the present conversation; `publish` is told of each that changes."""

    def __init__(self, publish: Callable[[Caption | Heard], None]) -> None:
        self._publish = publish
        self._shown: dict[str, _Shown] = {}
        self._count = 0
        self._user = ""  # the caption of what the user says just now

    @property
    def all(self) -> tuple[Caption, ...]:
        """All of them, the oldest first."""
        return tuple(one.caption for one in self._shown.values() if one.text)

    @property
    def heard(self) -> tuple[Heard, ...]:
        """How much of each was heard that is played."""
        return tuple(one.heard for one in self._shown.values() if one.role != "user" and one.text)

    def words(self, words: Words) -> None:
        """Take what an engine tells of what is said."""
        if words.role == "user":
            if not self._user:
                self._user = self._new_id()
            shown = self._have(self._user, "user")
            if words.final:
                self._user = ""
        else:
            shown = self._have(words.item or "reply", "assistant")
        self._write(shown, words.text.strip() if words.final else shown.text + words.text, final=words.final)

    def announced(self, item: str, text: str) -> None:
        """Take what the device says by itself."""
        if text:
            self._write(self._have(item, "device"), text, final=True)

    def audio(self, item: str, ms: float) -> None:
        """Take it that so much more of an item's sound is there."""
        if (shown := self._shown.get(item)) is not None:
            shown.ms += ms
        elif not item.startswith(("announcement-", "repeat-")):  # the words may come after their sound
            self._have(item, "assistant").ms += ms

    def playing(self, heard: events.Heard | None) -> None:
        """Take how much has been heard of what plays."""
        shown = None if heard is None else self._shown.get(heard.item)
        if heard is None or shown is None or shown.over or not shown.ms or not shown.text:
            return
        words = round(len(shown.text.split()) * min(1.0, heard.ms / shown.ms))
        if words > shown.words:
            shown.words = words
            self._publish(shown.heard)

    def take(self, entry: Entry) -> None:
        """Take an entry of the ledger."""
        match entry:
            case entries.User(text=text) if text and not self._known(text):
                self._write(self._have(self._new_id(), "user"), text, final=True)
            case entries.Heard(item=item, whole=whole, text=text):
                self._end(item, words=len(text.split()), whole=whole)
            case entries.ReplyLastAudio(item=item) | entries.Announcement(item=item, how="whole"):
                self._end(item, whole=True)
            case entries.Announcement(item=item):
                self._end(item, whole=False)
            case entries.StateEntered(state=State.ASLEEP | State.MUTED):
                self._shown.clear()
                self._user = ""
            case _:
                pass

    def _known(self, text: str) -> bool:
        """Return whether the user's last words are shown already."""
        last = next((one for one in reversed(self._shown.values()) if one.role == "user"), None)
        return last is not None and last.text == text[:LONGEST_CAPTION]

    def _new_id(self) -> str:
        self._count += 1
        return f"user-{self._count}"

    def _have(self, item: str, role: Literal["user", "assistant", "device"]) -> _Shown:
        shown = self._shown.get(item)
        if shown is None:
            shown = self._shown[item] = _Shown(item, role)
            while len(self._shown) > MOST:
                del self._shown[next(iter(self._shown))]
        return shown

    def _write(self, shown: _Shown, text: str, *, final: bool) -> None:
        before = shown.caption
        shown.text, shown.final = text[:LONGEST_CAPTION], final or shown.final
        if shown.caption != before:
            self._publish(shown.caption)
            if shown.over:
                self._publish(shown.heard)

    def _end(self, item: str, *, words: int = 0, whole: bool) -> None:
        """Note that no more of an item will be heard."""
        shown = self._shown.get(item)
        if shown is None or (shown.over and shown.whole >= whole):
            return
        shown.words, shown.over, shown.whole = max(words, 0 if words else shown.words), True, whole
        if shown.text:
            self._publish(shown.heard)


def _end_of(text: str, words: int) -> int:
    """Return where so many words of a text end."""
    end = 0
    for word in text.split()[:words]:
        end = text.index(word, end) + len(word)
    return end
