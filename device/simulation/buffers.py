"""The buffers of a simulated card, between the room and the device's callback, and what faults do to them.

    microphone ─► waiting ─► callback ─► queue ─► loudspeaker

A duplex stream calls back when a block of the microphone is there. What it plays is queued behind what plays before
it: `latency` frames, which are in the queue or have still to be heard for the next callback. So it is with PortAudio on
ALSA: a stream that ran over or dry is started again, its queue filled with silence as it was at the start; what the
microphone heard meanwhile was never counted, and the device's clock is behind the room's from then on.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.base import Xruns

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.simulation.faults import Happening


class Buffers:
    """A card's two buffers, each of `latency` frames, which call back in blocks of `block` frames.

    In each block of the room's time, `hear` takes what the microphone hears and returns what the callback gets, each
    of whose answers goes to `put`; then `take` returns what the loudspeaker plays. `past` is how many frames of that
    are kept, to be repeated.
    """

    def __init__(self, latency: int, block: int, *, xruns: Xruns | None = None, past: int = 0) -> None:
        self.xruns = Xruns() if xruns is None else xruns
        self.lost = 0
        """Microphone frames that the device never got: so far is its clock behind the room's."""
        self.drops: list[tuple[int, int]] = []
        """The room's frames at which something is missing on the loudspeaker, and how many frames of it."""
        self._block = block
        self._size = latency  # of the microphone's buffer: what it holds while callbacks stand still
        self._waiting = np.zeros(0, np.int16)
        self._queue = np.zeros(past + latency, np.float32)
        self._head = past  # in the queue: what plays next, behind what has been played
        self._past = past
        self._received = self._taken = 0
        self._gaps: list[tuple[int, int]] = []  # where samples are missing, and how many are up to there
        # What is still to come of the fault that is on.
        self._losing = self._frozen = self._dropping = 0
        self._overran = self._dry = False

    @property
    def busy(self) -> bool:
        """Whether a fault is on."""
        return bool(self._losing or self._frozen or self._dropping)

    @property
    def latency(self) -> int:
        """Frames from the microphone hearing a frame to the loudspeaker playing that of the same position.

        While a fault is on it means nothing.
        """
        return len(self._queue) - self._head + len(self._waiting)

    def frame(self, card_frame: int) -> int:
        """Return the room's frame at which the microphone heard the frame `card_frame` of the device's clock."""
        before = bisect_right(self._gaps, card_frame, key=lambda gap: gap[0])
        return card_frame + (self._gaps[before - 1][1] if before else 0)

    def begin(self, happening: Happening) -> None:
        """Let a fault begin, while none is on."""
        frames = happening.frames
        match happening.kind:
            case "stall":
                self._losing = frames
                self.xruns.overruns += 1
                self.xruns.underruns += 1
                self._append(np.zeros(frames, np.float32))
            case "freeze":
                self._frozen, self._size, self._overran = frames, self.latency, False
            case "overrun":
                self._losing = frames
                self.xruns.overruns += 1
            case "repeat":
                self.xruns.underruns += 1
                self._append(self._queue[len(self._queue) - frames :].copy())
            case "drop":
                self._dropping = frames
                self.xruns.underruns += 1
            case "buffer":
                more = frames - self.latency
                if more > 0:
                    self._append(np.zeros(more, np.float32))
                else:
                    self._dropping = -more
            case _:
                raise ValueError(f"{happening.kind} is no fault of a buffer")

    def hear(self, heard: NDArray[np.int16]) -> list[NDArray[np.int16]]:
        """Take a block from the microphone, and silence in it what is lost; return the blocks for the callback."""
        if not (self.busy or len(self._waiting)):
            self._received += len(heard)
            return [heard]
        missed = min(self._losing, len(heard))
        self._losing -= missed
        self._lose(heard[:missed])
        arrived = heard[missed:]
        late = min(self._frozen, len(arrived))
        self._freeze(arrived[:late])
        self._keep(arrived[late:])
        if self._frozen:
            return []
        whole = len(self._waiting) // self._block * self._block
        blocks, self._waiting = self._waiting[:whole].reshape(-1, self._block), self._waiting[whole:]
        return list(blocks)

    def put(self, sound: NDArray[np.float32]) -> None:
        """Queue what the device plays in a block."""
        dropped = min(self._dropping, len(sound))
        self._dropping -= dropped
        if dropped:
            due = self._taken + len(self._queue) - self._head
            before = self.drops.pop()[1] if self.drops and self.drops[-1][0] == due else 0
            self.drops.append((due, before + dropped))
        self._append(sound[dropped:])

    def take(self) -> NDArray[np.float32]:
        """Return what the loudspeaker plays in the next block; silence where nothing is queued."""
        missing = self._head + self._block - len(self._queue)
        if missing > 0:
            if not self._dry:
                self.xruns.underruns += 1
            self._append(np.zeros(missing, np.float32))
        self._dry = missing > 0
        self._head += self._block
        self._taken += self._block
        return self.ahead(0)

    def ahead(self, frames: int) -> NDArray[np.float32]:
        """Return the block that plays `frames` after the one that was taken last; silence where that is not known."""
        start = self._head - self._block + frames
        known = self._queue[start : start + self._block]
        if len(known) == self._block:
            return known
        return np.concatenate((known, np.zeros(self._block - len(known), np.float32)))

    def _freeze(self, arrived: NDArray[np.int16]) -> None:
        """Keep what arrives while callbacks stand still, as far as the buffer holds it."""
        self._frozen -= len(arrived)
        kept = min(len(arrived), max(0, self._size - len(self._waiting)))
        self._keep(arrived[:kept])
        if kept == len(arrived):
            return
        if not self._overran:
            self._overran = True
            self.xruns.overruns += 1
            self.xruns.underruns += 1
        self._append(np.zeros(len(arrived) - kept, np.float32))
        self._lose(arrived[kept:])

    def _keep(self, samples: NDArray[np.int16]) -> None:
        self._received += len(samples)
        self._waiting = np.concatenate((self._waiting, samples))

    def _lose(self, samples: NDArray[np.int16]) -> None:
        if len(samples):
            samples[:] = 0
            self.lost += len(samples)
            self._gaps.append((self._received, self.lost))

    def _append(self, sound: NDArray[np.float32]) -> None:
        done = max(0, self._head - self._past - self._block)  # the last block is still asked for, by `ahead`
        self._head -= done
        self._queue = np.concatenate((self._queue[done:], sound))
