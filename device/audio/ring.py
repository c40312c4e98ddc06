"""A ring buffer as a tape: one writer, many cursors, absolute positions.

The writer neither locks nor waits nor allocates, so it may be an audio callback. A reader that was overtaken
is told how many frames it lost; it never gets torn or wrong frames. Positions are frames since the ring was
made and never wrap.
"""

from __future__ import annotations

import _thread
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import DTypeLike, NDArray


class RingBuffer:
    """The last `seconds` of a stream of frames, written by one thread and read through cursors.

    A frame is one sample of each channel. Mono blocks are `(n,)`, others `(n, channels)`. The tape is in `memory`, of
    just its length, or in some of its own.
    """

    def __init__(
        self,
        rate: int,
        seconds: float,
        channels: int = 1,
        dtype: DTypeLike = np.int16,
        memory: memoryview | None = None,
    ) -> None:
        if rate <= 0 or seconds <= 0 or channels <= 0:
            raise ValueError(
                f"a ring needs a positive rate, length and channel count, not {rate}, {seconds}, {channels}"
            )
        self.rate = rate
        self.channels = channels
        self.capacity = max(1, round(rate * seconds))
        shape = (self.capacity,) if channels == 1 else (self.capacity, channels)
        self._tape: NDArray[Any] = (
            np.zeros(shape, dtype) if memory is None else np.frombuffer(memory, dtype).reshape(shape)
        )
        self._frame_bytes = self._tape.itemsize * channels
        # Slices of a byte view are copied without a numpy call and without giving up the interpreter lock.
        self._bytes = self._tape.data.cast("B")
        self._claimed = 0
        self._position = 0
        # Replaced whole by readers, under their lock; the writer only takes the tuple.
        self._wakers: tuple[Callable[[], object], ...] = ()
        self._readers = threading.Lock()

    @property
    def position(self) -> int:
        """Frames written so far: the position of the next frame."""
        return self._position

    @property
    def oldest(self) -> int:
        """The position of the oldest frame that can still be read."""
        return max(0, self._claimed - self.capacity)

    def write(self, block: Any) -> int:
        """Append `block`, any C-contiguous buffer of whole frames in the ring's dtype; return the new position.

        To be called by one thread. Raises ValueError for a buffer that is not whole frames.
        """
        data = memoryview(block).cast("B")
        n, odd = divmod(len(data), self._frame_bytes)
        if odd:
            raise ValueError(f"a block of {len(data)} bytes is not whole frames of {self._frame_bytes} bytes")
        start = self._position
        # Claimed before the copy and published after it: a reader that overlaps the copy can tell.
        self._claimed = start + n
        if n > self.capacity:
            data = data[(n - self.capacity) * self._frame_bytes :]
            start += n - self.capacity
        offset = start % self.capacity * self._frame_bytes
        head = min(len(data), len(self._bytes) - offset)
        self._bytes[offset : offset + head] = data[:head]
        if head < len(data):
            self._bytes[: len(data) - head] = data[head:]
        self._position = self._claimed
        for wake in self._wakers:
            wake()
        return self._position

    def rewrite(self, start: int, block: NDArray[Any]) -> None:
        """Put `block` in the place of frames that were written already, from `start` on; by the writer's thread alone.

        A reader gets the new frames or the old ones.
        """
        if start < self.oldest or start + len(block) > self._position:
            raise ValueError(f"frames {start} to {start + len(block)} are not on the tape")
        offset = start % self.capacity
        head = min(len(block), self.capacity - offset)
        self._tape[offset : offset + head] = block[:head]
        self._tape[: len(block) - head] = block[head:]

    def cursor(self, at: int | None = None) -> Cursor:
        """Return a reader at position `at`; None means now. See `Cursor.seek` for positions out of reach."""
        return Cursor(self, at)

    def copy(self, start: int, out: NDArray[Any]) -> int:
        """Copy `len(out)` frames from `start` into `out`; return how many leading frames were overwritten.

        When that is not 0, `out` holds nothing of use. All frames must have been written already.
        """
        n = len(out)
        offset = start % self.capacity
        head = min(n, self.capacity - offset)
        if start >= self.oldest:
            out[:head] = self._tape[offset : offset + head]
            out[head:] = self._tape[: n - head]
        return max(0, min(self.oldest - start, n))

    def wait(self, position: int, timeout: float | None = None) -> bool:
        """Wait until all before `position` is written, at most `timeout` seconds; return whether it is. For threads."""
        gate = _Gate()

        def wake() -> None:
            # Not before everything is there: to wake a thread costs the writer more than all else that it does.
            if self._position >= position:
                gate.open()

        self.add_waker(wake)
        try:
            return self._position >= position or gate.wait(-1.0 if timeout is None else timeout)
        finally:
            self.remove_waker(wake)

    def add_waker(self, waker: Callable[[], object]) -> None:
        """Call `waker` after each write, on the writer's thread; it must not block if the writer may not."""
        with self._readers:
            self._wakers = (*self._wakers, waker)

    def remove_waker(self, waker: Callable[[], object]) -> None:
        """Stop calling `waker`."""
        with self._readers:
            self._wakers = tuple(w for w in self._wakers if w != waker)

    def empty(self, n: int) -> NDArray[Any]:
        """Return an uninitialised block of `n` frames in the ring's shape and dtype."""
        return np.empty((n, *self._tape.shape[1:]), self._tape.dtype)


