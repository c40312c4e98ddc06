"""Ringing, which goes on until somebody ends it, in a conversation or without one."""

from __future__ import annotations

from device.conversation.actions import Action, Ring
from device.sample_clock import samples

LIMIT = samples(60_000)
"""How long a timer rings by itself; a choice: whoever has not come by then does not hear it."""
ALARM_LIMIT = samples(600_000)
"""How long an alarm and a reminder do; a choice: whoever sleeps needs longer."""
LONGEST = 1000
"""Characters that are said while it rings; a choice: more of what was missed takes minutes."""


class Ringing:
    """Whether it rings; each of its methods returns what to do."""

    def __init__(self) -> None:
        self._on = False
        self._until = 0
        self._says = ""

    @property
    def on(self) -> bool:
        """Whether it rings now."""
        return self._on

    def begin(self, at: int, limit: int = LIMIT, says: str = "") -> list[Action]:
        """Ring for so long at most and say something meanwhile, or go on for another timer or alarm."""
        already, self._on = self._on, True
        self._until = max(at + limit, self._until) if already else at + limit
        before = self._says if already else ""
        self._says = " ".join(filter(None, [before, says])) if len(before) + len(says) < LONGEST else before
        return [] if already and self._says == before else [Ring(on=True, says=self._says)]

    def stop(self) -> list[Action]:
        """Ring no more; harmless if it does not."""
        was, self._on = self._on, False
        return [Ring(on=False)] if was else []

    def tick(self, at: int) -> list[Action]:
        """Note the time."""
        return self.stop() if self._on and at >= self._until else []
