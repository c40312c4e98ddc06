"""The fader: brings blocks of sound from one gain to another in a straight line, without a step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SAME = 1e-6
"""Gains that differ by less are one: a 30th of a step of 16 bits, below which only the rounding of sums lies."""


class Fader:
    """A gain that moves; for the audio callback alone. Arrays are made only when the length of the blocks changes."""

    def __init__(self, rate: int, gain: float) -> None:
        self.gain = gain
        """As it was at the end of the last block."""
        self._rate = rate
        self._make_buffers(rate // 100)

    def apply(self, block: NDArray[np.int16], target: float, slope: float) -> None:
        """Bring `block`, `(n,) int16`, from the present gain towards `target`, by at most `slope` a millisecond."""
        if len(block) != len(self._mix):
            self._make_buffers(len(block))
        most = len(block) * 1000 / self._rate * slope
        step = min(most, max(-most, target - self.gain))
        if step == 0.0:
            np.multiply(block, self.gain, out=self._mix)
        else:
            np.multiply(self._ramp, step, out=self._gains)
            np.add(self._gains, self.gain, out=self._gains)
            np.multiply(block, self._gains, out=self._mix)
            self.gain += step
            if abs(self.gain - target) < _SAME:
                self.gain = target
        np.rint(self._mix, out=self._mix)
        np.copyto(block, self._mix, casting="unsafe")

    def _make_buffers(self, n: int) -> None:
        self._mix = np.zeros(n, np.float32)
        self._gains = np.zeros(n, np.float32)
        self._ramp = np.arange(1, n + 1, dtype=np.float32) / n
