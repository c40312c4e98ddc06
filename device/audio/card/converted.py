"""A sound device used at another rate than its own: what `libasound.Pcm` is, with a converter before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.converter import Converter
from device.audio.card.libasound import Pcm

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.card.libasound import Direction


def open_pcm(
    name: str, direction: Direction, rate: int, block: int, capacity: int, *, channel: int = 1
) -> Pcm | Converted:
    """Open a device for sound at `rate`, whatever rates it takes itself; as `Pcm` does otherwise. Raises CardError."""
    pcm = Pcm(name, direction, rate, block, capacity, channel=channel)
    if pcm.rate == rate:
        return pcm
    return Converted(pcm, direction, rate, block)


class Converted:
    """`pcm` as if it were at `rate`: all frames are counted at that one, those included that wait in the converter.

    Both directions keep in step with their cards to the frame: nothing is estimated. Each is `delay` frames later for
    it. What is read at once may be as long as a block, what is written as long as the buffer.
    """

    def __init__(self, pcm: Pcm, direction: Direction, rate: int, block: int) -> None:
        self._pcm, self.rate = pcm, rate
        self._block = block
        self._output = direction == "output"
        self.capacity = pcm.capacity * rate // pcm.rate
        if self._output:
            self._converter = Converter(rate, pcm.rate, self.capacity)
        else:
            self._converter = Converter(pcm.rate, rate, 2 * block * pcm.rate // rate)
        converter = self._converter
        self.delay = converter.half if self._output else converter.half * rate // pcm.rate
        groups = -(-block // converter.group_out)
        self._host = np.zeros(groups * converter.group_in, np.int16)  # as the microphone gave it
        self._ready = np.zeros(groups * converter.group_out + block, np.int16)  # what was converted and not read yet
        self._left = 0

    def close(self) -> None:
        """Close it; harmless when repeated."""
        self._pcm.close()

    def wait(self, ms: int) -> bool:
        """Wait as `Pcm.wait` does."""
        return self._left >= self._block or self._pcm.wait(ms)

    def prepare(self) -> None:
        """Make it ready to start, empty, as `Pcm.prepare` does."""
        self._converter.reset()
        self._left = 0
        self._pcm.prepare()

    def start(self) -> None:
        """Start a microphone. Raises StreamError."""
        self._pcm.start()

    def state(self) -> tuple[int, int] | None:
        """Return what `Pcm.state` does."""
        state = self._pcm.state()
        if state is None:
            return None
        movable, delay = state
        delay = delay * self.rate // self._pcm.rate + self.delay
        if self._output:
            waiting = self._converter.waiting
            return movable * self.rate // self._pcm.rate - waiting, delay + waiting
        converter = self._converter
        movable += converter.waiting
        exact = self._left + movable * self.rate // self._pcm.rate
        whole = self._left + movable // converter.group_in * converter.group_out
        # To the frame, unless a block were promised of which a group is incomplete.
        return (exact if exact // self._block == whole // self._block else whole), delay

    def read(self, out: NDArray[np.int16]) -> bool:
        """Fill `out` as `Pcm.read` does."""
        converter = self._converter
        missing = len(out) - self._left
        if missing > 0:
            groups = -(-missing // converter.group_out)
            host = self._host[: groups * converter.group_in]
            if not self._pcm.read(host):
                return False
            made = converter.push(host)
            self._ready[self._left : self._left + len(made)] = made
            self._left += len(made)
        out[:] = self._ready[: len(out)]
        self._left -= len(out)
        self._ready[: self._left] = self._ready[len(out) : len(out) + self._left]
        return True

    def write(self, block: NDArray[np.int16]) -> bool:
        """Queue `(n,) int16` as `Pcm.write` does."""
        return self._pcm.write(self._converter.push(block))
