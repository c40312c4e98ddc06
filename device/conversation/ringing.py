"""A timer's ringing, which goes on until somebody ends it, in a conversation or without one."""

from __future__ import annotations

from device.conversation.actions import Action, Ring
from device.sample_clock import samples

LIMIT = samples(60_000)
"""How long a timer rings by itself; a choice: whoever has not come by then does not hear it."""


class Ringing:
    """Whether it rings; each of its methods returns what to do."""

    def __init__(self) -> None:
        self._since: int | None = None

    @property
    def on(self) -> bool:
        """Whether it rings now."""
        return self._since is not None

    def begin(self, at: int) -> list[Action]:
        """Ring, or go on for another timer."""
        already, self._since = self.on, at
        return [] if already else [Ring(on=True)]

    def stop(self) -> list[Action]:
        """Ring no more; harmless if it does not."""
        was, self._since = self.on, None
        return [Ring(on=False)] if was else []

    def tick(self, at: int) -> list[Action]:
        """Note the time."""
        return self.stop() if self._since is not None and at >= self._since + LIMIT else []
