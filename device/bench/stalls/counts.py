"""What came of a case: counted in the ledger, at the engine, and on the recorded tracks."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct, field

from device.audio.measure import NOTHING_DBFS, levels
from device.audio.resample import resample
from device.bench.likeness import locate
from device.bench.stalls.tracks import Heard, hear
from device.bench.virtual_card import LOUDSPEAKER, RATE, VISITOR
from device.listen.endpointer import FRAME
from device.sample_clock import CLOCK_RATE
from device.simulation.scripted_reply import RATE as WIRE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from device.bench.stalls.room import Recording, Visit
    from device.bench.stalls.stage import Done, Evidence
    from device.simulation.timed_engine import Report

ANSWERED_S: Final = 1.0
"""What happens within so long of the end of a visitor's voice may be because of it: 500 ms of silence end a turn."""
AFTER_S: Final = 1.0
"""After a reply: for so long is looked at what the engine hears."""
YIELD_S: Final = 2.5
"""Within so long of an interruption a reply falls silent, or it does not yield."""
LATER_S: Final = 2.0
"""How long after the end of what was said its beginning may reach the engine."""
WORD_S: Final = 0.3
"""Of an interruption, what stands for its first word."""
ALIKE: Final = 0.5
"""Correlation from which a word counts as received: with echo of the same level 0.6, of what is not there 0.3."""
LOST_AFTER_S: Final = 0.5
"""Losses of the microphone so soon after the sound server was stopped are because of it."""
RIG_LOST_MS: Final = 100.0
"""More than that lost by the rig itself, and it is the rig that failed: a stall that was not planned."""
NEAR_S: Final = 0.3
"""What is so near to a fault is because of it."""
VOICE: Final = 0.5
"""Probability from which a frame is voice."""


class Tail(Struct, frozen=True):
    """What the engine was sent in the second after a reply, or until the next one."""

    level_db: float
    """dBFS of its loudest 100 ms; -200: nothing."""
    voice: float
    """The highest probability of voice."""


class Yield(Struct, frozen=True):
    """What came of an interruption."""

    after_s: float
    """How long after the fault it began."""
    silent_ms: float
    """From its onset to the loudspeaker's silence; inf if it did not yield."""
    first_word: bool
    """Whether its first word reached the engine."""


class Counts(Struct):
    """What came of a case, or of several runs of it together."""

    minutes: float = 0.0
    replies: int = 0
    """That were heard, at least in part."""
    cuts: int = 0
    answers: int = 0
    """Turns that the engine heard with nobody there."""
    wakes: int = 0
    """That it woke with nobody there."""
    lowered: int = 0
    """Times that it lowered a reply with nobody there, by the ledger."""
    dips: int = 0
    """Times that a reply was more than 6 dB softer on the loudspeaker, with nobody there and no fault."""
    holes_ms: list[float] = field(default_factory=list)
    """Of replies that stood still or were silent, with nobody there and no fault."""
    before_ms: list[float] = field(default_factory=list)
    """First audio off the socket → loudspeaker, before the first fault."""
    after_ms: list[float] = field(default_factory=list)
    """The same after it."""
    faults: int = 0
    lines: int = 0
    """Of the log."""
    reopened: int = 0
    """Times that the card was lost."""
    tails: list[Tail] = field(default_factory=list)
    yields: list[Yield] = field(default_factory=list)
    lost_ms: float = 0.0
    """What the rig itself lost of the microphone."""
    load: float = 0.0

    @property
    def sound(self) -> bool:
        """Whether the rig itself did what it shall."""
        return self.lost_ms <= RIG_LOST_MS

    def add(self, other: Counts) -> None:
        """Add what came of another run of the same case."""
        for name in self.__struct_fields__:
            if name == "load":
                self.load = max(self.load, other.load)
            else:
                setattr(self, name, getattr(self, name) + getattr(other, name))


def count(evidence: Evidence, voice: Callable[[NDArray[np.int16]], float]) -> Counts:
    """Return what came of a case; `voice` tells the probability of voice in each frame of 512 samples at 16 kHz."""
    recording, report, faults = evidence.recording, evidence.report, evidence.faults
    visits = [(recording.moment(visit.onset), recording.moment(visit.end)) for visit in recording.visits]

    def alone(at: float) -> bool:
        return not any(began - 0.1 <= at <= ended + ANSWERED_S for began, ended in visits)

    heard = replies(evidence)
    received = Received(report)
    found = Counts(
        minutes=(recording.moment(len(recording.tracks)) - evidence.woken) / 60,
        replies=len(heard),
        answers=sum(note.kind == "turn" and alone(note.at) for note in report.notes),
        reopened=sum(entry.event == "card_lost" for entry in evidence.entries),
        faults=len(faults),
        lines=sum(line.at >= evidence.woken for line in evidence.log),
        yields=[yielded(evidence, visit, received) for visit in recording.visits if visit.label == "interruption"],
        lost_ms=lost_ms(evidence),
        load=evidence.load,
    )
    for name, event in (("cuts", "cut"), ("lowered", "duck"), ("wakes", "wake")):
        setattr(found, name, sum(entry.event == event and alone(entry.at) for entry in evidence.entries))
    first = min((fault.began for fault in faults), default=np.inf)
    for one, after in pairwise([*heard, None]):
        assert one is not None  # noqa: S101 - only the last one is
        found.dips += sum(alone(at) and not _near(faults, at) for at in one.dips)
        found.holes_ms += [ms for at, ms in one.holes_ms if alone(at) and not _near(faults, at)]
        if not _near(faults, one.sent):  # else, the fault would be measured
            (found.before_ms if one.sent < first else found.after_ms).append(1000 * (one.began - one.sent))
        until = one.ended + AFTER_S + evidence.case.room.delay_ms / 1000
        if not any(one.ended - ANSWERED_S <= began <= until or began <= one.ended <= ended for began, ended in visits):
            found.tails.append(received.tail(one.ended, min(until, after.sent if after else until), voice))
    return found


