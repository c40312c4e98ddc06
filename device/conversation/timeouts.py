"""How long each side waits for the other: for words, for an answer, for somebody to say anything at all."""

from __future__ import annotations

from device.sample_clock import samples

THINKING_LIMIT = samples(15_000)
"""An engine that says nothing for so long has failed."""
SILENT = samples(8_000)
"""An engine that says nothing to what the user said is taken for dead after so long, where there is another."""
UNANSWERED_LIMIT = samples(90_000)
"""Voices that the engine answers nothing to, a television's say, keep a session open no longer than this."""
GREET_AFTER = samples(600)
"""Whoever has something to ask has begun by then, after the button or the wake word."""
LULL = samples(800)
"""So long must nobody have spoken before another session takes over: longer than a pause within a sentence."""


class Timeouts:
    """Since when nobody has spoken, nothing was exchanged, and the engine thinks; positions of the device's clock."""

    def __init__(self, follow_up_ms: float) -> None:
        self._follow_up = samples(follow_up_ms)
        self._quiet_since = 0
        self._exchange_at = 0
        self._thinking_since = 0

    def begin(self, at: int) -> None:
        """Wait for the user anew: they were just asked to speak."""
        self._quiet_since = self._exchange_at = at

    def active(self, at: int) -> None:
        """Note that somebody speaks, or something else is still going on."""
        self._quiet_since = at

    def exchanged(self, at: int) -> None:
        """Note that the engine speaks with the user."""
        self._exchange_at = at

    def thinks(self, at: int) -> None:
        """Note that it is the engine's turn."""
        self._thinking_since = at

    def opened(self, at: int) -> None:
        """Note that the user is heard only now."""
        self._quiet_since = max(self._quiet_since, at)

    def missed(self, length: int) -> None:
        """Note that for `length` samples nobody was heard, whether they spoke or not."""
        self._quiet_since += length

    # The user

    def lull(self, at: int) -> bool:
        """Return whether nobody has spoken for long enough to change something."""
        return at >= self._quiet_since + LULL

    def hesitates(self, at: int) -> bool:
        """Return whether whoever was asked to speak would have begun by now."""
        return at >= self._exchange_at + GREET_AFTER

    def over(self, at: int, *, quiet: bool) -> str:
        """Return why the conversation is over, with nobody talking if `quiet`; "" if it is not."""
        if quiet and at >= self._quiet_since + self._follow_up:
            return "silence"
        return "talk that was not meant for it" if at >= self._exchange_at + UNANSWERED_LIMIT else ""

    # The engine

    def wants_another(self, at: int) -> bool:
        """Return whether another engine would have answered by now."""
        return at >= self._thinking_since + SILENT

    def at_an_end(self, at: int) -> bool:
        """Return whether the engine has failed to answer."""
        return at >= self._thinking_since + THINKING_LIMIT
