"""The clock of the device: positions in samples, counted by the sound card since it was first opened."""

from __future__ import annotations

CLOCK_RATE = 16_000
"""Positions a second on the card's clock."""


def seconds(position: int) -> float:
    """Return a position of the card's clock in seconds."""
    return position / CLOCK_RATE


def samples(milliseconds: float) -> int:
    """Return milliseconds in samples of the card's clock."""
    return round(milliseconds * CLOCK_RATE / 1000)
