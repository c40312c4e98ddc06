"""How loud a voice speaks: all of them alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DBFS: Final = -20.0
"""RMS level while speaking: loud on a small loudspeaker, and no peak of the voices of the tests is clipped."""
CALIBRATION: Final = "The quick brown fox jumps over the lazy dog."
"""What a voice says to find out how loud it is."""
_KNEE: Final = 0.75
"""-2.5 dBFS, which a few peaks a sentence exceed, at full scale or twice that: where rounding off begins. A choice."""
_LOUD_DB: Final = 40
"""Frames so much below the loudest are not speaking."""


def speaking_level(speech: NDArray[Any], rate: int) -> float:
    """Return the RMS of the frames of 20 ms that are within `_LOUD_DB` of the loudest; `speech` is (n,), -1 to 1."""
    size = rate // 50
    frames = speech[: len(speech) // size * size].reshape(-1, size).astype(np.float64)
    energy = np.mean(frames**2, axis=1)
    return float(np.sqrt(np.mean(energy[energy >= energy.max() * 10 ** (-_LOUD_DB / 10)]))) if len(energy) else 0.0


def gain_for(speech: NDArray[Any], rate: int) -> float:
    """Return the factor by which a voice that says `CALIBRATION` like this, (n,), -1 to 1, comes to `DBFS`."""
    found = speaking_level(speech, rate)
    return 10 ** (DBFS / 20) / found if found > 0 else 1.0


def samples(speech: NDArray[Any]) -> NDArray[np.int16]:
    """Return speech as int16, 1 being full scale; peaks above `_KNEE` are rounded off, so that none is clipped."""
    size = np.abs(speech)
    beyond = size > _KNEE
    if beyond.any():
        soft = _KNEE + (1 - _KNEE) * np.tanh((size - _KNEE) / (1 - _KNEE))
        speech = np.where(beyond, np.copysign(soft, speech), speech)
    rounded: NDArray[np.int16] = np.rint(speech * 32767).astype(np.int16)
    return rounded
