"""What the lights go by: whether sound has left, and how loud the loudspeaker is."""

from __future__ import annotations

from math import log10
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.card.base import Card

WINDOW_S = 0.2
"""Sound that left longer ago is not leaving any more."""
LEAK_S = 0.5
"""The last of what left before a state began has long been shown after that."""
LOUDEST_DBFS = -14.0
QUIETEST_DBFS = -46.0
LOOK_MS = 40
"""Of what is played, for its level."""
FALL_S = 0.35
"""How long a level takes to fall from full to nothing: slower than speech flickers."""


class Streaming:
    """Whether sound of the microphone leaves, by a count of what has left; zeros are not in that count."""

    def __init__(self) -> None:
        self._count = 0
        self._left: float | None = None

    def look(self, count: int, t: float) -> bool:
        """Return whether any left in the last moment before `t`, in seconds; `count` is how much did so far."""
        if count != self._count:
            self._count, self._left = count, t
        return self._left is not None and t - self._left < WINDOW_S


class Loudness:
    """How loud the loudspeaker is just now: what the card was given, when it has gone through it."""

    def __init__(self, card: Card) -> None:
        self._card = card
        self._cursor = card.reference.cursor()
        self._level = 0.0
        self._at = 0.0

    def look(self, t: float) -> float:
        """Return the level at the time `t`, 0 to 1: from hardly audible to full."""
        frames = self._card.rate * LOOK_MS // 1000
        self._cursor.seek(self._card.reference.position - self._card.output_latency - frames)
        level = _share(self._cursor.take(frames))
        fallen = self._level - (t - self._at) / FALL_S
        self._level, self._at = max(level, fallen, 0.0), t
        return self._level


def _share(pcm: NDArray[np.int16]) -> float:
    if not len(pcm):
        return 0.0
    wave = pcm.astype(np.float32)
    power = float(wave @ wave) / len(wave)
    if power < 1.0:
        return 0.0
    dbfs = 10 * log10(power) - 90.3
    return min(1.0, max(0.0, (dbfs - QUIETEST_DBFS) / (LOUDEST_DBFS - QUIETEST_DBFS)))
