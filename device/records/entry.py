"""One entry of the ledger."""

from __future__ import annotations

from typing import Any

import msgspec

from device.sample_clock import CLOCK_RATE


class Entry(msgspec.Struct, frozen=True):
    """Something that happened at `at`, a position on the card's clock."""

    event: str
    at: int
    fields: dict[str, Any]

    @property
    def t(self) -> float:
        """Seconds on the card's clock."""
        return round(self.at / CLOCK_RATE, 4)
