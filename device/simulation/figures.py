"""The figures of a conversation in a room: each turn, and how long everything in it took.

The recording counts: the times of speech, of replies, of ducking and of silence are measured on its tracks. The
ledger says what to look for, and gives what no recording can show (the wake word's detection, words, tools).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct, field

from device.conversation import entries
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.passage import Loudspeaker, Passage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.conversation.entries import Entry
    from device.simulation.alignment import Drop
    from device.simulation.recording import Tracks
    from device.simulation.visitors import Visit

OVERLAP = samples(1500)
"""How long after the end of what a visitor said a cut may still be because of it."""
UNASKED = samples(2500)
"""A reply so long after the one before it, and without new words of a visitor, was not asked for."""

HUSHED = samples(60)
"""When a ducked reply has fallen silent, where the recording cannot tell because it was soft there."""
REPEATED = samples(2000)
"""How long after a reply came back all that it repeats has been repeated."""

ORDERS = (entries.Duck, entries.Hold, entries.Restore, entries.Cut)
"""What is done to a reply because of a voice over it."""


class Turn(Struct, kw_only=True):
    """What a visitor said and what came of it. Times in ms; None where there was nothing to measure."""

    at: float
    """Seconds on the scene's clock at which the visitor began; of a reply that nobody asked for, at which it began."""
    wake_ms: int | None = None
    """End of the wake word → detection."""
    user: str = ""
    """What the engine understood."""
    assistant: str = ""
    reply_ms: int | None = None
    """End of the visitor's speech → first reply audio on the loudspeaker track."""
    tools: list[str] = field(default_factory=list)
    interrupted: bool = False
    duck_ms: int | None = None
    """Interrupting visitor's onset → reply lowered by 12 dB."""
    silence_ms: int | None = None
    """Interrupting visitor's onset → reply silent for good."""
    heard_ms: int | None = None
    """How much of the item that was cut off the engine was told had been heard."""
    heard_true_ms: int | None = None
    """How much of it is on the loudspeaker track."""


class Restored(Struct, kw_only=True):
    """A reply that was lowered and came back: somebody spoke, but not to interrupt."""

    at: float
    """Seconds on the scene's clock: the visitor's onset, or the ducking if there was no visitor."""
    duck_ms: int | None = None
    restore_ms: int | None = None
    """Visitor's onset → reply back within 3 dB of its level."""
    lost_ms: int | None = None
    """How much of the reply's speech was never heard within 3 dB of its level, not when it was repeated either."""


class _Reply(Struct):
    """A reply item that was played."""

    item: str
    at: int
    passage: Passage | None = None
    text: str = ""
    truncated: int | None = None
    cut: int | None = None
    held: int | None = None
    """Where it was ducked and held, if that was still so when it was cut off."""

    @property
    def begins(self) -> int:
        """Where it is first heard: on the track, or by the ledger if it cannot be found there."""
        found = self.passage.begins if self.passage else None
        return self.at if found is None else found


class _Asked(Struct):
    """A visit on the device's clock, and what came of it."""

    onset: int
    offset: int
    wake_end: int | None
    turn: Turn
    last: int | None = None
    """Where its last reply ended."""
    meant: bool = False
    """Something came of it."""
    overlapped: bool = False
    """It was said over a reply that came back."""


