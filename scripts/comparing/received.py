"""The audio that the engine received, searched for what visitors said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device.audio.resample import resample
from device.bench.likeness import locate
from device.bench.virtual_card import RATE, VISITOR
from device.sample_clock import CLOCK_RATE
from device.simulation.scripted_reply import RATE as WIRE_RATE
from scripts.comparing.engine import NETWORK_MS

if TYPE_CHECKING:
    from device.simulation.timed_engine import Report
    from scripts.comparing.room import Recording, Visit

WORD_S: Final = 0.3
"""Of an interrupting sentence, what stands for its first word."""
ALIKE: Final = 0.5
"""Correlation from which a word counts as received: with echo of the same level 0.6, of what is not there 0.3."""
_ARRIVES_S: Final = 2.5
"""How long after the end of a sentence its beginning may arrive at the engine."""


class Received:
    """What the engine received of one client, in the order of arrival."""

    def __init__(self, report: Report) -> None:
        heard = np.frombuffer(bytes(report.audio), np.int16)
        self._audio = resample(heard, WIRE_RATE, CLOCK_RATE)
        self._times = np.array([at for at, _ in report.heard])
        self._ends = np.cumsum([count for _, count in report.heard]) * CLOCK_RATE // WIRE_RATE

    def has_word(self, recording: Recording, visit: Visit) -> bool:
        """Tell whether the first word of what a visitor said is in what was received about then."""
        return self._locate(recording, visit, visit.onset + round(WORD_S * RATE))[1] >= ALIKE

    def delays_ms(self, recording: Recording, visit: Visit) -> list[float]:
        """Return, every 10 ms of what a visitor said, how long it took from the microphone to the wire."""
        place, likeness = self._locate(recording, visit, visit.end)
        if likeness < ALIKE:
            return []
        delays = []
        for count, frame in enumerate(range(visit.onset, visit.end, RATE // 100)):
            chunk = int(np.searchsorted(self._ends, place + count * CLOCK_RATE // 100, side="right"))
            if chunk < len(self._times):
                delays.append(1000 * float(self._times[chunk] - recording.moment(frame)) - NETWORK_MS)
        return delays

    def _locate(self, recording: Recording, visit: Visit, until: int) -> tuple[int, float]:
        """Return where the beginning of what a visitor said was received, and how much what is there is like it."""
        piece = resample(recording.tracks[visit.onset : min(until, visit.end), VISITOR], RATE, CLOCK_RATE)
        window = recording.moment(visit.onset), recording.moment(visit.end) + _ARRIVES_S
        first, last = np.searchsorted(self._times, window)
        start = int(self._ends[first - 1]) if first else 0
        end = int(self._ends[last - 1]) if last else 0
        place, likeness = locate(piece, self._audio[start:end])
        return start + place, likeness