def _near(faults: Sequence[Done], at: float) -> bool:
    """Return whether a fault was on at a time, or nearly so."""
    return any(fault.began - NEAR_S <= at <= fault.ended + NEAR_S for fault in faults)


def replies(evidence: Evidence) -> list[Heard]:
    """Return the replies that were heard, at least in part, in the order of time."""
    given = [note for note in evidence.report.notes if note.kind == "given"]
    made = []
    for number, note in enumerate(given):
        until = given[number + 1].at if number + 1 < len(given) else np.inf
        one = hear(evidence.recording, note.item, note.at, evidence.replies[note.ms], until)
        if one.began == one.began:
            made.append(one)
    return made


def lost_ms(evidence: Evidence) -> float:
    """Return what the rig lost of the microphone by itself: not because the sound server was stopped."""
    stalls = [fault for fault in evidence.faults if fault.kind == "stall"]
    times = evidence.recording.times[evidence.recording.lost]
    by_itself = [not any(one.began <= at <= one.ended + LOST_AFTER_S for one in stalls) for at in times]
    return 10.0 * sum(by_itself)


class Received:
    """What the engine was sent, in the order of arrival."""

    def __init__(self, report: Report) -> None:
        self._audio = resample(np.frombuffer(bytes(report.audio), np.int16), WIRE_RATE, CLOCK_RATE)
        self._times = np.array([at for at, _ in report.heard])
        self._ends = np.cumsum([n for _, n in report.heard]) * CLOCK_RATE // WIRE_RATE

    def between(self, began: float, ended: float) -> NDArray[np.int16]:
        """Return what arrived between two times: (n,) int16 at 16 kHz."""
        first, last = np.searchsorted(self._times, (began, ended))
        return self._audio[self._ends[first - 1] if first else 0 : self._ends[last - 1] if last else 0]

    def tail(self, began: float, ended: float, voice: Callable[[NDArray[np.int16]], float]) -> Tail:
        """Return what arrived between two times, as an engine hears it."""
        audio = self.between(began, ended)
        loudest = levels(audio, CLOCK_RATE // 10, CLOCK_RATE // 50)
        frames = range(0, len(audio) - FRAME + 1, FRAME)
        sure = [voice(audio[at : at + FRAME]) for at in frames]
        return Tail(float(loudest.max()) if len(loudest) else NOTHING_DBFS, max(sure, default=0.0))

    def has(self, word: NDArray[np.int16], began: float, ended: float) -> bool:
        """Return whether something, (n,) int16 at 16 kHz, is in what arrived between two times."""
        return locate(word, self.between(began, ended))[1] >= ALIKE


def yielded(evidence: Evidence, visit: Visit, received: Received) -> Yield:
    """Return what came of an interruption."""
    recording = evidence.recording
    onset = _first_sound(recording, visit)
    moment = recording.moment(onset)
    faults = [fault.ended for fault in evidence.faults if fault.ended <= moment]
    word = resample(recording.tracks[onset : onset + round(WORD_S * RATE), VISITOR], RATE, CLOCK_RATE)
    has = received.has(word, moment, recording.moment(visit.end) + LATER_S)
    after = moment - faults[-1] if faults else float("inf")
    return Yield(after, silent_ms(recording, onset), has)


def silent_ms(recording: Recording, onset: int) -> float:
    """Return how long after `onset` the loudspeaker was silent, for half a second at least; inf: not soon enough."""
    track = recording.tracks[onset : onset + round((YIELD_S + 0.5) * RATE), LOUDSPEAKER]
    step = RATE // 200
    loud = levels(track, step, step) > -60
    for first in range(round(YIELD_S * 200)):
        if not loud[first : first + 100].any():
            return 5.0 * first
    return float("inf")


def _first_sound(recording: Recording, visit: Visit) -> int:
    """Return where the voice begins in a sound that was played."""
    track = recording.tracks[visit.onset : visit.end, VISITOR]
    found = levels(track, RATE // 200, RATE // 1000)
    loud = np.flatnonzero(found > found.max() - 30) if len(found) else np.zeros(0)
    return visit.onset + (int(loud[0]) * RATE // 1000 if len(loud) else 0)


def shares(values: Sequence[bool]) -> float:
    """Return what part is true; NaN of nothing."""
    return float(np.mean(values)) if values else float("nan")
