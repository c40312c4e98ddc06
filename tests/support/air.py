"""A pretended ALSA: a microphone that hears at once what the loudspeaker plays, in a time that may jump."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.libasound import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

RATE = 16_000
BLOCK = RATE // 100


class Air:
    """The time that passes, and what sounds in it. Patched into `stream` for its clock and its devices.

    At `end` the microphone fails.
    """

    def __init__(self, end: float) -> None:
        self.now = 0.0
        self.over = threading.Event()
        self.end = end
        self.sound = np.zeros(round((end + 10) * RATE), np.int16)
        self.lag = 0.0
        """Of the sound server behind the time: nothing of what came since is handed over."""
        self.lost = 0
        """Frames that the microphone threw away."""
        self.speaker_stands = False
        self.opened: list[Device] = []
        self.channels: dict[str, int] = {}
        """Which channel was asked for, by direction."""
        self._events: list[tuple[float, Callable[[], None]]] = []

    def at(self, second: float, event: Callable[[], None]) -> None:
        """Have something happen, in the order of time."""
        self._events.append((second, event))

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        while self._events and self._events[0][0] <= self.now:
            self._events.pop(0)[1]()

    def stop_process(self, seconds: float) -> None:
        self.now += seconds

    def device(self, name: str, direction: str, rate: int, block: int, capacity: int, *, channel: int = 1) -> Device:
        assert (rate, block) == (RATE, BLOCK)
        self.channels[direction] = channel
        made = (Microphone if direction == "input" else Loudspeaker)(self, capacity)
        self.opened.append(made)
        return made


class Device:
    """What both have."""

    def __init__(self, air: Air, capacity: int) -> None:
        self.air, self.capacity = air, capacity
        self.closed = 0

    def close(self) -> None:
        self.closed += 1
        self.air.over.set()

    @property
    def frame(self) -> int:
        return round(self.air.now * RATE)


class Microphone(Device):
    """Keeps what it hears from its start on."""

    def __init__(self, air: Air, capacity: int) -> None:
        super().__init__(air, capacity)
        self.at: int | None = None

    def prepare(self) -> None:
        self.at = None

    def start(self) -> None:
        self.at = self.frame

    def wait(self, ms: int) -> bool:
        for _ in range(ms):
            if self.air.now >= self.air.end:
                raise StreamError("unplugged")
            if self.waiting >= BLOCK:
                return True
            self.air.sleep(0.001)
        return False

    @property
    def waiting(self) -> int:
        assert self.at is not None
        if self.air.lost:
            self.at, self.air.lost = self.at + self.air.lost, 0
        return max(0, round((self.air.now - self.air.lag) * RATE) - self.at)

    def state(self) -> tuple[int, int] | None:
        waiting = self.waiting
        return None if waiting > self.capacity else (waiting, 0)

    def read(self, out: NDArray[np.int16]) -> bool:
        assert self.at is not None
        out[:] = self.air.sound[self.at : self.at + len(out)]
        self.at += len(out)
        return True


class Loudspeaker(Device):
    """Runs dry, if nothing is written, and stands still from then on."""

    def __init__(self, air: Air, capacity: int) -> None:
        super().__init__(air, capacity)
        self.end: int | None = None  # the frame after the last one that was written
        self._stood: int | None = None

    def prepare(self) -> None:
        self.end = None

    def state(self) -> tuple[int, int] | None:
        if self.air.speaker_stands and self.end is not None:
            if self._stood is None:
                self._stood = self.end - self.frame
            self.end = self.frame + self._stood
        else:
            self._stood = None
        if self.end is None or self.end <= self.frame:
            self.end = None
            return None
        return self.capacity - (self.end - self.frame), self.end - self.frame

    def write(self, block: NDArray[np.int16]) -> bool:
        state = self.state()
        if self.end is None or state is None:
            self.end = self.frame
        assert self.end + len(block) - self.frame <= self.capacity
        self.air.sound[self.end : self.end + len(block)] = block
        self.end += len(block)
        if self._stood is not None:
            self._stood += len(block)
        return True
