"""A code that the lights tell beside the voice: for whoever cannot hear it, and where no loudspeaker plays yet."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from device.panel.lights import counting_s

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS: Final = 3
"""How often it is told, a choice: who missed the first digits waits for the next round, and once more to be sure."""


class CodeLight:
    """Holds the digits for as long as they are told; `now` is a clock that only goes forward, in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._digits = ""
        self._until = 0.0

    @property
    def digits(self) -> str:
        """What is told just now; empty: nothing."""
        return self._digits if self._now() < self._until else ""

    def tell(self, digits: str) -> None:
        """Tell these digits, in place of those before; empty: nothing any more."""
        self._digits = digits
        self._until = self._now() + ROUNDS * counting_s(digits) if digits else 0.0

    def __repr__(self) -> str:
        return "CodeLight()"
