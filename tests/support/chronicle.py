"""What happened of late in hours of conversation: for the account of a moment in which something went wrong."""

from __future__ import annotations

from collections import deque
from typing import Final

from device.sample_clock import CLOCK_RATE, samples

KEPT: Final = samples(180_000)
"""How far back it goes: longer than it takes until a moment is judged."""
AROUND: Final = samples(8000)
"""How much of it is told before and after a moment: a wake word, a question and its answer."""


def clock(at: int) -> str:
    """Return a position as time on the clock: hours, minutes and seconds."""
    minutes, seconds = divmod(at / CLOCK_RATE, 60)
    return f"{int(minutes) // 60}:{int(minutes) % 60:02}:{seconds:06.3f}"


class Chronicle:
    """Lines with positions of the device's clock, nearly in their order."""

    def __init__(self) -> None:
        self._lines: deque[tuple[int, str]] = deque()

    def note(self, at: int, what: str) -> None:
        """Keep a line for a while."""
        self._lines.append((at, what))
        while self._lines[0][0] < at - KEPT:
            self._lines.popleft()

    def around(self, first: int, last: int) -> str:
        """Tell what happened from a little before `first` to a little after `last`."""
        told = sorted(line for line in self._lines if first - AROUND <= line[0] <= last + AROUND)
        return "".join(f"    {clock(at)}  {what}\n" for at, what in told)
