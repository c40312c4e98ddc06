"""What came of each slot of a conversation: measured on its recording, and in what the engine was sent and told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np
from msgspec import Struct

from device.bench.bargein.pitch import pitch
from device.bench.sounds import HUMAN
from device.bench.trace import Trace, Track
from device.conversation import entries
from device.engines.realtime.config import RATE
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.correlation import at_clock_rate

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.bench.bargein.plan import Slot, Talk
    from device.bench.bargein.play import Played
    from device.bench.trace import Dip
    from device.conversation.entries import Entry
    from device.simulation.visitors import Visit

KEPT_MS: Final = 900.0
"""Within this time a reply must be back at full level."""
WORD_MS: Final = 100.0
"""So much speech of a reply that was never heard at full level is a word lost: hardly any word is shorter."""
LATE_MS: Final = 1500.0
"""A reply cut off later than this after the visitor has finished was not cut off because of it."""
WAKE_LATE: Final = samples(1500)
"""The wake word is detected by this much after its end, or not at all."""
FIRST_WORD: Final = samples(300)
"""What must have reached the engine of what the visitor says."""
THERE: Final = 0.4
"""Correlation of it with what the engine received, at least."""
REPLY_LEFT: Final = samples(1000)
"""What must be left of a reply for somebody to interrupt it."""
_RAMP = samples(30)
"""From an order to the playout to its effect on the loudspeaker."""
_STALLED = samples(60)
"""By so much what is measured of a reply may lie beside the silence of a card that stood still: a fade and a window."""
_RESTORED = samples(100)
"""From the order to bring a reply back to its full level, at the most: it rests, and goes back up."""

Kind = TypeVar("Kind", bound=entries.Entry)


class Outcome(Struct, kw_only=True):
    """What came of a slot. Times in ms, from the onset of what was done; None where there is nothing to measure."""

    slot: str
    talk: str
    role: str
    trouble: str = ""
    """What happened to the card."""
    reached: bool | None
    """Whether the device did as it should; None if there was nothing to judge (`why`)."""
    why: str = ""
    at: float
    """Onset in seconds of the scene."""
    sound: str = ""
    voice: str = ""
    text: str = ""
    human: bool = False
    """Whether a person said or did it, and not a program."""
    lasts_s: float = 0.0
    """How long it sounds."""
    pitch_hz: float | None = None
    """How high the voice is; None where there is no pitch."""
    echo_db: float
    noise_db: float
    clip: float
    rt60: float
    cut: bool = False
    duck_ms: float | None = None
    silence_ms: float | None = None
    back_ms: float | None = None
    lost_ms: float | None = None
    """The longest passage of the reply that was not heard at full level."""
    dips: int = 0
    """How often the reply was lowered."""
    false_dips: int = 0
    """How often it was lowered while nobody did anything."""
    heard_ms: float | None = None
    """By how much what the engine was told differs from what was heard."""
    first_word: bool | None = None
    alike: float | None = None
    """How much the first word that the engine received is like what was said: correlation."""
    reply_s: float = 0.0
    """How long the reply was heard."""
    events: list[str] = []
    """What the device's ledger says of that time."""


def judge(talk: Talk, played: Played) -> list[Outcome]:
    """Return what came of each slot."""
    track = Track(played.tracks.loudspeaker, played.tracks.rate)
    return [_Judged(talk, played, track, slot).outcome() for slot in talk.slots]


