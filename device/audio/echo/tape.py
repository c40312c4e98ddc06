"""The last stretch of a few signals, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.echo.filter import BLOCK

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Tape:
    """The last `length` samples of a few tracks; most of the time, to add a block moves nothing but the block."""

    def __init__(self, tracks: int, length: int) -> None:
        self._length = self._end = length
        self._tracks = np.zeros((tracks, 2 * length // BLOCK * BLOCK), np.float32)

    @property
    def rows(self) -> NDArray[np.float32]:
        """The tracks: `(tracks, length)`."""
        return self._tracks[:, self._end - self._length : self._end]

    def add(self, *blocks: NDArray[np.float32]) -> None:
        """Add a block to each track: `(160,) float32`."""
        if self._end + BLOCK > self._tracks.shape[1]:
            self._tracks[:, : self._length] = self.rows
            self._end = self._length
        for track, block in zip(self._tracks, blocks, strict=True):
            track[self._end : self._end + BLOCK] = block
        self._end += BLOCK

    def clear(self) -> None:
        """Fill it with silence."""
        self._tracks[:] = 0
