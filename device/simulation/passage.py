"""A reply item as it sounds on the loudspeaker track: where it begins, is lowered, comes back, and ends.

The item's PCM, as the engine sent it, is found on the track by cross-correlation; so a figure holds for that item
whatever else plays, and whatever the ledger claims. Where the item itself is silent, a recording cannot tell when
something happened: such a figure is an interval, and what is claimed counts as long as it lies within.

Positions are on the device's clock (16 kHz), positions within the item likewise.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from msgspec import Struct

from device.audio.measure import SILENCE_DBFS, SPEECH_RANGE_DB, levels, silences
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.alignment import ALIKE, LEVELLED, WINDOW, Run, follow, locate
from device.simulation.correlation import at_clock_rate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.simulation.alignment import Drop

DUCK_DB = 12.0
"""A reply is lowered when its gain has fallen by this much, and back up when it is within `BACK_DB`."""
BACK_DB = 3.0
"""Choices: between the level and a duck of 20 dB, the default, with room for what a window's loudness errs by."""
_PIECE = samples(800)
"""What is searched for: long enough that no other part of the item is like it."""
_HOP = samples(1)
"""Between windows of loudness: as fine as times are told."""
_NOTHING = samples(60)
"""A pause longer than those within words that are so soft that they are lost in rounding."""
_HEARD = 2
"""int16 steps that surely are more than what resampling and rounding leave of nothing."""


class Interval(Struct, frozen=True):
    """Something happened after `first` at the earliest and at `last` at the latest."""

    first: int
    last: int

    def nearest(self, claim: int | None) -> int:
        """Return `claim` if it can be true, else what is nearest to it; the earliest time if nothing is claimed."""
        return self.first if claim is None else min(self.last, max(self.first, claim))


class Loudspeaker:
    """A loudspeaker track, `(n,) int16` at `rate`, ready to be searched; `drops` are what its card threw away."""

    def __init__(self, track: NDArray[np.int16], rate: int, drops: Sequence[Drop] = ()) -> None:
        self.drops = drops
        self.samples = at_clock_rate(track, rate)
        # Resampling smears; silence is looked for in what was really played, of each frame the loudest sample.
        nonzero = np.flatnonzero(track) * CLOCK_RATE // rate
        self._sounds = np.zeros(len(self.samples) + 1, bool)
        self._sounds[np.minimum(nonzero, len(self.samples))] = True

    def __len__(self) -> int:
        return len(self.samples)

    def falls_silent(self, start: int) -> int:
        """Return the position after the last sample that is not zero before 60 ms of zeros, from `start` on."""
        sounds = np.flatnonzero(self._sounds[start:])
        if not len(sounds) or sounds[0] >= _NOTHING:
            before = np.flatnonzero(self._sounds[:start])
            return int(before[-1]) + 1 if len(before) else start
        gaps = np.flatnonzero(np.diff(sounds) > _NOTHING)
        return start + int(sounds[gaps[0] if len(gaps) else -1]) + 1

    def rests(self, start: int, end: int) -> int:
        """Return the position after the last sample before the longest stretch of zeros between two positions."""
        sounds = np.concatenate(([0], np.flatnonzero(self._sounds[start:end]) + 1, [end - start]))
        return start + int(sounds[np.argmax(np.diff(sounds))])