class _Judged:
    """One slot."""

    def __init__(self, talk: Talk, played: Played, track: Track, slot: Slot) -> None:
        self._talk, self._played, self._slot = talk, played, slot
        scale = CLOCK_RATE / played.tracks.rate
        visit = played.visits.get(slot.name)
        self._visit = visit
        self._onset = round((visit.onset if visit else slot.at * played.tracks.rate) * scale)
        self._offset = round((visit.offset if visit else slot.at * played.tracks.rate) * scale)
        index = talk.slots.index(slot)
        next_at = talk.slots[index + 1].at if index + 1 < len(talk.slots) else talk.scene.seconds
        self._until = round(next_at * CLOCK_RATE)
        room = talk.scene.room
        self._outcome = Outcome(
            slot=slot.name,
            talk=talk.name,
            role=slot.role,
            trouble=slot.trouble,
            reached=None,
            at=round(self._onset / CLOCK_RATE, 3),
            sound=slot.sound.file.name if slot.sound else "",
            voice=slot.sound.voice if slot.sound else "",
            text=slot.sound.text if slot.sound else "",
            human=slot.sound is not None and slot.sound.synthesizer == HUMAN,
            lasts_s=round((self._offset - self._onset) / CLOCK_RATE, 3) if visit else 0.0,
            pitch_hz=_pitch_of(slot),
            echo_db=talk.echo_db,
            noise_db=room.noise_db,
            clip=room.clip,
            rt60=room.rt60,
        )
        self._trace, self._item = self._reply(track) if slot.reply_s else (None, "")

    def outcome(self) -> Outcome:
        """Return the verdict."""
        outcome = self._outcome
        first = min(self._onset, round(self._slot.at * CLOCK_RATE))
        outcome.events = [_line(entry) for entry in self._played.entries if first <= entry.at < self._until]
        if self._visit is None and self._slot.sound is not None:
            outcome.why = "nobody came"
        elif self._slot.role in ("wake", "wake alone"):
            self._wake()
        elif self._trace is None or self._trace.begins is None:
            outcome.why = "there was no reply"
        elif self._slot.role == "self":
            self._alone(self._trace)
        else:
            self._over(self._trace)
        return outcome

    def _reply(self, track: Track) -> tuple[Trace | None, str]:
        """Return the reply that was playing, or had been, when somebody did something."""
        before = self._onset if self._visit else self._until
        begun = [e for e in self._entries(entries.ReplyFirstAudio) if e.at < before]
        item = begun[-1].item if begun else ""
        if item not in self._played.items:
            return None, ""
        after = [e.at for e in self._entries(entries.ReplyFirstAudio) if e.at > begun[-1].at]
        until = min(after[0] - samples(40) if after else len(track.samples), len(track.samples))
        rate, pcm = self._played.items[item]
        trace = Trace(track, pcm, rate, begins=begun[-1].at, until=until, gain_db=self._played.gain_db)
        return trace, item

    def _alone(self, trace: Trace) -> None:
        """Judge a reply while nobody was there: it shall be heard to its end."""
        outcome = self._outcome
        outcome.cut = not trace.whole
        outcome.reached = trace.whole
        outcome.why = "" if trace.whole else f"cut off after {trace.heard[0] / CLOCK_RATE:.1f} s"
        outcome.reply_s = trace.heard[0] / CLOCK_RATE
        outcome.false_dips = len([dip for dip in self._dips(trace) if dip.back is not None])

    def _over(self, trace: Trace) -> None:
        """Judge what came of what somebody did over the reply."""
        outcome = self._outcome
        ends = trace.ends or 0
        outcome.reply_s = trace.heard[0] / CLOCK_RATE
        dips = self._dips(trace)
        own = [dip for dip in dips if self._onset <= dip.last and dip.first <= self._offset + samples(LATE_MS)]
        before = [dip for dip in dips if dip.last < self._onset]
        outcome.false_dips = len(before)
        place = trace.place(self._onset)
        pause = trace.heard[1] - trace.heard[0]  # of the reply itself, where it ended
        if ends + pause <= self._onset or place is None or len(trace.item) - place < REPLY_LEFT:
            outcome.why = "the reply was over already" if trace.whole else "the reply had been cut off already"
            return
        outcome.cut = not trace.whole
        outcome.dips = len(own)
        lowered = [dip for dip in dips if dip.back is None or dip.back > self._onset]
        if lowered:
            ducked = self._claimed(entries.Duck, lowered[0].first, lowered[0].last)
            outcome.duck_ms = max(0.0, _ms(ducked - self._onset))
        if outcome.cut:
            silent = trace.silent_for_good() or ends
            silent = self._claimed(entries.Duck, silent, silent + pause)
            outcome.silence_ms = max(0.0, _ms(silent - self._onset))
            if outcome.duck_ms is None:
                outcome.duck_ms = outcome.silence_ms
            outcome.heard_ms = self._heard(trace)
        if self._slot.role in ("yield", "foreign"):
            self._yield()
        else:
            self._no_interruption(trace, own)

    def _dips(self, trace: Trace) -> list[Dip]:
        """Return when the reply was lowered; what the card did not play was not."""

        def stood_still(dip: Dip) -> bool:
            back = dip.back if dip.back is not None else dip.last
            return any(start - _STALLED <= dip.last and back <= end + _STALLED for start, end in self._played.silences)

        return [dip for dip in trace.dips() if not stood_still(dip)]

    def _yield(self) -> None:
        outcome = self._outcome
        late = outcome.silence_ms is not None and outcome.silence_ms > _ms(self._offset - self._onset) + LATE_MS
        outcome.reached = outcome.cut and not late
        outcome.why = "" if outcome.reached else "cut off much later" if outcome.cut else "the reply went on"
        if outcome.reached and self._visit is not None:
            outcome.alike = round(self._first_word(self._visit), 3)
            outcome.first_word = outcome.alike >= THERE

    def _no_interruption(self, trace: Trace, dips: list[Dip]) -> None:
        """Judge what was no interruption: the reply shall come back and lose no word."""
        outcome = self._outcome
        late = 0.0
        for dip in dips:
            if dip.back is not None:
                back = self._claimed(entries.Restore, dip.low, dip.back, _RESTORED)
                # A nod is over in no time; what goes on for long may lower the reply late, and again.
                prompt = self._slot.role == "backchannel" and dip is dips[0]
                since = self._onset if prompt else max(self._onset, dip.last)
                outcome.back_ms = outcome.back_ms if outcome.back_ms is not None else _ms(back - self._onset)
                late = max(late, _ms(back - since))
        outcome.lost_ms = trace.lost_ms(self._onset, max([self._offset, *(dip.back or 0 for dip in dips)]))
        if outcome.cut:
            outcome.why = "cut off"
        elif late > KEPT_MS:
            outcome.why = f"back after {late:.0f} ms"
        elif outcome.lost_ms >= WORD_MS:
            outcome.why = f"{outcome.lost_ms:.0f} ms of the reply were not heard at full level"
        outcome.reached = not outcome.why

    def _heard(self, trace: Trace) -> float | None:
        """Return by how much what the engine was told differs from what was heard, in ms."""
        told = self._played.told.get(self._item)
        if told is None:
            return None
        least, most = trace.heard
        return abs(told - _ms(min(most, max(least, samples(told)))))

    def _first_word(self, visit: Visit) -> float:
        """Return how much of the beginning of what the visitor says reached the engine, as a correlation.

        All of it is looked for in what the engine received since; so its place is certain, and its first 300 ms are
        compared there.
        """
        played = self._played
        end = min(self._offset + samples(LATE_MS), self._until)
        pieces = [sent.pcm for sent in played.sent if self._onset <= sent.at * CLOCK_RATE < end]
        received = at_clock_rate(np.frombuffer(b"".join(pieces), np.int16), RATE)
        said = at_clock_rate(played.tracks.visitors[visit.onset : visit.offset], played.tracks.rate)
        place = _place_of(said, received)
        first = said[:FIRST_WORD]
        there = received[max(0, place) : max(0, place) + len(first)]
        if place < 0 or len(there) < len(first):
            return 0.0
        return float(np.dot(there, first)) / max(1.0, float(np.linalg.norm(there) * np.linalg.norm(first)))

    def _wake(self) -> None:
        """Judge whether the wake word was detected."""
        self._outcome.reached = any(
            self._onset < entry.at <= self._offset + WAKE_LATE for entry in self._entries(entries.Wake)
        )
        if self._trace is not None and (self._trace.ends or 0) < self._onset:
            self._outcome.reached, self._outcome.why = None, "the reply had been cut off already"

    def _claimed(self, kind: type[Entry], first: int, last: int, after: int = 0) -> int:
        """Return when something happened that the recording says was between two positions.

        They are apart only where the reply is silent itself; then the ledger counts, as far as it can be true.
        """
        claims = [e.at + after + _RAMP for e in self._entries(kind) if first - samples(500) <= e.at <= last]
        return min(last, max(first, claims[-1])) if claims else last

    def _entries(self, kind: type[Kind]) -> list[Kind]:
        return [entry for entry in self._played.entries if isinstance(entry, kind)]


def _place_of(said: NDArray[np.float32], received: NDArray[np.float32]) -> int:
    """Return where `said` begins in `received`; negative if its beginning is missing."""
    if not len(said) or not len(received):
        return -1
    size = 1 << (len(said) + len(received)).bit_length()
    product = np.fft.irfft(np.fft.rfft(received, size) * np.conj(np.fft.rfft(said, size)), size)
    best = int(np.argmax(product))
    return best if best < len(received) else best - size


def _line(entry: Entry) -> str:
    left_out = ("t", "event", "text") if isinstance(entry, entries.Assistant) else ("t", "event")
    told = " ".join(f"{name}={value}" for name, value in entry.line().items() if name not in left_out)
    return f"{entry.t:.3f} {entry.event()} {told}".strip()


def _pitch_of(slot: Slot) -> float | None:
    hertz = pitch(slot.sound.samples()) if slot.sound else None
    return None if hertz is None else round(hertz, 1)


def _ms(count: int) -> float:
    return count * 1000 / CLOCK_RATE
