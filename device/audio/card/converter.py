"""Sample rate conversion for the card's own thread: it allocates nothing, and gives whole blocks for whole blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.resample import INT16, MOST_PRODUCTS, filter_matrix

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Converter:
    """Converts a stream of int16 mono frames from one rate to another by the filter of `resample.Resampler`.

    Frames are converted in groups: `group_in` of them become `group_out`, exactly; what does not fill a group waits.
    The sound comes out `half` frames of `from_rate` later (4 ms), with silence before it. Raises ValueError for rates
    that cannot be converted.

    A block of 10 ms takes 12 to 34 µs on an x86 processor, one after the other, and about 0.1 ms in the card's thread,
    where the filter has to come from memory each time.
    """

    def __init__(self, from_rate: int, to_rate: int, most: int) -> None:
        """Be ready for pieces of up to `most` frames."""
        matrix, self.group_in = filter_matrix(from_rate, to_rate)
        # In 24 bits of precision the errors of 500 products stay 100 dB below the sound.
        self._matrix = matrix.astype(np.float32)
        self._span, self.group_out = matrix.shape
        self._past = self._span - self.group_in
        self.half = self._past // 2
        self._tape = np.zeros(self._past + self.group_in + most, np.float32)
        self._rows = max(1, MOST_PRODUCTS // matrix.size)
        self._windows = np.zeros((self._rows, self._span), np.float32)
        self._made = np.zeros((self._rows, self.group_out), np.float32)
        self._out = np.zeros((most // self.group_in + 1) * self.group_out, np.int16)
        self.waiting = 0
        """Frames that are in it and fill no group yet."""

    def reset(self) -> None:
        """Forget the stream so far."""
        self._tape[:] = 0
        self.waiting = 0

    def push(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take `(n,) int16`, n at most `most`; return what is ready, `(m,) int16`, which the next call overwrites."""
        end = self._past + self.waiting + len(block)
        self._tape[end - len(block) : end] = block
        groups = (end - self._past) // self.group_in
        for first in range(0, groups, self._rows):
            self._convert(first, min(self._rows, groups - first))
        start = groups * self.group_in
        self._tape[: end - start] = self._tape[start:end]
        self.waiting = end - start - self._past
        return self._out[: groups * self.group_out]

    def _convert(self, first: int, count: int) -> None:
        windows, made = self._windows[:count], self._made[:count]
        for row in range(count):
            start = (first + row) * self.group_in
            windows[row] = self._tape[start : start + self._span]
        np.dot(windows, self._matrix, out=made)
        np.rint(made, out=made)
        np.minimum(np.maximum(made, INT16.min, out=made), INT16.max, out=made)
        to = first * self.group_out
        self._out[to : to + count * self.group_out] = made.reshape(-1)
