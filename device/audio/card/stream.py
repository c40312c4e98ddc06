"""One microphone and one loudspeaker, opened together, and the thread that moves blocks between them and the card.

A stall is ridden out. The microphone's buffer is long, so that what was said meanwhile is still there afterwards; the
loudspeaker's is long too, but as little is kept in it as `buffer_size.py` says. Once it has run dry it is started again
alone, and blocks of the microphone are taken without playing anything for them, until as much is under way between the
two as before: then the echo comes exactly as late as it did.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec import Struct

from device.audio.card.balance import Balance
from device.audio.card.base import BLOCK_MS, CardError
from device.audio.card.buffer_size import MOST_MS, BufferSize
from device.audio.card.converted import open_pcm
from device.audio.card.latency import Latency
from device.audio.card.libasound import StreamError
from device.audio.card.timeline import LATE_S, Timeline

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.card.devices import Device

FIRST_BLOCK_S = 2.0
"""How long a new stream may take to its first block. A suspended sink never gives one."""
PRIORITY = 5
"""Of the thread, 1 to 99: among the lowest of the real-time ones."""
HEARD_MS = 2000
"""Length of the microphone's buffer: the longest stall that loses nothing of the room. It delays nothing."""
FULL = 0.9
"""Part of that buffer that may have filled in a stall; of more, some may be lost already."""
SPARE_MS = 500
"""How much longer than what is kept in it the loudspeaker's buffer is: for what is written to one that stands still."""
WAIT_MS = 100
"""How often the thread looks whether it is to end, while no block comes."""
PAUSE_S = 0.002
"""Before looking again, when ALSA says that there is a block and there is none, or after a stall: then its client of a
sound server tells how it was before, until it has run once."""
DEAF_S = 2.0
"""A loudspeaker that takes nothing for so long is gone; the same for a microphone is `alsa.LOST_AFTER`."""
SETTLED = 10
"""Blocks that are exchanged after one for which nothing was played, before it counts as over; and the least for which
nothing was played that are worth a line of the log: 0.1 s."""
CLOSE_S = 3.0
"""How long `close` waits for the thread, which may hang in a sound server that is gone."""
NONE = np.zeros(0, np.int16)


class SilenceError(CardError):
    """The stream is open, but nothing comes."""


class Stall(Struct, frozen=True):
    """A stall that was ridden out."""

    seconds: float
    """For how long no block came."""
    missing: float
    """Of what the microphone heard, seconds that are lost."""
    dry: bool
    """The loudspeaker fell silent."""


