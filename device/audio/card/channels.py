"""How loud each channel of a microphone is: for a card whose first one hears nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.converted import open_pcm
from device.audio.measure import NOTHING_DBFS, dbfs
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from device.audio.card.devices import Device

MOST = 16
"""Channels that are listened to. Arrays have up to 10; plugins of ALSA name 32 or more, which they make up."""
SETTLE_BLOCKS, BLOCKS = 20, 30
"""Left out, since cards click when they are started, and listened to: 0.2 and 0.3 s of each channel."""
PATIENCE_MS = 1000
"""How long a channel may take to a block."""
BLOCK = CLOCK_RATE // 100


def levels(microphone: Device) -> list[float]:
    """Return the level of each channel in dBFS, one after the other. Raises CardError or StreamError."""
    return [_level(microphone.pcm, channel + 1) for channel in range(min(microphone.inputs, MOST))]


def _level(pcm: str, channel: int) -> float:
    opened = open_pcm(pcm, "input", CLOCK_RATE, BLOCK, CLOCK_RATE, channel=channel)
    try:
        opened.start()
        heard: list[np.ndarray[tuple[int], np.dtype[np.int16]]] = []
        block = np.zeros(BLOCK, np.int16)
        while len(heard) < SETTLE_BLOCKS + BLOCKS:
            if not opened.wait(PATIENCE_MS):
                return NOTHING_DBFS
            state = opened.state()
            if state is not None and state[0] >= BLOCK and opened.read(block):
                heard.append(block.copy())
        return dbfs(np.concatenate(heard[SETTLE_BLOCKS:]))
    finally:
        opened.close()