class Figures:
    """Puts visits, ledger and recording together.

    `visits` are the room's, `entries` the ledger's in order; `items` holds each reply item's rate and PCM, `(n,)
    int16`, as it came from the engine. `drops` are what the card threw away of the loudspeaker's sound.
    """

    def __init__(
        self,
        tracks: Tracks,
        visits: Sequence[Visit],
        entries: list[Entry],
        items: Mapping[str, tuple[int, NDArray[np.int16]]],
        drops: Sequence[Drop] = (),
    ) -> None:
        self._entries = entries
        self._asked = [_asked(visit, tracks.rate) for visit in sorted(visits, key=lambda v: v.onset)]
        self._replies = _replies(entries)
        self._unasked: list[Turn] = []
        self.restored: list[Restored] = []
        """The replies that were lowered and came back."""
        loudspeaker = Loudspeaker(tracks.loudspeaker, tracks.rate, drops)
        for index, reply in enumerate(self._replies):
            if reply.item in items:
                rate, pcm = items[reply.item]
                until = self._replies[index + 1].at if index + 1 < len(self._replies) else None
                reply.passage = Passage(loudspeaker, pcm, rate, begins=reply.at, until=until)
        self._overlaps()

    def turns(self) -> list[Turn]:
        """Return the turns in the order of time."""
        for reply in self._replies:
            self._assign(reply)
        self._words()
        self._wakes()
        turns = [asked.turn for asked in self._asked if asked.meant]
        return sorted(turns + self._unasked, key=lambda turn: turn.at)

    def _overlaps(self) -> None:
        """Find what became of each ducking: a cut, or a reply that came back."""
        duck: int | None = None
        held: int | None = None
        orders = [entry for entry in self._entries if isinstance(entry, ORDERS)]
        for index, entry in enumerate(orders):
            reply = self._playing(entry.at)
            match entry:
                case entries.Duck():
                    duck = held = entry.at
                case entries.Hold():
                    held = entry.at
                case entries.Restore() if duck is not None:
                    after = orders[index + 1].at if index + 1 < len(orders) else entry.at + REPEATED
                    self._restore(reply, duck, entry.at, min(after, entry.at + REPEATED))
                    duck = held = None
                case entries.Cut():
                    if reply is not None:
                        reply.cut, reply.held = entry.at, held
                    duck = held = None

    def _restore(self, reply: _Reply | None, duck: int, restore: int, until: int) -> None:
        asked = self._speaking(duck, reply)
        onset = duck if asked is None else asked.onset
        found = Restored(at=_seconds(onset))
        if asked is not None:
            asked.overlapped = asked.offset <= restore
            if reply is not None and reply.passage is not None:
                lowered = reply.passage.lowered(onset)
                back = reply.passage.restored(max(restore - samples(200), lowered.last if lowered else duck))
                lost = reply.passage.lost(onset, until)
                found.duck_ms = _ms(lowered.nearest(duck) - onset) if lowered else None
                found.restore_ms = _ms(back.nearest(restore) - onset) if back else None
                found.lost_ms = None if lost is None else _ms(lost)
        self.restored.append(found)

    def _assign(self, reply: _Reply) -> None:
        """Put a reply into the turn of the visitor whom it answers."""
        begins = reply.begins
        before = [a for a in self._asked if a.offset <= begins + samples(50) and not a.overlapped]
        asked = before[-1] if before else None
        if asked is None or (asked.last is not None and begins > asked.last + UNASKED):
            turn = Turn(at=_seconds(begins))
            self._unasked.append(turn)
        else:
            turn, asked.meant = asked.turn, True
            if asked.last is None:
                turn.reply_ms = _ms(begins - asked.offset)
        turn.assistant = f"{turn.assistant} {reply.text}".strip()
        ended = reply.passage.ends(begins + 1) if reply.passage else None
        if reply.cut is not None:
            self._interrupt(turn, reply, reply.cut)
        if asked is not None and turn is asked.turn:
            asked.last = max(begins, ended if ended is not None else reply.cut or begins)

    def _interrupt(self, turn: Turn, reply: _Reply, cut: int) -> None:
        turn.interrupted, turn.heard_ms = True, reply.truncated
        asked = self._speaking(cut, reply)
        if reply.passage is None:
            return
        silence = next((e.at for e in self._entries if isinstance(e, entries.Silence) and e.at >= cut), None)
        if reply.held is not None:
            silence = reply.held + HUSHED
        duck = [e.at for e in self._entries if isinstance(e, entries.Duck) and e.at <= cut]
        onset = max(reply.begins, asked.onset if asked else min(cut, duck[-1] if duck else cut))
        # What was silent already when the visitor began is looked for from a little earlier.
        found = reply.passage.cut(onset)
        if found is not None:
            silent, heard = found
            told = None if reply.truncated is None else samples(reply.truncated)
            turn.heard_true_ms = _ms(heard.nearest(told))
            if asked is not None:
                turn.silence_ms = _ms(silent.nearest(silence) - asked.onset)
        if asked is not None and duck and duck[-1] >= asked.onset:
            lowered = reply.passage.lowered(onset)
            turn.duck_ms = _ms(lowered.nearest(duck[-1]) - asked.onset) if lowered else None

    def _words(self) -> None:
        """Give the turns their words and tools: of the last visitor who had finished speaking, or nearly so."""
        for entry in self._entries:
            if not isinstance(entry, (entries.User, entries.Tool)):
                continue
            before = [a for a in self._asked if a.onset <= entry.at and not a.overlapped]
            done = [a for a in before if a.offset <= entry.at + samples(300)]
            if not before:
                continue
            asked = (done or before)[-1]
            if isinstance(entry, entries.Tool):
                asked.turn.tools.append(entry.name)
                asked.meant = True
            elif entry.text:
                asked.turn.user = f"{asked.turn.user} {entry.text}".strip()
                asked.meant = True

    def _wakes(self) -> None:
        """Give the turns the wake word's time; one that was said alone belongs to the turn that follows."""
        for entry in self._entries:
            if not isinstance(entry, entries.Wake):
                continue
            before = [a for a in self._asked if a.onset <= entry.at <= a.offset + OVERLAP]
            if not before:
                continue
            asked = before[-1]
            end = asked.wake_end
            if end is None and asked.offset <= entry.at:
                end = asked.offset
            after = [a for a in self._asked if a.onset >= asked.onset and a.meant]
            turn = after[0].turn if after else asked.turn
            asked.meant = asked.meant or not after
            turn.wake_ms = None if end is None else _ms(entry.at - end)

    def _playing(self, at: int) -> _Reply | None:
        """Return the reply item that is playing, or was last, at a position."""
        before = [reply for reply in self._replies if reply.at <= at]
        return before[-1] if before else None

    def _speaking(self, at: int, reply: _Reply | None) -> _Asked | None:
        """Return the visitor who is speaking over `reply`, or has just been, at a position."""
        heard_from = reply.begins if reply else 0
        before = [a for a in self._asked if a.onset <= at <= a.offset + OVERLAP and a.offset > heard_from]
        return before[-1] if before else None


def _asked(visit: Visit, rate: int) -> _Asked:
    def position(frame: int) -> int:
        return frame * CLOCK_RATE // rate

    onset = position(visit.onset)
    wake_end = None if visit.wake_end is None else position(visit.wake_end)
    return _Asked(onset, position(visit.offset), wake_end, Turn(at=_seconds(onset)))


def _replies(written: list[Entry]) -> list[_Reply]:
    """Return the reply items that were played, with their words and how much of each the engine was told was heard."""
    replies: dict[str, _Reply] = {}
    texts: dict[str, str] = {}
    for entry in written:
        match entry:
            case entries.ReplyFirstAudio(item=item) if item not in replies:
                replies[item] = _Reply(item, entry.at)
            case entries.Assistant(item=item, text=text):
                texts[item] = text
            case entries.Truncate(item=item, ms=ms) if item in replies:
                replies[item].truncated = ms
    for item, reply in replies.items():
        reply.text = texts.get(item, "")
    return sorted(replies.values(), key=lambda reply: reply.at)


def _seconds(position: int) -> float:
    return round(position / CLOCK_RATE, 2)


def _ms(count: int) -> int:
    return round(count * 1000 / CLOCK_RATE)
