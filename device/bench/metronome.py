"""A card that is nothing but its clock: calls back as PortAudio's thread does, and hears how late it was.

PortAudio's thread sleeps in the kernel until the card has a block, and then waits for the interpreter's lock, with
real-time priority where the user may. So does this one, but for the moment at which it wants to be called, which is
known.
"""

from __future__ import annotations

import ctypes
import os
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.card.base import BLOCK_MS, Card, ignore
from device.audio.card.stream import be_urgent

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.card.base import Source
    from device.settings.tree import CardSettings

RATE = 48_000
"""Hz: what most cards run at."""
BLOCK_NS = BLOCK_MS * 1_000_000
SAYS = 8
"""Samples at the beginning of each block that are two numbers of 64 bits instead: when the callback began with this
block, and when it had ended with the one before, in ns after it was due."""
QUIETER = 64
"""Than full scale is the noise that is heard besides: a room in which the wake word's models do not rest (-41 dBFS)."""
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
            due += BLOCK_NS


class Late(Struct, frozen=True):
    """How late callbacks were, in ms after the card wanted them, `(n,) float64`."""

    begun: NDArray[np.float64]
    ended: NDArray[np.float64]


def late(heard: NDArray[np.int16]) -> Late:
    """Return what a metronome says in `heard`, the first `SAYS` samples of each block, `(blocks, SAYS) int16`."""
    said = np.ascontiguousarray(heard).view(np.int64) / 1e6
    return Late(said[:-1, 0], said[1:, 1])
