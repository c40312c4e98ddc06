"""Comparing sounds that were recorded with those that were sent: at one rate, and by correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import soxr

from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NOTHING = 1e-9
"""Keeps a silent piece from being divided by its own energy, which is none."""


def at_clock_rate(track: NDArray[np.int16], rate: int) -> NDArray[np.float32]:
    """Return a track, `(n,) int16` at `rate`, as float samples (int16 steps) at the device's clock."""
    moved: NDArray[np.float32] = track.astype(np.float32)
    return moved if rate == CLOCK_RATE else soxr.resample(moved, rate, CLOCK_RATE, quality="HQ")


def similarity(piece: NDArray[Any], within: NDArray[Any], *, least: float) -> NDArray[np.float64]:
    """Return the normalised cross-correlation of `piece` with each part of `within` that is as long: (m,), -1 to 1.

    1 is the same but for its loudness. A part with less energy than `least` times the piece's counts as if it had that
    much: next to silence, nothing is alike. `within` is no shorter than `piece`.
    """
    n = len(piece)
    size = 1 << (len(within) + n - 1).bit_length()
    product = np.fft.irfft(np.fft.rfft(within, size) * np.conj(np.fft.rfft(piece, size)), size)[: len(within) - n + 1]
    energy = np.concatenate(([0.0], np.cumsum(np.square(within, dtype=np.float64))))
    own = float(np.sum(np.square(piece, dtype=np.float64)))
    score: NDArray[np.float64] = product / np.sqrt(np.maximum(energy[n:] - energy[:-n], least * own) * own + _NOTHING)
    return score
