"""Sample rate conversion of streams, with a constant and low delay.

soxr's streams, good as they are, keep 10 to 15 ms back (its variable-rate mode; the fixed-rate mode emits in bursts,
up to 37 ms late), and there are two of them between the microphone and an engine. This filter keeps 4 ms back.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

INT16 = np.iinfo(np.int16)
HALF_S = 0.004
"""Half the length of the filter: the delay."""
CUTOFF = 0.95
"""Middle of the filter's slope, as a part of the lower rate's Nyquist frequency."""
BETA = 7.857
"""Of Kaiser's window, for 80 dB in the stop band (Kaiser 1974: 0.1102 · (80 - 8.7)): the slope is 630 Hz wide."""
STEPS = 2**24
"""Coefficients are multiples of 1 / STEPS, so that sums of products are exact in 53 bits, in whatever order."""
MOST_PRODUCTS = 200_000
"""Multiplications in one matrix product, whose operands then stay in the cache."""


class Resampler:
    """Converts a stream of int16 mono blocks from one sample rate to another; none of it is lost or added.

    Output sample k is the input at time k / `to_rate`, by a filter of linear phase: positions convert by the ratio of
    the rates alone. What goes in comes out `delay_ms` later, always so for blocks of whole milliseconds between 16,
    24 and 48 kHz; else up to the shortest time that both rates divide later (7 ms from 22 050 to 24 000 Hz). How the
    stream is cut into blocks makes no difference to a single bit. Silence stays silence, and costs nothing. With equal
    rates, blocks pass untouched.

    Raises ValueError for a rate that is not positive, or if that shortest time is longer than 50 ms.
    """

    def __init__(self, from_rate: int, to_rate: int) -> None:
        if from_rate <= 0 or to_rate <= 0:
            raise ValueError(f"sample rates must be positive, not {from_rate} and {to_rate}")
        self.from_rate = from_rate
        self.to_rate = to_rate
        self.delay_ms = 0.0
        """How much later a sample comes out than it went in."""
        if from_rate != to_rate:
            self._matrix, self._in = filter_matrix(from_rate, to_rate)
            self._span, self._out = self._matrix.shape
            self._half = (self._span - self._in) // 2
            self.delay_ms = 1000 * self._half / from_rate
            self._rows = max(1, MOST_PRODUCTS // self._matrix.size)
            self._begin()

    def _begin(self) -> None:
        self._inside = np.zeros(self._half, np.int16)
        """What later outputs need: of the past and, what does not fill a group, of the present."""
        self._fed = self._given = 0
        self._silent = self._span

    def push(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take the next block, `(n,) int16` at `from_rate`; return what is ready, `(m,) int16` at `to_rate`."""
        if self.from_rate == self.to_rate:
            return block
        self._fed += len(block)
        groups = max(0, (len(self._inside) + len(block) - 2 * self._half) // self._in)
        left = len(self._inside) + len(block) - groups * self._in
        if block.any():
            self._silent = 0
        else:
            self._silent += len(block)
        if self._silent >= self._span + len(block):
            # Nothing but zeros is inside: the loudspeaker's signal is silent most of the time.
            out = np.zeros(groups * self._out, np.int16)
            self._inside = self._inside if len(self._inside) == left else np.zeros(left, np.int16)
        else:
            samples = np.concatenate((self._inside, block))
            out = self._convert(samples, groups)
            self._inside = samples[len(samples) - left :]
        self._given += len(out)
        return out

    def flush(self) -> NDArray[np.int16]:
        """Return what is still inside, and be ready for another stream."""
        if self.from_rate == self.to_rate:
            return np.zeros(0, np.int16)
        missing = -(-self._fed * self.to_rate // self.from_rate) - self._given
        rest = self.push(np.zeros(self._half + self._in, np.int16))[:missing]
        self._begin()
        return rest

    def _convert(self, samples: NDArray[np.int16], groups: int) -> NDArray[np.int16]:
        """Return the outputs of the first `groups` in `samples`, which begin half a filter's length before them."""
        whole = samples.astype(np.float64)
        out = np.empty((groups, self._out))
        step = self._in * whole.itemsize
        for row in range(0, groups, self._rows):
            rows = min(self._rows, groups - row)
            # Each row is what one group of outputs needs; the rows overlap.
            windows: NDArray[np.float64] = np.ndarray(
                (rows, self._span), whole.dtype, whole, row * step, (step, whole.itemsize)
            )
            np.dot(windows, self._matrix, out=out[row : row + rows])
        np.rint(out, out=out)
        np.minimum(np.maximum(out, INT16.min, out=out), INT16.max, out=out)  # faster than clip
        return out.astype(np.int16).reshape(-1)


def resample(pcm: NDArray[np.int16], from_rate: int, to_rate: int) -> NDArray[np.int16]:
    """Return a whole recording, `(n,) int16`, at another rate."""
    resampler = Resampler(from_rate, to_rate)
    return np.concatenate([resampler.push(pcm), resampler.flush()])


@lru_cache(maxsize=16)
def filter_matrix(from_rate: int, to_rate: int) -> tuple[NDArray[np.float64], int]:
    """Return the filter as a matrix, and how many input samples a group of outputs is made of.

    Outputs come in groups of a millisecond, or of the shortest time that both rates divide: then the same matrix makes
    them all. Column k holds what output k of a group takes of the inputs from half a filter's length before the group
    to as much after it: a low-pass filter's impulse response, sinc times Kaiser's window, about the output's time.
    """
    divisor = math.gcd(from_rate, to_rate)
    if divisor < 20:
        raise ValueError(f"{from_rate} and {to_rate} Hz have too little in common to be converted")
    cycles = max(1, round(divisor / 1000))
    taken, given = cycles * from_rate // divisor, cycles * to_rate // divisor
    half = math.ceil(HALF_S * from_rate)
    outputs = np.arange(given) * (from_rate / to_rate)
    inputs = np.arange(-half, taken + half)[:, np.newaxis]
    seconds = (inputs - outputs) / from_rate
    window = np.i0(BETA * np.sqrt(np.maximum(0, 1 - (seconds / HALF_S) ** 2))) * (np.abs(seconds) <= HALF_S)
    response = np.sinc(CUTOFF * min(from_rate, to_rate) * seconds) * window
    matrix: NDArray[np.float64] = np.rint(response / response.sum(axis=0) * STEPS) / STEPS
    matrix.flags.writeable = False
    return matrix, taken
