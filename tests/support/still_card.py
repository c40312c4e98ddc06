"""A card on which no time passes: for what is done when it is opened and closed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.audio.card.base import Card, ignore

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.audio.card.base import Source


class StillCard(Card):
    def __init__(self) -> None:
        super().__init__(16_000, ring_seconds=1)
        self.is_open = False

    @property
    def name(self) -> str:
        return "Still"

    def open(self, source: Source, on_presence: Callable[[bool], None] = ignore) -> None:
        self._source, self.on_presence, self.is_open = source, on_presence, True

    def close(self) -> None:
        self.is_open = False
