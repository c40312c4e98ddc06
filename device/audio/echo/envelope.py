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
_BLOCKS = 100
"""A second."""


class Envelopes:
    """Compares the levels of the last seconds, block by block of 10 ms."""

    def __init__(self) -> None:
        self._levels = np.zeros((2, SECONDS * _BLOCKS), np.float32)
        self._count = 0

    def push(self, heard: float, played: float) -> None:
        """Take the power of the next block of either."""
        self._levels[:, self._count % len(self._levels[0])] = heard, played
        self._count += 1

    @property
    def alike(self) -> bool | None:
        """Whether they go together at any lag; None while there is too little to tell."""
        size = len(self._levels[0])
        if self._count < size:
            return None
        heard, played = np.log10(np.roll(self._levels, -(self._count % size), axis=1) + _SOFTEST)
        return max(_correlation(heard[lag:], played[: size - lag]) for lag in range(0, LATEST_S * _BLOCKS, 2)) > _ALIKE


def _correlation(one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
    one, other = one - one.mean(), other - other.mean()
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float(one @ other) / size if size else 0.0
