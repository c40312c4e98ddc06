"""Where on a loudspeaker track each part of a reply item is played: also late, broken off, or once more.

A reply never gets ahead of itself: it waits, or goes back a little. There is silence on the track where it does. Where
the card threw something away, it has to be told.
Positions are samples at 16 kHz, on the track and in the item.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from device.audio.measure import silences
from device.sample_clock import CLOCK_RATE, samples
from device.simulation.correlation import similarity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALIKE = 0.45
"""Least correlation at which a piece of the track counts as a piece of the item."""
SAME = 0.7
"""Least correlation in a place where the item is expected."""
WINDOW = samples(5)
"""In which loudness is told: a choice. Longer blurs when something happened, shorter follows the voice's own period."""
_SURELY = 0.9
"""Correlation in such a place that leaves no doubt."""
LEVELLED = samples(20)
"""Over how long loudness is evened out."""
_SEAM_MS = 15
"""No reply is held, or waits for the network, for a shorter time."""
_PIECE = samples(300)
"""Of the track, as it is looked for in the item: a syllable or two."""
_REWOUND = samples(1200)
"""How far back a reply may go."""
_BETTER = 0.1
"""How much better another place must be than the one where the item is expected."""


class Drop(Struct, frozen=True):
    """From `at` on the track, `count` of what was due there was thrown away by the card."""

    at: int
    count: int


class Run(Struct):
    """From `start` to `end` the track plays the item from its position `item` on, without a break in time."""

    start: int
    end: int
    item: int

    @property
    def lag(self) -> int:
        """How much later something is on the track than in the item."""
        return self.start - self.item

    @property
    def reached(self) -> int:
        """Where in the item it ends."""
        return self.end - self.lag


def follow(
    track: NDArray[np.float32], item: NDArray[np.float32], first: Run, until: int, drops: Sequence[Drop] = ()
) -> list[Run]:
    """Return the runs in which `item` is played on `track` before `until`; it begins as `first` does.

    `drops` are in the order of time.
    """
    runs = [first]
    ahead = [drop for drop in drops if first.start < drop.at < until]
    for start, end in _sounds(track, first.start, until, [drop.at for drop in ahead]):
        while ahead and ahead[0].at <= start:
            at, count = max(ahead[0].at, runs[-1].end), ahead.pop(0).count
            runs.append(Run(at, at, at - runs[-1].lag + count))
        run = runs[-1]
        expected, reached = start - run.lag, max(r.reached for r in runs)
        sound, more = (track[start : min(last, start + _PIECE)] for last in (end, until))
        if locate(sound, item, lowest=expected, highest=expected)[1] >= _SURELY:
            run.end = end
            continue
        # A short sound may be like many; with what follows it is not, unless the reply was held between the two.
        found = _place(more, item, expected, reached)
        if found is None:
            found = _place(sound, item, expected, reached)
        if found == expected:
            run.end = end
        elif found is not None:
            runs.append(Run(start, end, found))
    return runs


def _place(piece: NDArray[np.float32], item: NDArray[np.float32], expected: int, reached: int) -> int | None:
    """Return where in the item `piece` is: where it is `expected`, or where the item could have gone on else."""
    as_expected, likeness = locate(piece, item, lowest=expected, highest=expected)
    back, alike = locate(piece, item, lowest=max(0, reached - _REWOUND), highest=expected)
    if alike >= max(SAME, likeness + _BETTER) and back < expected:
        return back
    return as_expected if likeness >= SAME else None


def _sounds(track: NDArray[np.float32], start: int, until: int, cuts: Sequence[int]) -> list[tuple[int, int]]:
    """Return what sounds between two positions, the silences and the places where it is cut."""
    gaps = [(start + a, start + b) for a, b in silences(track[start:until], CLOCK_RATE, _SEAM_MS)]
    gaps = sorted(gaps + [(cut, cut) for cut in cuts if not any(a <= cut <= b for a, b in gaps)])
    starts, ends = [start, *(b for _, b in gaps)], [*(a for a, _ in gaps), until]
    return [(a, b) for a, b in zip(starts, ends, strict=True) if b > a]


def levelled(track: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the signal with its loudness evened out, so that a fade or a lowered part is as telling as any."""
    power = np.concatenate((np.zeros(LEVELLED), np.square(track, dtype=np.float64), np.zeros(LEVELLED)))
    summed = np.concatenate(([0.0], np.cumsum(power)))
    half = LEVELLED // 2
    centre = np.arange(len(track)) + LEVELLED
    loudness = np.sqrt(np.maximum(0.0, summed[centre + half] - summed[centre - half]) / LEVELLED)
    evened: NDArray[np.float64] = track / (loudness + 8)
    return evened


def locate(
    piece: NDArray[np.float32], within: NDArray[np.float32], *, lowest: int | None = None, highest: int | None = None
) -> tuple[int, float]:
    """Return where `piece` begins in `within`, and the correlation there (1: the same but for its loudness).

    It may hang over either end: the place can be negative. `lowest` and `highest` bound it.
    """
    n = len(piece)
    if n < WINDOW or not len(within):
        return 0, 0.0
    skipped = 0
    if lowest is not None and highest is not None:  # no more than is needed, and what evens out its loudness
        skipped = min(len(within), max(0, lowest - LEVELLED))
        within = within[skipped : max(skipped + 1, highest + n + LEVELLED)]
        lowest, highest = lowest - skipped, highest - skipped
    pattern = levelled(piece)
    padded = np.concatenate((np.zeros(n), levelled(within), np.zeros(n)))
    score = similarity(pattern, padded, least=0.05)
    first = 0 if lowest is None else min(max(0, lowest + n), len(score) - 1)
    last = len(score) if highest is None else min(max(first + 1, highest + n + 1), len(score))
    best = first + int(np.argmax(score[first:last]))
    return best - n + skipped, float(score[best])
