"""How much of the loudspeaker's sound is kept ahead: as little as the machine allows.

A loudspeaker that has run dry once says little: the machine was busy for a moment, and the reply goes on. One that runs
dry again and again needs more. What was added is taken away again in steps, once the card has been sound for a minute.
"""

from __future__ import annotations

from device.audio.card.base import BLOCK_MS

LEAST_MS = 20
"""Less is never kept, whatever is asked for: while a block is read, one has to be played."""
MOST_MS = 120
"""It never grows beyond: a stall that needs more is ridden out. More would be added to each answer and to each "stop",
for the sake of a silence that is heard anyway."""
MARGIN_MS = 20
"""Kept on top of how late the device was: the block that it plays meanwhile, and another."""
AGAIN_S = 60.0
"""Two stalls within this are no accident, as far as the shorter goes. More remembers what is long over, less never
learns of a job that comes twice a minute."""
SOUND_S = 60.0
"""How long the card must have been sound before less is kept."""
STEP_MS = 20
"""How much more or less at a time, at least or at most: two blocks, little enough to show whether it was too much."""
STEP_S = 10.0
"""From one step down to the next, as long as the card stays sound: all that was added is gone within two minutes."""


class BufferSize:
    """The buffer in ms, at first `least_ms` or `LEAST_MS`; by any clock in seconds."""

    def __init__(self, least_ms: int) -> None:
        self.ms = self._least = max(LEAST_MS, least_ms)
        self._dry: float | None = None
        self._late_ms = 0.0
        self._shrinks_at = 0.0

    @property
    def extra_ms(self) -> int:
        """How much more it is than at first: whole blocks."""
        return self.ms - self._least

    @property
    def most_extra_ms(self) -> int:
        """The same, at most."""
        return max(0, MOST_MS - self._least)

    def ran_dry(self, late_ms: float, now: float) -> None:
        """Learn from the loudspeaker having run dry because the device came `late_ms` too late."""
        again = self._dry is not None and now - self._dry < AGAIN_S
        late_ms, self._late_ms = min(late_ms, self._late_ms), late_ms
        self._dry, self._shrinks_at = now, now + SOUND_S
        more = max(STEP_MS, round(late_ms) + MARGIN_MS - self.ms)
        more = min(-(-more // BLOCK_MS) * BLOCK_MS, (MOST_MS - self.ms) // BLOCK_MS * BLOCK_MS)
        if again and more > 0 and late_ms + MARGIN_MS <= MOST_MS:
            self.ms += more

    def shrink(self, now: float) -> bool:
        """Keep `STEP_MS` less, or what is left to the least, if it is time for that; return whether it was."""
        if self.ms <= self._least or now < self._shrinks_at:
            return False
        self.ms = max(self._least, self.ms - STEP_MS)
        self._shrinks_at = now + STEP_S
        return True
