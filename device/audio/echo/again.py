"""Hears again what came while it was not known where the echo is, once that is known.

An echo that jumps is found only in a few tenths of a second of it, and somebody may have spoken meanwhile. By then the
path is known, and since when the echo comes by it: what was heard since is heard anew, without the echo.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.echo.align import LONGEST_AGAIN
from device.audio.echo.filter import BLOCK
from device.audio.echo.tape import Tape

if TYPE_CHECKING:
    from device.audio.echo.align import Alignment

BEFORE = 30
"""Blocks before it was noticed that the echo is not where it was, 300 ms, in which it may have jumped: a look takes in
250 ms."""
DOUBTED = 50
"""And before it was doubted for nothing where the echo is, 500 ms: what was heard then was taken back as well, and
seldom lasted longer. Where it was not for nothing, the path has learnt better since."""
_STEPS = (BLOCK // 2, BLOCK // 8)
"""Samples from one moment to the next at which the echo may have jumped: 5 ms, and then 1.25 ms. What is left over of
as much of it is hardly louder than what a path that is kept leaves over anyhow."""

_AROUND = 10
"""Blocks before and after the jump in which that is compared: 100 ms, in which most of a room's reverberation comes."""


class Past(Struct):
    """What was heard once, block by block."""

    moved: bool
    """Whether the echo was elsewhere before."""
    errors: NDArray[np.float32]
    """What is left over without the echo: `(n, 160)`."""
    estimates: NDArray[np.float32]
    """The echo: `(n, 160)`."""
    heard: NDArray[np.float32]
    """What the microphone heard: `(n, 160)`."""
    doubts: list[NDArray[np.float32]]
    """What the filter was unsure of, as in `EchoFilter`."""
    lost: list[bool]
    plays: list[bool]
    """Whether the first echo could be heard in it."""
    before: NDArray[np.float32]
    """What was left over of the block before these, `(160,)`."""


class Again:
    """Remembers what is heard, and by `alignment` makes of it what it is with the path that is known now."""

    def __init__(self, alignment: Alignment) -> None:
        self._alignment = alignment
        self._tape = Tape(2, (LONGEST_AGAIN + 1) * BLOCK)  # what was heard, and what was left over
        self._doubts: deque[tuple[NDArray[np.float32], bool, bool]] = deque(maxlen=LONGEST_AGAIN)
        self._unknown = 0  # blocks since it was known last where the echo is
        self._lag: float | None = None  # where it was then

    def rest(self) -> None:
        """Know that time passed in which nothing was listened to."""
        self._doubts.clear()
        self._tape.clear()

    def step(
        self,
        heard: NDArray[np.float32],
        error: NDArray[np.float32],
        doubt: NDArray[np.float32],
        *,
        lost: bool,
        plays: bool,
    ) -> None:
        """Remember a block."""
        self._tape.add(heard, error)
        self._doubts.append((doubt, lost, plays))
        self._unknown += 1

    def known(self) -> None:
        """Know that the echo is where it is looked for."""
        self._unknown = 0
        self._lag = self._alignment.lag

    def hear(self, *, doubted: bool = False) -> Past:
        """Return what was heard since the echo is where it is now, the last block at least.

        And what was heard before it was not known where it is, if that was `doubted` because of what was heard.
        """
        now, before = self._alignment.lag, self._lag
        earlier = 0.0 if now is None or before is None else now - before
        moved = abs(earlier) >= 1
        count = min(self._unknown + (BEFORE if moved else DOUBTED if doubted else 0), len(self._doubts))
        heard, errors = (row[-count * BLOCK :].reshape(count, BLOCK) for row in self._tape.rows)
        first, estimates = count, heard - errors
        if now is not None:
            estimates = self._alignment.again(count)
            first = _change(errors, heard - estimates)
        if now is not None and moved and 0 < first < count:
            # What is heard at a moment was read by the path a little before.
            about = (count - first) * BLOCK + round(now - self._alignment.delay)
            part = slice(max(0, first - _AROUND), min(count, first + _AROUND))
            for step in _STEPS:
                tries = range(about - 2 * step, about + 5 * step, step)
                made = self._alignment.jumped(count - part.start, earlier, tries, count - part.stop)
                about = tries[int(np.argmin([_least(errors[part], heard[part] - one) for one in made]))]
            (estimates,) = self._alignment.jumped(count, earlier, [about])
            first = _change(errors, heard - estimates)
            self._alignment.reread(earlier, about)
        estimates[:first] = (heard - errors)[:first]
        begin = first if before is None else min(first, count - self._unknown) if moved else 0
        begin = min(max(0, begin), count - 1)
        doubts, lost, plays = zip(*list(self._doubts)[len(self._doubts) - count + begin :], strict=True)
        end = (count - begin) * BLOCK
        rest = self._tape.rows[1]
        return Past(
            moved=moved,
            errors=(heard - estimates)[begin:].astype(np.float32),
            estimates=estimates[begin:],
            heard=heard[begin:].copy(),
            doubts=list(doubts),
            lost=list(lost),
            plays=list(plays),
            before=rest[len(rest) - end - BLOCK : len(rest) - end].copy(),
        )


def _change(before: NDArray[np.float32], after: NDArray[np.float32]) -> int:
    """Return from which block on the errors of `after` are to be taken for less to be left over, else of `before`."""
    return int(_gains(before, after).argmax())


def _least(before: NDArray[np.float32], after: NDArray[np.float32]) -> float:
    """Return the power of what is left over then."""
    return float(np.square(before).sum() - _gains(before, after).max())


def _gains(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return by how much less is left over if the errors of `after` are taken from each block on, or from none."""
    gain = np.square(before).sum(axis=1) - np.square(after).sum(axis=1)
    return np.concatenate((np.cumsum(gain[::-1])[::-1], np.zeros(1, np.float32)))
