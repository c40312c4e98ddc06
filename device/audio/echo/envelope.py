"""Whether the microphone grows loud and soft with what was played, however late: a sign of an echo that nothing finds.

What comes later than is looked for, or so distorted that no filter and no likeness knows it again, is still loud where
the device spoke loudly, and silent where it paused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

SECONDS = 6
"""What is compared: a few sentences, with the pauses between them."""
LATEST_S = 2
"""The latest echo that is noticed: what a wireless loudspeaker and a television add up to, and more."""
_ALIKE = 0.5
"""Correlation of the levels in dB from which they go together. Measured over 8 s, in 24 rooms: echoes that come 0.9 to
1.5 s late reach 0.76 to 0.90, and 0.62 with a visitor who talks all the time; without an echo, such a visitor reaches
0.32 at the most of all lags, and noise 0.11."""
_SOFTEST = 1e-7
"""Of a block's power: -70 dBFS for a sample. Below it, there is nothing to compare."""
_SAME = 4
"""Blocks by which the lag of two stretches may differ and be the same: 40 ms, the blur of a room."""
_BLOCKS = 100
"""A second."""


class Envelopes:
    """Compares the levels of one stretch of `SECONDS` after the other, block by block of 10 ms."""

    def __init__(self) -> None:
        self.alike: bool | None = None
        """Whether they go together, at the same lag in the last two stretches; None while that is not known."""
        self._levels = np.zeros((2, SECONDS * _BLOCKS), np.float32)
        self._count = 0
        self._lag: int | None = None  # at which they did so in the last stretch

    @property
    def may_be_alike(self) -> bool:
        """Whether they went together in the last stretch."""
        return self._lag is not None

    def push(self, heard: float, played: float) -> None:
        """Take the power of the next block of either."""
        self._levels[:, self._count] = heard, played
        self._count += 1
        if self._count == len(self._levels[0]):
            self._count = 0
            self._compare()

    def _compare(self) -> None:
        heard, played = np.log10(self._levels + _SOFTEST)
        lags = range(0, LATEST_S * _BLOCKS, 2)
        found = [_correlation(heard[lag:], played[: len(played) - lag]) for lag in lags]
        best = int(np.argmax(found))
        before, self._lag = self._lag, lags[best] if found[best] > _ALIKE else None
        if self._lag is None:
            self.alike = False
        else:
            # Whoever speaks once, and what was played once, go together at some lag.
            self.alike = (abs(self._lag - before) <= _SAME) if before is not None else None


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size else 0.0
