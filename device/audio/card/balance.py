"""What is under way between microphone and loudspeaker, kept as it was.

The frames that wait to be read and those that wait to be played are together the delay from a frame of the reference to
its echo, as far as the card makes it. A process that is late changes the one and the other, but not their sum. The sum
changes when a loudspeaker stands still, or when two cards have clocks of their own; then the echo moves, and one buffer
fills while the other runs dry.
"""

from __future__ import annotations

from typing import Literal

WINDOW = 16
"""Blocks over which it is learnt how much is under way, and then looked whether it is still as much: 0.16 s. Fewer take
a moment on a busy machine for more."""
TOO_MUCH = 0.75
"""Of a block: from then on, one is put in or taken out."""
HOLE = 1.75
"""Blocks too few at which one is put in even though something is played: better a hole of 10 ms than to run dry."""

Move = Literal["exchange", "hear", "pad"]


class Balance:
    """Says before each block what to do with it; all lengths in frames, of blocks of `block`.

    There are two measures of what is under way: by what fills the loudspeaker's buffer, which a sound server empties by
    the block, and by the delay that ALSA tells, which a sound server guesses while the machine is busy. Only what both
    say for a whole window is true. At least `least` are under way, as much as was written at first.
    """

    def __init__(self, block: int, least: int) -> None:
        self._block, self._least = block, least
        self._bases = [0.0, 0.0]
        self._learning = True
        self._taking = False
        self._owed = 0  # blocks to put in
        self.restart()

    def restart(self) -> None:
        """Measure anew what is under way, which shall be as much as before: the loudspeaker was started again."""
        self._count, self._owed, self._taking = 0, 0, False
        self._low, self._high = float("inf"), -float("inf")

    def change(self, frames: int) -> None:
        """Have so much more under way from now on, or less."""
        self._bases = [base + frames for base in self._bases]
        self._least += frames

    def next(self, by_fill: int, by_delay: int, *, quiet: bool) -> Move:
        """Return what to do with the next block, while nothing but silence waits to be played if `quiet`.

        `exchange` it; `hear` it and play nothing for it, which is not noticed, since what waits is played meanwhile; or
        `pad` what is played with a block of silence first.
        """
        excesses = by_fill - self._bases[0], by_delay - self._bases[1]
        if self._taking:  # as long as it takes: the loudspeaker may still stand still
            if min(excesses) >= TOO_MUCH * self._block:
                return "hear"
            self.restart()
        if self._owed:
            self._owed -= 1
            return "pad"
        self._count += 1
        if self._learning:
            self._learn(by_fill, by_delay)
        else:
            self._look(*excesses, quiet=quiet)
        return "exchange"

    def _learn(self, by_fill: int, by_delay: int) -> None:
        for n, measure in enumerate((by_fill, by_delay)):
            self._bases[n] += (measure - self._bases[n]) / self._count
        if self._count >= WINDOW:
            self._bases = [max(self._least, base) for base in self._bases]
            self._learning = False
            self.restart()

    def _look(self, *excesses: float, quiet: bool) -> None:
        self._low, self._high = min(self._low, *excesses), max(self._high, *excesses)
        if self._count < WINDOW:
            return
        low, high = self._low / self._block, self._high / self._block
        self.restart()
        self._taking = low >= TOO_MUCH
        if high <= -(TOO_MUCH if quiet else HOLE):
            self._owed = round(-high)