class Cursor:
    """A place on a ring's tape from which one reader reads, forwards or again."""

    def __init__(self, ring: RingBuffer, at: int | None = None) -> None:
        self.ring = ring
        self.lost = 0
        """Frames that were overwritten before this cursor read them, in all."""
        self._position = ring.position if at is None else max(0, at)

    @property
    def position(self) -> int:
        """The position of the frame that is read next."""
        return self._position

    @property
    def lag(self) -> int:
        """How many frames have been written and not yet read; negative if the cursor waits in the future."""
        return self.ring.position - self._position

    def seek(self, position: int) -> None:
        """Move to `position`, in the past or the future.

        What has left the ring by the time it is read counts as lost. A negative position means the beginning.
        """
        self._position = max(0, position)

    def take(self, most: int) -> NDArray[Any]:
        """Return up to `most` frames that are there now, without waiting; frames overtaken are skipped and counted."""
        while (block := self._exactly(max(0, min(most, self.lag, self.ring.capacity)))) is None:
            pass
        return block

    def read(self, n: int, timeout: float | None = None) -> NDArray[Any] | None:
        """Wait until `n` frames are there and return them, or None after `timeout` seconds.

        A block is never short. For threads; a coroutine awaits `aread`. Raises ValueError if `n` does not fit the ring.
        """
        self._check(n)
        if (block := self._exactly(n)) is not None:
            return block
        end = None if timeout is None else time.monotonic() + timeout
        while (block := self._exactly(n)) is None:
            left = None if end is None else max(0.0, end - time.monotonic())
            if not self.ring.wait(self._position + n, left):
                return self._exactly(n)
        return block

    async def aread(self, n: int) -> NDArray[Any]:
        """Wait until `n` frames are there and return them.

        Each write then costs the writer a wake-up of the event loop: not for a ring that an audio callback writes.
        """
        self._check(n)
        if (block := self._exactly(n)) is not None:
            return block
        import asyncio  # noqa: PLC0415 - 6 MB that a process without an event loop does not need

        loop, written = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not loop.is_closed():
                loop.call_soon_threadsafe(written.set)

        self.ring.add_waker(wake)
        try:
            while (block := self._exactly(n)) is None:
                if self.lag < n:
                    await written.wait()
                    written.clear()
        finally:
            self.ring.remove_waker(wake)
        return block

    def _exactly(self, n: int) -> NDArray[Any] | None:
        """Read `n` frames if they are there; None if not, or if some were overtaken (skipped and counted)."""
        self._skip(self.ring.oldest - self._position)
        if self.lag < n:
            return None if n else self.ring.empty(0)
        block = self.ring.empty(n)
        if gone := self.ring.copy(self._position, block):
            self._skip(gone)
            return None
        self._position += n
        return block

    def _check(self, n: int) -> None:
        if not 0 <= n <= self.ring.capacity:
            raise ValueError(f"cannot read {n} frames at once from a ring of {self.ring.capacity}")

    def _skip(self, frames: int) -> None:
        if frames > 0:
            self.lost += frames
            self._position += frames


class _Gate:
    """A binary semaphore whose opening neither blocks nor allocates: the waiter's lock is released."""

    def __init__(self) -> None:
        self._lock = _thread.allocate_lock()
        self._lock.acquire()

    def open(self) -> None:
        # Only the one writer releases, so locked() cannot change to False in between.
        if self._lock.locked():
            self._lock.release()

    def wait(self, timeout: float) -> bool:
        return self._lock.acquire(timeout=timeout)
