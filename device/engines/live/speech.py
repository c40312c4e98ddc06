"""What GPT-Live says, as replies: cut out of its stream, kept live, and dropped when the user cut it off.

What is sent is what its model believes to be heard, and nothing can be called back. So what plays must not fall
behind: silence between replies is never played, and that within one only as long as nothing waits to be played.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.conversation.engine import Audio, AudioDone, EngineEvent, ReplyEnded, ReplyStarted, Words
from device.engines.live.gate import Gate, Piece

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard

BEHIND_S: Final = 0.3
"""What plays so late is brought back in the next pause …"""
CLOSE_S: Final = 0.1
"""… up to this, which the network's jitter needs …"""
KEPT_MS: Final = 100
"""… but of each pause that much stays. All three are choices: less sounds hurried, more lets what plays fall behind."""
PAUSE_MS: Final = 400
"""A pause after which something else is said: longer than those within a sentence. A choice: shorter cuts a reply into
more items, longer makes one of two."""
REMEMBERED: Final = 16
"""Replies of which it is remembered how long they are. A choice: more than are ever queued at a time."""


class Spoken(Struct):
    """One reply, which is one item."""

    reply: str
    item: str
    ms: float = 0.0
    """Handed on so far."""
    sounds_ms: float = 0.0
    """Up to where it is not silence."""
    cut: bool = False


class Unheard(Struct, frozen=True):
    """A reply that was cut off."""

    item: str
    heard_ms: int
    ms: float
    """How long it was up to then."""


class Speech:
    """Turns the stream, s16le mono at `rate`, into replies; `name` is what their ids begin with."""

    def __init__(self, rate: int, name: str) -> None:
        self.ms = 0.0
        """How much of the stream has come, silence and all: the session's clock."""
        self._bytes_a_ms = 2 * rate / 1000
        self._name = name
        self._gate = Gate(rate)
        self._count = 0
        self._now: Spoken | None = None
        self._all: dict[str, Spoken] = {}
        self._dropping = False  # what was cut off goes on
        self._behind_s = 0.0  # how much was handed on and is not played yet
        self._counted_at = 0.0
        self._catching_up = False

    @property
    def item(self) -> str:
        """The item that is being said; empty if none is."""
        return self._now.item if self._now is not None else ""

    @property
    def next_item(self) -> str:
        """The item that will be said next."""
        return f"{self._name}_speech_{self._count + 1}"

    @property
    def dropping(self) -> bool:
        """Whether the model still says what the user cut off."""
        return self._dropping

    def take(self, pcm: bytes, now: float) -> list[EngineEvent]:
        """Take the next piece of the stream at `now`, seconds on any clock."""
        self.ms += len(pcm) / self._bytes_a_ms
        self._behind_s = max(0.0, self._behind_s - (now - self._counted_at))
        self._counted_at = now
        events: list[EngineEvent] = []
        audio = b""
        for piece in self._gate.push(pcm):
            if self._dropping:
                self._drop(piece)
                continue
            if piece.kind == "ended":
                events += self._handed_on(audio)
                audio = b""
                events += self._end()
            elif piece.kind == "began":
                events += self._begin()
            elif self._plays(piece):
                audio += piece.pcm
        return events + self._handed_on(audio)

    def lapse(self, ms: float) -> list[EngineEvent]:
        """Let silence pass that nobody sent."""
        self.ms += ms
        ended = self._gate.lapse(ms)
        if self._dropping:
            self._drop(Piece("ended" if ended else "pause"))
            return []
        return self._end() if ended else []

    def interrupt(self, heard: Sequence[Heard]) -> tuple[list[EngineEvent], list[Unheard]]:
        """Drop what was cut off; return what became of it, and of which replies something was not heard."""
        events: list[EngineEvent] = []
        unheard = []
        for one in heard:
            spoken = self._all.get(one.item)
            if spoken is None or spoken.cut or one.whole:
                continue
            goes_on = spoken is self._now and self._gate.quiet_ms < PAUSE_MS
            if goes_on or one.ms < spoken.sounds_ms:
                unheard.append(Unheard(spoken.item, one.ms, spoken.ms))
            spoken.cut = True
            if spoken is self._now:
                self._now = None
                self._dropping = goes_on
                self._gate.reset() if not goes_on else None
                events.append(ReplyEnded(spoken.reply, "cancelled"))
        if unheard or events:
            self._behind_s = 0.0  # the loudspeaker's queue is empty
        return events, unheard

    def stop(self) -> list[EngineEvent]:
        """End what is being said: nothing more will come."""
        return self._end() if self._now is not None else []

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event that waited is of what was cut off meanwhile."""
        if isinstance(event, Audio | AudioDone) or (isinstance(event, Words) and event.role == "assistant"):
            spoken = self._all.get(event.item)
            return spoken is not None and spoken.cut
        return False

    def played(self, heard: Heard) -> None:
        """Take how much of an item has been played by now, as the loudspeaker has it."""
        if self._now is not None and heard.item == self._now.item:
            self._behind_s = max(0.0, (self._now.ms - heard.ms) / 1000)

    def _begin(self) -> list[EngineEvent]:
        item = self.next_item
        self._count += 1
        self._now = self._all[item] = Spoken(f"{self._name}_reply_{self._count}", item)
        while len(self._all) > REMEMBERED:
            del self._all[next(iter(self._all))]
        return [ReplyStarted(self._now.reply)]

    def _end(self) -> list[EngineEvent]:
        spoken, self._now = self._now, None
        if spoken is None:
            return []
        return [AudioDone(spoken.reply, spoken.item), ReplyEnded(spoken.reply, "completed")]

    def _plays(self, piece: Piece) -> bool:
        """Return whether a piece is played, and count it."""
        spoken = self._now
        if spoken is None:
            return False
        length = len(piece.pcm) / self._bytes_a_ms
        self._catching_up = self._behind_s > (CLOSE_S if self._catching_up else BEHIND_S)
        pause_ms = spoken.ms + length - spoken.sounds_ms
        if piece.kind == "pause" and self._catching_up and pause_ms > KEPT_MS:
            return False
        spoken.ms += length
        self._behind_s += length / 1000
        if piece.kind == "sound":
            spoken.sounds_ms = spoken.ms
        return True

    def _handed_on(self, audio: bytes) -> list[EngineEvent]:
        spoken = self._now
        return [Audio(spoken.reply, spoken.item, audio)] if audio and spoken is not None else []

    def _drop(self, piece: Piece) -> None:
        """Drop a piece of what was cut off, until the pause after it."""
        if piece.kind == "ended" or self._gate.quiet_ms >= PAUSE_MS:
            self._dropping = False
            self._gate.reset()
