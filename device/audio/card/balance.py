"""What is under way between microphone and loudspeaker, kept as it was.

The frames that wait to be read and those that wait to be played are together the delay from a frame of the reference to
its echo, as far as the card makes it. A process that is late changes the one and the other, but not their sum. The sum
changes when a loudspeaker stands still, or when two cards have clocks of their own; then the echo moves, and one buffer
fills while the other runs dry.
"""

from __future__ import annotations

from typing import Literal

LEARN = 16
"""Blocks over which it is learnt how much is under way: 0.16 s after the first start."""
SMOOTHING = 1 / 8
"""Weight of a block's measure in the mean: a sound server's answers differ by a few ms from block to block."""
TOO_MUCH = 0.75
"""Of a block: from then on, one is put in or taken out. A whole one would not be seen at once in the mean."""

Move = Literal["exchange", "hear", "pad"]


class Balance:
    """Says before each block what to do with it; all lengths in frames, of blocks of `block`.

    At first `least` frames are under way, as far as is known here; and what the card keeps itself.
    """

    def __init__(self, block: int, least: int) -> None:
        self._block, self._least = block, least
        self._count = self._learnt = 0
        self._mean = 0.0
        self._base = float(least)

    def restart(self) -> None:
        """Measure anew what is under way, which shall be as much as before: the loudspeaker was started again."""
        self._count = 0

    def change(self, frames: int) -> None:
        """Have so much more under way from now on, or less."""
        self._base += frames
        self._least += frames

    def next(self, under_way: int, *, quiet: bool) -> Move:
        """Return what to do with the next block, while nothing but silence waits to be played if `quiet`.

        `exchange` it; `hear` it and play nothing for it, which is not noticed, since what waits is played meanwhile; or
        `pad` what is played with a block of silence first.
        """
        self._count += 1
        self._mean += (under_way - self._mean) * max(SMOOTHING, 1 / self._count)
        if self._learnt < LEARN:
            self._learnt += 1
            self._base = max(self._least, self._mean)
            return "exchange"
        excess = self._mean - self._base
        if excess >= TOO_MUCH * self._block:
            self._mean -= self._block
            return "hear"
        if quiet and excess <= -TOO_MUCH * self._block:
            self._mean += self._block
            return "pad"
        return "exchange"