class Passage:
    """The item `pcm`, `(n,) int16` at `rate`, on a loudspeaker track; it is said to begin about position `begins`.

    `until` is where something else surely plays: the next item.
    """

    def __init__(
        self, loudspeaker: Loudspeaker, pcm: NDArray[np.int16], rate: int, *, begins: int, until: int | None = None
    ) -> None:
        self._loudspeaker = loudspeaker
        self._track = loudspeaker.samples
        self._item = at_clock_rate(pcm, rate)
        self._until = min(until if until is not None else len(loudspeaker), len(loudspeaker))
        self._claimed = begins
        level = levels(self._item, WINDOW, _HOP)
        self._loudest = float(level.max()) if len(level) else 0.0
        quiet = silences(self._item, CLOCK_RATE, 0)
        self._lead = quiet[0][1] if quiet and quiet[0][0] == 0 else 0
        self.begins = self._find_start()
        """Where the item is first heard; None if it is not on the track about there."""
        self.runs = self._find_runs()
        """Where which part of it is played, in the order of time; none if it is not there."""

    def ends(self, after: int) -> int | None:
        """Return the first position from `after` on at which the item is silent for good, other sounds apart.

        None if it is heard until the next item begins.
        """
        last = self.runs[-1].end if self.runs else after
        return None if last >= self._until else max(after, last)

    def cut(self, after: int) -> tuple[Interval, Interval] | None:
        """Return when the item fell silent for good after `after`, and how much of it had been heard by then.

        Both are intervals, as long as the item's own silence at that place. What was heard is what was reached, even if
        it was cut off while it repeated something. None if it was not cut off there.
        """
        silent = self.ends(after)
        if silent is None or not self.runs:
            return None
        last = self.runs[-1]
        heard = [self._heard_in(run, after) for run, after in pairwise([*self.runs, None]) if run]
        pause = heard[-1].last - heard[-1].first
        falls = Interval(silent, max(silent, last.lag + heard[-1].first + pause))
        return falls, max(heard, key=lambda found: found.first)

    def _heard_in(self, run: Run, after: Run | None) -> Interval:
        """Return how much of the item had been heard when a run of it was over, before the run `after` it if any."""
        end = max(run.start, run.end - WINDOW)
        last = self._loudspeaker.falls_silent(end) if after is None else self._loudspeaker.rests(end, after.start)
        heard = last - run.lag
        return Interval(heard, heard + self._unheard(last, heard))

    def _unheard(self, last: int, heard: int) -> int:
        """Return how much of the item after `heard` cannot be heard even if it was played after `last`.

        It is too soft, at the gain of the last 10 ms, or further down the fade that these show.
        """
        rest, window = self._item[heard:], LEVELLED // 2
        played, item = self._track[max(0, last - 2 * window) : last], self._item[max(0, heard - 2 * window) : heard]
        before, gain = (_rms(played[at]) / max(1.0, _rms(item[at])) for at in (slice(-window), slice(-window, None)))
        slope = min(0.0, gain - before) / window
        # The gain was measured in the middle of its window.
        faded = np.maximum(0.0, gain + slope * (np.arange(len(rest)) + window / 2))
        steady = np.abs(rest) * gain >= _HEARD
        fading = (np.abs(rest) * faded >= _HEARD) | (faded == 0)
        return max(int(np.argmax(over)) if over.any() else len(rest) for over in (steady, fading))

    def lowered(self, after: int) -> Interval | None:
        """Return when the item's level had fallen by `DUCK_DB`, at or after `after`; None if it did not."""
        places, gains = self._gains(after)
        before = gains[places < after]
        usual = before[-300:] if len(before) >= 20 else gains
        return _first(places, gains <= _usual(usual) - DUCK_DB, after)

    def restored(self, after: int) -> Interval | None:
        """Return when the item's level was its usual one again, at or after `after`; None if it was not."""
        places, gains = self._gains(after)
        return _first(places, gains >= _usual(gains) - BACK_DB, after)

    def lost(self, first: int, last: int) -> int | None:
        """Return how much of the item's speech that was due between two positions was never at its full level.

        In samples; what was said once more counts as what it was at its best. None if the item is not there.
        """
        if not self.runs:
            return None
        best = np.full(len(self._item) // _HOP + 1, -np.inf)
        due = np.zeros(len(best), bool)
        for start, end, run in self._stretches(first - _PIECE, last):
            places, _, gains = self._measured(start, end, run)
            at = (places - run.lag) // _HOP
            best[at] = np.maximum(best[at], gains)
            due[at[(places >= first) & (at * _HOP < max(r.reached for r in self.runs))]] = True
        known = best[np.isfinite(best)]
        return _HOP * int(np.count_nonzero(due & (best < _usual(known) - BACK_DB)))

    def _find_start(self) -> int | None:
        opening = self._item[self._lead : self._lead + _PIECE // 2]
        start = max(0, self._claimed - samples(300))
        place, likeness = locate(opening, self._track[start : self._claimed + samples(1500) + len(opening)])
        return start + place if likeness >= ALIKE else None

    def _find_runs(self) -> list[Run]:
        if self.begins is None:
            return []
        return follow(
            self._track,
            self._item,
            Run(self.begins, self.begins + 1, self._lead),
            self._until,
            self._loudspeaker.drops,
        )

    def _stretches(self, first: int, last: int) -> list[tuple[int, int, Run]]:
        """Return from where to where, between two positions, the item is where which run has it.

        That goes on after the run until the next one begins: what is due then, and not heard, is silenced.
        """
        ends = [run.start for run in self.runs[1:]] + [self._until] * bool(self.runs)
        cut = [(max(first, run.start), min(last, end), run) for run, end in zip(self.runs, ends, strict=True)]
        return [(start, end, run) for start, end, run in cut if end > start]

    def _measured(self, start: int, end: int, run: Run) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
        """Return the windows' places on the track, the item's level there and the gain from it to the track (dB).

        Only of windows in which the item speaks.
        """
        end = min(end, run.lag + len(self._item))
        source = levels(self._item[start - run.lag : end - run.lag], WINDOW, _HOP)
        heard = levels(self._track[start:end], WINDOW, _HOP)[: len(source)]
        places = start + np.arange(len(source)) * _HOP + WINDOW // 2
        speaks = source > self._loudest - SPEECH_RANGE_DB
        return places[speaks], source[speaks], np.maximum(heard, SILENCE_DBFS - 20)[speaks] - source[speaks]

    def _gains(self, near: int) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return the gain (dB) from the item to the track in windows about `near`, and where they are.

        Only of windows in which the item is loud enough to tell.
        """
        end = self.ends(near)
        first, last = near - _PIECE, min(near + 4 * _PIECE, self._until if end is None else end)
        found = [self._measured(*stretch) for stretch in self._stretches(first, last)]
        if not found:
            return np.zeros(0), np.zeros(0)
        places, source, gains = (np.concatenate(parts) for parts in zip(*found, strict=True))
        # So loud that it is still told from silence when it is lowered a good deal.
        telling = source > SILENCE_DBFS + 2 * DUCK_DB
        return places[telling], gains[telling]


def _usual(gains: NDArray[Any]) -> float:
    """Return the gain of a reply that is not lowered, though most of it may be."""
    return float(np.percentile(gains, 90)) if len(gains) else 0.0


def _first(places: NDArray[Any], reached: NDArray[np.bool_], after: int) -> Interval | None:
    """Return between which two windows something was reached, at or after a position; None if it was not."""
    later = places >= after
    places, reached = places[later], reached[later]
    if not reached.any():
        return None
    index = int(np.argmax(reached))
    return Interval(int(places[index - 1]) if index else after, int(places[index]))


def _rms(track: NDArray[np.float32]) -> float:
    return float(np.sqrt(np.mean(np.square(track, dtype=np.float64)))) if len(track) else 0.0