class Client(Protocol):
    """Whose blocks a stream moves. Called in the stream's thread; must neither raise nor block."""

    def exchange_block(self, stream: Stream, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        """Take the microphone's block and return the loudspeaker's."""

    def hear_block(self, stream: Stream, heard: NDArray[np.int16]) -> None:
        """Take a block of the microphone for which nothing is played."""

    def miss_frames(self, stream: Stream, frames: int) -> None:
        """Note that so many frames of the microphone are missing before the next block."""


class Stream:
    """One opening of a microphone and a loudspeaker at `rate`, both mono, in blocks of `block` frames.

    What the microphone hears is its `channel`, counted from 1.
    """

    def __init__(self, rate: int, block: int, size: BufferSize, client: Client, *, channel: int = 1) -> None:
        self.beats = 0
        """Blocks so far."""
        self.last = 0.0
        """When the last block was taken, monotonic seconds."""
        self.writing = False
        """True while `client` may be at work."""
        self.active = False
        """False once the devices have failed, or it was closed."""
        self.stalls: deque[Stall] = deque()
        """Those that nobody has taken yet."""
        self.latency = Latency(rate)
        """From a block's exchange to the loudspeaker."""
        self._rate, self._block, self._size, self._client = rate, block, size, client
        self._channel = channel
        self._timeline, self._balance = Timeline(rate), Balance(block, rate * size.ms // 1000)
        self._heard = np.zeros(block, np.int16)
        self._silence = np.zeros(rate * max(MOST_MS, size.ms) // 1000 + block, np.int16)
        self._frames = 0  # of the microphone, the lost ones with them
        self._quiet = 0  # frames of silence that the client gave last
        self._empty = 0  # frames that the loudspeaker could take when it was started
        self._played = 0.0  # when something was last written to it
        self._waited = self._exchanged = 0  # blocks for which nothing was, and since then for which something was
        self._first = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def open(self, microphone: Device, loudspeaker: Device) -> None:
        """Open both and wait until both move. Raises CardError: SilenceError if none comes."""
        capacity = len(self._silence) + self._rate * SPARE_MS // 1000
        self._mic = open_pcm(
            microphone.pcm, "input", self._rate, self._block, self._rate * HEARD_MS // 1000, channel=self._channel
        )
        try:
            self._speaker = open_pcm(loudspeaker.pcm, "output", self._rate, self._block, capacity)
        except BaseException:
            self._mic.close()
            raise
        self.active = True
        self._thread = threading.Thread(target=self._run, name="card stream", daemon=True)
        self._thread.start()
        if not self._first.wait(FIRST_BLOCK_S) or not self._played:
            names = " and ".join(dict.fromkeys((microphone.name, loudspeaker.name)))
            raise SilenceError(f"{names} opened, but no sound came in {FIRST_BLOCK_S:g} s; is it suspended?")

    def close(self) -> None:
        """End the thread, which closes both; harmless when repeated."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    def _run(self) -> None:
        be_urgent()
        try:
            self._mic.start()
            self._restart()
            self.last = time.monotonic()
            while not self._closing.is_set():
                if self._mic.wait(WAIT_MS):
                    self._turn()
        except StreamError:
            pass  # the watcher sees that it is not active
        finally:
            self.active = False
            self._first.set()
            self._mic.close()
            self._speaker.close()

    def _turn(self) -> None:
        """Do what there is to do now that the microphone has something, or has failed."""
        if time.monotonic() - self.last > LATE_S:
            time.sleep(PAUSE_S)  # a sound server's client has to hear of it, too
        heard = self._mic.state()
        now = time.monotonic()
        elapsed, dry = now - self.last, False
        if heard is None or elapsed > FULL * self._mic.capacity / self._rate:
            self._mic.prepare()
            self._mic.start()
            waiting, lost = 0, self._timeline.restart(self._frames, now)
            if self._speaker.state() is None:
                self._restart()
                dry = True
        else:
            waiting = heard[0]
            lost = self._timeline.lost(self._frames + waiting, now)
            if not lost and (waiting < self._block or self._timeline.settling):
                time.sleep(PAUSE_S)
                return
        if lost:
            self._frames += lost
            self.writing = True
            self._client.miss_frames(self, lost)
            self.writing = False
        if not self._first.is_set():
            self._begin(waiting)
            return
        dry = self._move(waiting, elapsed) or dry
        if lost or dry:
            self.stalls.append(Stall(elapsed, lost / self._rate, dry))
            self.last = time.monotonic()

    def _begin(self, waiting: int) -> None:
        """Hear what there is until the loudspeaker moves, which is when a suspended one is waked."""
        while waiting >= self._block and self._read():
            self._hear()
            waiting -= self._block
        speaker = self._speaker.state()
        if speaker is None:
            self._restart()
        elif speaker[0] > self._empty:
            queued = self._speaker.capacity - speaker[0]
            self._pad(self._size.ms * self._rate // 1000 - queued - waiting)
            self._played = self.last
            self._first.set()

    def _move(self, waiting: int, elapsed: float) -> bool:
        """Move the blocks that wait; return whether the loudspeaker had run dry."""
        while waiting >= self._block:
            speaker = self._speaker.state()
            if speaker is None:
                self._run_dry(elapsed)
                self._restart()
                return True
            self._shrink()
            if not self._read():
                return False
            fill = self._speaker.capacity - speaker[0]
            move = self._balance.next(fill + waiting, speaker[1] + waiting, quiet=self._quiet >= fill)
            waiting -= self._block
            if speaker[0] < self._block or move == "hear":
                self._hear()
                self._wait_for_speaker()
                continue
            if move == "pad":
                self._pad(self._block)
            self.latency.push(speaker[1] + waiting)
            self._go_on()
            block = self._exchange()
            if not self._speaker.write(block):
                self._run_dry(elapsed)
                self._restart(block)
                return True
        return False

    def _wait_for_speaker(self) -> None:
        """Count how long nothing is written. Raises StreamError if it takes too long."""
        self._waited, self._exchanged = self._waited + 1, 0
        if self.last - self._played > DEAF_S:
            raise StreamError("the loudspeaker takes nothing")

    def _go_on(self) -> None:
        """Count the blocks exchanged since, and note what it was once it is over."""
        self._exchanged += 1
        if self._waited and self._exchanged == SETTLED:
            if self._waited >= SETTLED:
                self.stalls.append(Stall(self._waited * BLOCK_MS / 1000, 0.0, dry=False))
            self._waited = 0

    def _run_dry(self, elapsed: float) -> None:
        before = self._size.ms
        self._size.ran_dry(1000 * elapsed - BLOCK_MS, self.last)
        self._balance.change((self._size.ms - before) * self._rate // 1000)

    def _shrink(self) -> None:
        before = self._size.ms
        if self._size.shrink(self.last):
            self._balance.change((self._size.ms - before) * self._rate // 1000)

    def _restart(self, block: NDArray[np.int16] = NONE) -> None:
        """Start the loudspeaker again, with as much under way as there shall be: `block` and what waits to be read.

        Of that, what is more is heard and nothing played for it; what is less is made up for with silence.
        """
        self._speaker.prepare()
        self._balance.restart()
        heard = self._mic.state()  # anew: to prepare takes time
        waiting = heard[0] if heard is not None else 0
        frames = self._size.ms * self._rate // 1000 - len(block)
        while waiting > frames and self._read():
            self._hear()
            waiting -= self._block
        self._pad(frames - waiting)
        self._empty = self._speaker.capacity - (frames - waiting)
        if len(block):
            self._speaker.write(block)
        while waiting >= self._block and self._read():
            self._speaker.write(self._exchange())
            waiting -= self._block

    def _read(self) -> bool:
        if not self._mic.read(self._heard):
            return False
        self._frames += self._block
        self.beats += 1
        self.last = time.monotonic()
        return True

    def _hear(self) -> None:
        self.writing = True
        self._client.hear_block(self, self._heard)
        self.writing = False

    def _pad(self, frames: int) -> None:
        self._speaker.write(self._silence[: max(0, frames)])
        self._quiet += max(0, frames)

    def _exchange(self) -> NDArray[np.int16]:
        self.writing = True
        block = self._client.exchange_block(self, self._heard)
        self.writing = False
        self._played = self.last
        self._quiet = 0 if block.any() else self._quiet + len(block)
        return block


def be_urgent() -> None:
    """Have this thread run before all ordinary ones, where the user may (systemd: LimitRTPRIO).

    With both of two cores busy the longest callback of 30 s took 0.4 ms with it and 9 ms without.
    """
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(PRIORITY))
