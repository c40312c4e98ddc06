"""The overlay: an earcon on top of whatever the loudspeaker plays."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray


class Earcon(Struct, frozen=True):
    """A sound to be played, `(n,) int16` at the card's rate, over and over if it `repeats`."""

    pcm: NDArray[np.int16]
    repeats: bool


class Overlay:
    """Plays the earcon that is wanted; for the audio callback alone."""

    def __init__(self) -> None:
        self._earcon: Earcon | None = None
        self._at = 0
        self._over = True
        self._mix = np.zeros(0, np.float32)

    def follow(self, wanted: Earcon | None) -> bool:
        """Begin with `wanted` if it is another one than before; return whether there is anything to be heard of it."""
        if wanted is not self._earcon:
            self._earcon, self._at = wanted, 0
            self._over = wanted is None
        return not self._over

    def mix(self, block: NDArray[np.int16], gain: float) -> None:
        """Add what comes next at `gain` to `block`, `(n,) int16`, and clip the sum."""
        earcon = self._earcon
        if earcon is None or self._over:
            return
        if len(block) > len(self._mix):
            self._mix = np.zeros(len(block), np.float32)
        n = min(len(block), len(earcon.pcm) - self._at)
        mix = self._mix[:n]
        np.multiply(earcon.pcm[self._at : self._at + n], gain, out=mix)
        np.add(mix, block[:n], out=mix)
        np.clip(mix, -32768, 32767, out=mix)
        np.copyto(block[:n], mix, casting="unsafe")
        self._at = (self._at + n) % len(earcon.pcm)
        self._over = not self._at and not earcon.repeats
