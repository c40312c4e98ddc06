"""Whether anything happens in the room that is worth running a model on: an energy gate. Pure."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RISE_DB = 4.0
"""How far above the noise floor a sound opens the gate: that of speech at 2 dB above the noise."""
FALL_DB = 6.0
"""How far below the noise floor the room must fall to open the gate: the floor is not that of this room any more."""
FLOOR_FRAMES = 62
"""How many frames the noise floor is taken from: 5 s of 80 ms."""
FLOOR_RANK = 0.25
"""Part of these frames that are below the noise floor; low, so that speech with its pauses does not lift it."""
HOLD_FRAMES = 22
"""How long the gate stays open after the last sound: 1.76 s of 80 ms, longer than the pauses inside a wake word."""
SLICE = 64
"""Samples: 4 ms."""
SILENT = -120.0
"""dBFS; a gate at this level never closes, and nothing is quieter."""


def level_dbfs(frame: NDArray[np.int16]) -> float:
    """Return the RMS level of `frame`, (n,) int16 at 16 kHz and n a multiple of 64, in dBFS.

    Without what lies below about 100 Hz, where there is hum, rumble and the microphone's offset, but no speech: the
    means over 4 ms are taken out.
    """
    samples = frame.astype(np.float32).reshape(-1, SLICE)
    means = samples.mean(axis=1)
    power = float(np.vdot(samples, samples)) / samples.size - float(np.dot(means, means)) / len(means)
    return max(SILENT, 10 * math.log10(max(power, 1e-9) / 32768**2))


class EnergyGate:
    """Opens for sounds that stand out of the room's noise, and closes after a while without any.

    It is closed in a room quieter than `gate_dbfs` and in steady noise, however loud; it opens for whatever is louder
    than both, and when a noise ends. It starts open.
    """

    def __init__(self, gate_dbfs: float) -> None:
        self.gate_dbfs = gate_dbfs
        self._levels: deque[float] = deque(maxlen=FLOOR_FRAMES)
        self._hold = HOLD_FRAMES

    @property
    def floor_dbfs(self) -> float:
        """The level of the room's steady noise."""
        levels = sorted(self._levels)
        return levels[int(len(levels) * FLOOR_RANK)] if levels else SILENT

    def push(self, frame: NDArray[np.int16]) -> bool:
        """Take the next 80 ms, `(1280,) int16, 16 kHz mono`; return whether the gate is open for it."""
        if self.gate_dbfs <= SILENT:
            return True
        level = level_dbfs(frame)
        floor = self.floor_dbfs
        self._levels.append(level)
        louder = level >= max(self.gate_dbfs, floor + RISE_DB)
        ended = floor >= self.gate_dbfs and level <= floor - FALL_DB
        self._hold = HOLD_FRAMES if louder or ended else max(0, self._hold - 1)
        return self._hold > 0
