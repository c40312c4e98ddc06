"""A sound handed on later, by as much as is wanted at the moment."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class DelayLine:
    """Holds `length` frames of a mono sound in int16, at most `most`; for an audio callback."""

    def __init__(self, most: int) -> None:
        self._tape = np.zeros(max(1, most), np.int16)
        self._start = 0
        self.length = 0
        """Frames in it now."""

    def put(self, block: NDArray[np.int16]) -> None:
        """Append a block, which must fit."""
        at = (self._start + self.length) % len(self._tape)
        head = min(len(block), len(self._tape) - at)
        self._tape[at : at + head] = block[:head]
        self._tape[: len(block) - head] = block[head:]
        self.length += len(block)

    def take(self, out: NDArray[np.int16]) -> None:
        """Fill `out` with the oldest frames and be rid of them; there must be so many."""
        head = min(len(out), len(self._tape) - self._start)
        out[:head] = self._tape[self._start : self._start + head]
        out[head:] = self._tape[: len(out) - head]
        self._start = (self._start + len(out)) % len(self._tape)
        self.length -= len(out)
