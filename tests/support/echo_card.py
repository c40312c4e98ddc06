"""A card whose microphone hears its loudspeaker, computed: no hardware, no time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.base import Card, ignore
from device.audio.ring import RingBuffer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from device.audio.card.base import Source


class EchoCard(Card):
    """All of its `seconds` pass while it is being opened."""

    def __init__(
        self,
        rate: int,
        *,
        delay_ms: float,
        gain: float,
        reflections: Mapping[float, float] | None = None,
        noise_dbfs: float = -200.0,
        tone_hz: float = 0.0,
        seconds: float = 5.3,
        underruns: int = 0,
    ) -> None:
        super().__init__(rate)
        self.reference = RingBuffer(rate, seconds + 1)
        self.output_latency = rate // 50
        self.closed = False
        self._paths = {delay_ms: gain, **(reflections or {})}
        self._noise = 10 ** (noise_dbfs / 20) * 32768
        self._tone_hz = tone_hz
        self._blocks = round(seconds * 100)
        self._underruns = underruns

    @property
    def name(self) -> str:
        return "Echo"

    def open(self, source: Source, on_presence: Callable[[bool], None] = ignore) -> None:
        self.on_presence = on_presence
        n = self._blocks * self.block
        longest = round(max(self._paths) * self.rate / 1000)
        room = np.random.default_rng(1).normal(0, self._noise, n + longest + self.block)
        if self._tone_hz:
            room += 3000 * np.sin(2 * np.pi * self._tone_hz * np.arange(len(room)) / self.rate)
        played = np.zeros(self.block, np.int16)
        for start in range(0, n, self.block):
            source.render(played, start)
            for delay_ms, gain in self._paths.items():
                at = start + round(delay_ms * self.rate / 1000)
                room[at : at + self.block] += gain * played
            heard = np.clip(np.round(room[start : start + self.block]), -32768, 32767)
            self.reference.write(played)
            self.mic.write(heard.astype(np.int16))
        self.xruns.underruns += self._underruns

    def close(self) -> None:
        self.closed = True
