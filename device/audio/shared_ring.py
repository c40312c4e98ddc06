"""A ring between two processes: one writes it, the other reads it, and neither waits for the other's interpreter.

Positions and the tape lie in memory that both have mapped. What is claimed, copied and published in that order by the
writer must be seen in that order by the reader, on another core: `Fence`. A reader that waits says for which position,
and the writer rings a bell (an eventfd) once it has got so far; it wakes nobody else.
"""

from __future__ import annotations

import os
import select
import threading
import time
from typing import TYPE_CHECKING, Any

from device.audio.ring import RingBuffer

if TYPE_CHECKING:
    from collections.abc import Callable

CLAIMED, POSITION, DUE = range(3)
"""What the words of a ring say: see `RingBuffer`, and the position that a reader waits for."""
NOBODY = 2**63 - 1
"""In `DUE`: a position that is never reached."""
NEW = (0, 0, NOBODY)
WORDS = len(NEW)


class Fence:
    """Keeps what is stored or loaded before it from being seen after what comes behind it, on any processor.

    Python has no such thing of its own, but its locks do: nothing moves up over an acquisition nor down over a release,
    and a release before an acquisition stays there. To pass it costs 0.1 µs. One for each thread, so that nobody waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __call__(self) -> None:
        """Pass it."""
        with self._lock:
            pass
        with self._lock:
            pass


class SharedRing(RingBuffer):
    """A mono ring of int16 in `memory` that two processes have mapped, each with an object of its own.

    `words` are its `WORDS` words of 64 bits: of a new ring `NEW`. `bell` is an eventfd that does not block, rung by
    whoever writes and heard by the one thread that reads with a timeout. `aread` is not for such a ring.
    """

    def __init__(self, rate: int, words: memoryview, memory: memoryview, bell: int) -> None:
        super().__init__(rate, len(memory) // 2 / rate, memory=memory)
        self.writes = False
        """Whether this process is the writer now: while it is not, what it writes goes nowhere."""
        self._words = words
        self._bell = bell
        self._write_fence, self._read_fence = Fence(), Fence()
        self._waits = select.poll()
        self._waits.register(bell, select.POLLIN)

    @property
    def position(self) -> int:
        """Frames written so far, by whichever process: the position of the next frame."""
        return int(self._words[POSITION])

    @property
    def oldest(self) -> int:
        """The position of the oldest frame that can still be read."""
        self._read_fence()
        return max(0, int(self._words[CLAIMED]) - self.capacity)

    def write(self, block: Any) -> int:
        """Append `block`, any C-contiguous buffer of int16, if this process is the writer; return the new position."""
        if not self.writes:
            return self.position
        words, fence = self._words, self._write_fence
        self._position = words[POSITION]  # the process before may have written
        data = memoryview(block).cast("B")
        words[CLAIMED] = self._position + len(data) // self._frame_bytes
        fence()
        position = super().write(data)
        fence()
        words[POSITION] = position
        fence()
        if position >= words[DUE]:
            os.eventfd_write(self._bell, 1)
        return position

    def wait(self, position: int, timeout: float | None = None) -> bool:
        """Wait until all before `position` is written, at most `timeout` seconds; return whether it is.

        For one thread of the process that reads.
        """
        end = None if timeout is None else time.monotonic() + timeout
        self._words[DUE] = position
        try:
            while True:
                self._read_fence()
                if self.position >= position:
                    return True
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return False
                if self._waits.poll(None if left is None else left * 1000):
                    os.eventfd_read(self._bell)
        finally:
            self._words[DUE] = NOBODY

    def add_waker(self, waker: Callable[[], object]) -> None:
        """Raise TypeError: the writer is in another process."""
        raise TypeError(f"{waker} cannot be called by another process")
