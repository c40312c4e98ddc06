"""The sound card as the rest of the device sees it: two rings, one clock, one source of sound.

`Card` is what the ALSA card (`alsa.py`) and the simulated room (`simulation/room.py`) have in common. Whoever owns the
hardware calls `exchange` once a block, from the audio callback.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from msgspec import Struct

from device.audio.gaps import Gaps
from device.audio.playout import Playout
from device.audio.ring import RingBuffer
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.audio.loudspeaker import Loudspeaker

BLOCK_MS = 10
"""Length of a callback block: what the echo canceller works on at a time. Shorter costs more wake-ups; longer comes on
top of every delay."""
RING_SECONDS = 60
"""How far back a cursor on the microphone can go: the capture thread may be so late, also while models load at the
start. It costs 96 kB a second at 48 kHz."""


class CardError(Exception):
    """The card cannot be used; the message names it and says what to do."""


class Source(Protocol):
    """Where the sound for the loudspeaker comes from."""

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Fill `out`, `(n,) int16` at the card's rate, whose first frame is the card's frame `position`.

        Called from the audio callback: must not block, allocate arrays, lock or log.
        """

    def skip(self, frames: int) -> None:
        """Note that so many frames passed for which nothing was rendered; called as `render` is."""


class Xruns(Struct):
    """How often the card lost samples, since it was opened."""

    overruns: int = 0
    """Microphone samples came faster than they were taken."""
    underruns: int = 0
    """The loudspeaker ran out of samples."""


def ignore(_present: bool) -> None:  # noqa: FBT001 - what a card calls
    """Care about nothing."""


class Card:
    """A duplex card: what was heard and what was played at the same moment, at the same position.

    `mic` and `reference` are `(n,) int16` mono rings at `rate`; a frame of one belongs to the frame of the other
    with the same position, and the reference is there by the time the microphone's frame is.
    """

    def __init__(self, rate: int, *, ring_seconds: float = RING_SECONDS) -> None:
        self.rate = rate
        self.block = rate * BLOCK_MS // 1000
        self.mic = RingBuffer(rate, ring_seconds)
        # The capture thread reads the reference at once; only the echo delay is ever looked back.
        self.reference = RingBuffer(rate, 5)
        self.xruns = Xruns()
        self.gaps = Gaps()
        """Where the card stood still, in its frames: what `mic` and `reference` hold there is silence in place of what
        is not known."""
        self.output_latency = 0
        """Frames between `exchange` and the loudspeaker."""
        self.on_presence: Callable[[bool], None] = ignore
        self.deaf = False
        """While it is set, silence is taken from the microphone: nothing of the room gets any further than here."""
        self._source: Source | None = None
        self._out = np.zeros(self.block, np.int16)
        self._nothing = np.zeros(self.block, np.int16)
        self._waited = False  # the source did, since its last block

    @property
    def name(self) -> str:
        """What to call this card to the user."""
        raise NotImplementedError

    def playout(self, *, prebuffer_ms: int, volume: float) -> Loudspeaker:
        """Return a new playout for this card, as the settings want it, to open it with."""
        return Playout(self.rate, prebuffer_ms=prebuffer_ms, volume=volume, latency=lambda: self.output_latency)

    def open(self, source: Source, on_presence: Callable[[bool], None] = ignore) -> None:
        """Start the stream, taking sound from `source`. Raises CardError.

        `on_presence` is called with False when the card vanishes and with True when it is back, on any thread but the
        callback's.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Stop the stream; harmless when repeated."""
        raise NotImplementedError

    def clock(self, frame: int) -> int:
        """Return a frame of this card as a position on the device's clock (`sample_clock.CLOCK_RATE`)."""
        return frame * CLOCK_RATE // self.rate

    @property
    def now(self) -> int:
        """The present position on the device's clock."""
        return self.clock(self.mic.position)

    def exchange(self, heard: Any) -> NDArray[np.int16]:
        """Take one block from the microphone and return the block for the loudspeaker.

        `heard` is a buffer of int16 frames. The array returned is reused by the next call.
        """
        frames = len(memoryview(heard).cast("B")) // 2
        if frames != len(self._out):
            self._out, self._nothing = np.zeros((2, frames), np.int16)  # only when the host changes its block size
        if self._waited:  # the loudspeaker starts anew, about as late as before
            self._waited = False
            self.gaps.add(self.mic.position, self.mic.position)
        if self._source is not None:
            self._source.render(self._out, self.mic.position)
        self._play(self._out)
        self.mic.write(self._nothing if self.deaf else heard)
        return self._out

    def hear(self, heard: Any) -> None:
        """Take one block from the microphone for which nothing is asked from the source, `heard` as for `exchange`.

        So it is with what was said while the loudspeaker had run dry, or has enough already; what the source has waits.
        """
        frames = len(memoryview(heard).cast("B")) // 2
        if self._source is not None:
            self._source.skip(frames)
        self._waited = True
        self._play_nothing(self._nothing[:frames])
        self.mic.write(self._nothing[:frames] if self.deaf else heard)

    def skip(self, frames: int) -> None:
        """Note that so many frames passed at a card that stood still: nothing was heard, and nothing new was asked for.

        To be called as `exchange` is, before the block that came after them; what the source has goes on from where
        it was.
        """
        start = self.mic.position
        self.gaps.add(start, start + frames)  # before whoever reads the rings comes to it
        if self._source is not None:
            self._source.skip(frames)
        while frames > 0:
            part = self._nothing[:frames]
            self._play_nothing(part)
            self.mic.write(part)
            frames -= len(part)

    def _play(self, block: NDArray[np.int16]) -> None:
        """Write to the reference what the source gave."""
        self.reference.write(block)

    def _play_nothing(self, silence: NDArray[np.int16]) -> None:
        """Write to the reference while nothing is asked from the source."""
        self.reference.write(silence)
