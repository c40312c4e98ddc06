"""A card that is nothing but its clock: calls back as PortAudio's thread does, and hears how late it was.

PortAudio's thread sleeps in the kernel until the card has a block, and then waits for the interpreter's lock, with
real-time priority where the user may. So does this one, but for the moment at which it wants to be called, which is
known.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.card.base import BLOCK_MS, RING_SECONDS, Card, ignore
from device.audio.card.stream import be_urgent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from device.audio.card.base import Source
    from device.audio.ring import Cursor
    from device.settings.tree import CardSettings

RATE = 48_000
"""Hz: what most cards run at."""
BLOCK_NS = BLOCK_MS * 1_000_000
BUFFER_NS = 40_000_000
"""How late it may be called before it has run dry: what a card is asked for (`card.latency_ms`)."""
SAYS = 8
"""Samples at the beginning of each block that are two numbers of 64 bits instead: when the callback began with this
block, and when it had ended with the one before, in ns after it was due."""
QUIETER = 64
"""Than full scale is the noise that is heard besides: a room in which the wake word's models do not rest (-41 dBFS)."""
TICKS = b"ticks\n"
"""What a process that is a metronome says first."""
_ABSOLUTE = 1  # TIMER_ABSTIME of clock_nanosleep(2)


class _Timespec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class Metronome(Card):
    """A card without hardware. The first samples of each of its microphone's blocks say how late it was called."""

    def __init__(self, _settings: CardSettings | None = None) -> None:
        super().__init__(RATE)
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """What it is."""
        return "a metronome"

    def open(self, source: Source, on_presence: Callable[[bool], None] = ignore) -> None:
        """Start its thread."""
        self._source, self.on_presence = source, on_presence
        self._thread = threading.Thread(target=self._run, name="metronome", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        be_urgent()
        sleep = ctypes.CDLL(None).clock_nanosleep
        until = _Timespec()
        # Not numpy's random numbers, which the card's process does without.
        room = np.frombuffer(os.urandom(2 * self.block), np.int16) // QUIETER
        heard = memoryview(bytearray(room.tobytes()))
        says = heard.cast("q")
        due, ended = time.monotonic_ns() + BLOCK_NS, 0
        while not self._over.is_set():
            until.seconds, until.nanoseconds = divmod(due, 1_000_000_000)
            sleep(time.CLOCK_MONOTONIC, _ABSOLUTE, ctypes.byref(until), None)
            says[0], says[1] = time.monotonic_ns() - due, ended
            self.exchange(heard)
            ended = time.monotonic_ns() - due
            # A card that has run dry does not want to be called for what it has missed.
            due += BLOCK_NS if ended < BUFFER_NS else ended + BLOCK_NS


class Silence:
    """A `card.base.Source` that does nothing."""

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Leave the block as it is: silent."""

    def skip(self, frames: int) -> None:
        """Let time pass."""


class Late(Struct, frozen=True):
    """How late callbacks were, in ms after the card wanted them, `(n,) float64`."""

    begun: NDArray[np.float64]
    ended: NDArray[np.float64]


def late(heard: NDArray[np.int16]) -> Late:
    """Return what a metronome says in `heard`, the first `SAYS` samples of each block, `(blocks, SAYS) int16`."""
    said = np.ascontiguousarray(heard).view(np.int64) / 1e6
    return Late(said[:-1, 0], said[1:, 1])


@contextlib.contextmanager
def undisturbed() -> Iterator[list[Late]]:
    """Have a metronome tick during a block in a process that does nothing else; the list then holds how late it was.

    What the machine itself makes late, such as a virtual one that waits for its host, makes this one late.
    """
    found: list[Late] = []
    command = [sys.executable, "-P", "-m", "device.bench.metronome"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:  # noqa: S603 - ourselves
        assert process.stdout is not None  # noqa: S101 - asked for above
        process.stdout.read(len(TICKS))
        yield found
        said, _ = process.communicate()
    found.append(late(np.frombuffer(said, np.int16).reshape(-1, SAYS)))


def main() -> None:
    """Tick until standard input ends; then write what each block said to standard output."""
    card = Metronome()
    said, heard = card.mic.cursor(0), bytearray()
    card.open(Silence())
    sys.stdout.buffer.write(TICKS)
    sys.stdout.buffer.flush()
    while not select.select([sys.stdin], [], [], RING_SECONDS / 4)[0]:
        heard += says(said, card.block).tobytes()
    card.close()
    sys.stdout.buffer.write(heard + says(said, card.block).tobytes())


def says(said: Cursor, block: int) -> NDArray[np.int16]:
    """Return what the blocks say that a metronome heard since `said` was read last, `(blocks, SAYS) int16`."""
    return said.take(said.lag // block * block).reshape(-1, block)[:, :SAYS].copy()


if __name__ == "__main__":
    main()
