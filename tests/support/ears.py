"""Ears for scripted engines: they keep what a client sends, and find the ends of turns in it by loudness."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.measure import dbfs
from device.listen.endpointer import Endpointer, EndpointSettings, Offset, Onset

if TYPE_CHECKING:
    from numpy.typing import NDArray

LOUD_DBFS = -42.0
"""Of a frame of voice: softer than any visitor speaks, louder than the rooms' noise."""


class Ears:
    """What one client sent, s16le mono at `rate`, and the turns in it; `silence_ms` ends one."""

    def __init__(self, rate: int, silence_ms: int) -> None:
        self.pcm = bytearray()
        self.rate = rate
        self._endpoint = Endpointer(EndpointSettings(silence_ms=silence_ms))
        self._frame = rate * 32 // 1000
        self._done = 0

    @property
    def samples(self) -> NDArray[np.int16]:
        """All that was sent, `(n,) int16`."""
        return np.frombuffer(bytes(self.pcm), np.int16)

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks."""
        return self._endpoint.speaking

    def take(self, audio: bytes) -> list[Onset | Offset]:
        """Take what was sent; return where turns begin and end in it."""
        self.pcm += audio
        found = []
        while (self._done + self._frame) * 2 <= len(self.pcm):
            frame = np.frombuffer(bytes(self.pcm[self._done * 2 : (self._done + self._frame) * 2]), np.int16)
            self._done += self._frame
            found.append(self._endpoint.push(0.9 if dbfs(frame) > LOUD_DBFS else 0.0))
        return [one for one in found if one is not None]
