"""The buffers of a simulated card, between the room and the device's callback, and what faults do to them.

    microphone ─► waiting ─► callback ─► queue ─► loudspeaker

A duplex stream calls back when a block of the microphone is there. What it plays is queued behind what plays before
it: `latency` frames, which are in the queue or have still to be heard for the next callback. So it is with PortAudio on
ALSA: a stream that ran over or dry is started again, its queue filled with silence as it was at the start. What the
microphone heard meanwhile is gone. A card that counts tells the device how much that was, before the next block, and
the device's clock stays true to the room's; with one that does not, it is behind from then on.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.card.base import Xruns

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.simulation.faults import Happening


class Late(Struct, frozen=True):
    """A block of the microphone's that comes when the loudspeaker has run dry: nothing is to be asked for it."""

    heard: NDArray[np.int16]


class Buffers:
    """A card's two buffers, each of `latency` frames, which call back in blocks of `block` frames.

    In each block of the room's time, `hear` takes what the microphone hears and returns what the callback gets, each
    of whose answers goes to `put`; then `take` returns what the loudspeaker plays. `past` is how many frames of that
    are kept, to be repeated. With `told`, the device is told of what was lost: it takes how many frames that
    were and returns how many the card believes them to be.
    """

    def __init__(
        self,
        latency: int,
        block: int,
        *,
        xruns: Xruns | None = None,
        past: int = 0,
        told: Callable[[int], int] | None = None,
    ) -> None:
        self.xruns = Xruns() if xruns is None else xruns
        self.lost = 0
        """Microphone frames that the device never got."""
        self.behind = 0
        """How many frames the device's clock is behind the room's; negative: before it."""
        self.drops: list[tuple[int, int]] = []
        """The room's frames at which something is missing on the loudspeaker, and how many frames of it."""
        self.silences: list[tuple[int, int]] = []
        """The room's frames at which the loudspeaker had nothing to play, and for how many frames."""
        self._block = block
        self._size = latency  # of the microphone's buffer: what it holds while callbacks stand still
        self._waiting = np.zeros(0, np.int16)
        self._queue = np.zeros(past + latency, np.float32)
        self._head = past  # in the queue: what plays next, behind what has been played
        self._past = past
        self._received = self._taken = 0
        self._given = self._clock = 0  # of what was received, and of the device's clock, the silence in it included
        self._gaps: list[tuple[int, int]] = []  # from which frame of the device's clock on it is how far behind
        self._told = told
        # After how many received frames how many are missing, still to be told, and whether those before are late.
        self._missing: list[tuple[int, int, bool]] = []
        # What is still to come of the fault that is on.
        self._losing = self._frozen = self._dropping = 0
        self._overran = self._dry = False

    @property
    def busy(self) -> bool:
        """Whether a fault is on."""
        return bool(self._losing or self._frozen or self._dropping)

    @property
    def frozen(self) -> bool:
        """Whether callbacks stand still by a freeze."""
        return self._frozen > 0

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
                self._silence(frames)
            case "freeze" | "sleep":
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

    def hear(self, heard: NDArray[np.int16]) -> list[NDArray[np.int16] | Late | int]:
        """Take a block from the microphone, and silence in it what is lost; return the blocks for the callback.

        A number among them is how many frames are missing there, by what the card says. It says so, too, which blocks
        are late.
        """
        if not (self.busy or len(self._waiting) or self._missing):
            self._received += len(heard)
            self._given += len(heard)
            self._clock += len(heard)
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
        return self._hand_over()

    def put(self, sound: NDArray[np.float32]) -> None:
        """Queue what the device plays in a block."""
        dropped = min(self._dropping, len(sound))
        self._dropping -= dropped
        if dropped:
            due = self._taken + len(self._queue) - self._head
            before = self.drops.pop()[1] if self.drops and self.drops[-1][0] == due else 0
            self.drops.append((due, before + dropped))
        self._append(sound[dropped:])

    def rest(self) -> None:
        """Queue silence for a block that is late."""
        self._silence(self._block)

    def take(self) -> NDArray[np.float32]:
        """Return what the loudspeaker plays in the next block; silence where nothing is queued."""
        missing = self._head + self._block - len(self._queue)
        if missing > 0:
            if not self._dry:
                self.xruns.underruns += 1
            self._silence(missing)
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

    def _hand_over(self) -> list[NDArray[np.int16] | Late | int]:
        """Return the whole blocks that wait, and in their places what is missing."""
        out: list[NDArray[np.int16] | Late | int] = []
        while self._missing:
            (at, count, late), *later = self._missing
            self._give(at, out, late=late)
            until = later[0][0] if later else self._received
            if until - at >= self._block:
                torn = self._tear(at)
                self._missing.pop(0)
                self._tell(count + torn, out)
            elif later:  # there is no block between the two
                torn = self._tear(until)
                self._missing[:2] = [(until, count + torn + later[0][1], False)]
            else:  # it is told with the next block
                return out
        self._give(self._received, out)
        return out

    def _give(self, end: int, out: list[NDArray[np.int16] | Late | int], *, late: bool = False) -> None:
        """Hand over the whole blocks of what was received up to `end`."""
        whole = (end - self._given) // self._block * self._block
        blocks, self._waiting = self._waiting[:whole].reshape(-1, self._block), self._waiting[whole:]
        self._given += whole
        self._clock += whole
        out.extend(map(Late, blocks) if late else blocks)

    def _tear(self, end: int) -> int:
        """Lose what is left of a block up to `end`, as a stream that is started again does; return its frames."""
        torn = end - self._given
        self._waiting = self._waiting[torn:]
        self._given = end
        self.lost += torn
        self._silence(torn)
        return torn

    def _tell(self, count: int, out: list[NDArray[np.int16] | Late | int]) -> None:
        """Tell the device what is missing, by what the card believes."""
        said = max(0, self._told(count)) if self._told is not None else 0
        self._clock += said
        if said:
            out.append(said)
        self._fall_behind(self._clock, count - said)

    def _fall_behind(self, frame: int, count: int) -> None:
        """Note that from its `frame` on the device's clock is so much further behind."""
        if count:
            self.behind += count
            self._gaps.append((frame, self.behind))

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
        self._silence(len(arrived) - kept)
        self._lose(arrived[kept:], late=True)

    def _keep(self, samples: NDArray[np.int16]) -> None:
        self._received += len(samples)
        self._waiting = np.concatenate((self._waiting, samples))

    def _lose(self, samples: NDArray[np.int16], *, late: bool = False) -> None:
        if not len(samples):
            return
        samples[:] = 0
        self.lost += len(samples)
        if self._told is None:
            self._fall_behind(self._received, len(samples))
        elif self._missing and self._missing[-1][0] == self._received:
            self._missing[-1] = (self._received, self._missing[-1][1] + len(samples), late)
        else:
            self._missing.append((self._received, len(samples), late))

    def _silence(self, frames: int) -> None:
        """Queue silence, since there is nothing else."""
        if not frames:
            return
        due = self._taken + len(self._queue) - self._head
        if self.silences and sum(self.silences[-1]) == due:
            start, before = self.silences.pop()
            self.silences.append((start, before + frames))
        else:
            self.silences.append((due, frames))
        self._append(np.zeros(frames, np.float32))

    def _append(self, sound: NDArray[np.float32]) -> None:
        done = max(0, self._head - self._past - self._block)  # the last block is still asked for, by `ahead`
        self._head -= done
        self._queue = np.concatenate((self._queue[done:], sound))
