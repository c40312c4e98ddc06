"""Plays a piece of sound on the card and waits for its end: for commands, while no assistant runs."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from device.audio.card.base import CardError
from device.audio.playout import Playout

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.audio.card.base import Card

STALL_S: Final = 10.0
"""A card that has played nothing of a second within this long stands still: ten times as long as it should take."""
_ITEM: Final = "aloud"


def play(card: Card, pcm: NDArray[np.int16], rate: int, volume: float = 1.0) -> None:
    """Play `pcm`, (n,) int16 mono at `rate`, on a card that is not open yet. Raises `CardError`."""
    playout = Playout(card.rate, volume=volume, latency=lambda: card.output_latency)
    playout.play(_ITEM, pcm.tobytes(), rate)
    playout.finish(_ITEM)
    lost: list[int] = []
    card.open(playout, lambda present: None if present else lost.append(card.now))
    with closing(card):
        left = -(-len(pcm) * card.rate // rate) + card.output_latency
        cursor = card.mic.cursor(card.mic.position)
        while left > 0:
            piece = min(card.rate, left)
            if cursor.read(piece, STALL_S) is None or lost:
                raise CardError(f"{card.name} vanished or stands still: check its cable, its power and its hub")
            left -= piece
