"""How high a voice is, for the figures: a device must hear children and whoever shouts as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

FRAME: Final = CLOCK_RATE // 25
"""40 ms: three periods of the lowest voice."""
LOWEST_HZ, HIGHEST_HZ = 65.0, 1000.0
"""From a low man's voice to a scream."""
VOICED: Final = 0.6
"""Correlation with itself a period later from which a frame has a pitch; a choice."""
FIRST: Final = 0.9
"""The first peak that reaches so much of the highest is the period, not a multiple of it."""
LOUD_DB: Final = 25.0
"""Only frames so far below the loudest count."""


def pitch(samples: NDArray[np.int16]) -> float | None:
    """Return the median pitch in Hz of what is said in `samples`, `(n,) int16, 16 kHz mono`; None if it has none."""
    count = len(samples) // (FRAME // 2) - 1
    frames = [samples[n * FRAME // 2 :][:FRAME].astype(np.float64) for n in range(max(0, count))]
    powers = [float(np.mean(frame**2)) for frame in frames]
    least = max(powers, default=0.0) * 10 ** (-LOUD_DB / 10)
    found = [_pitch(frame) for frame, power in zip(frames, powers, strict=True) if power > least]
    voiced = [hertz for hertz in found if hertz is not None]
    return float(np.median(voiced)) if voiced else None


def _pitch(frame: NDArray[np.float64]) -> float | None:
    """Return the pitch of a frame, by its autocorrelation."""
    longest, shortest = round(CLOCK_RATE / LOWEST_HZ), round(CLOCK_RATE / HIGHEST_HZ)
    size = 1 << (2 * len(frame)).bit_length()
    product = np.fft.irfft(np.abs(np.fft.rfft(frame - frame.mean(), size)) ** 2, size)[: longest + 2]
    power: NDArray[Any] = np.cumsum(frame**2)
    lags = np.arange(longest + 2)
    # What overlaps of it is ever less: both parts have their own power.
    both = np.sqrt(power[-1 - lags] * (power[-1] - np.concatenate(([0.0], power[: longest + 1]))))
    alike = product / np.maximum(both, 1e-9)
    inner = alike[1:-1]
    peaks = 1 + np.flatnonzero((inner >= alike[:-2]) & (inner > alike[2:]))
    peaks = peaks[peaks >= shortest]
    if not len(peaks) or alike[peaks].max() < VOICED:
        return None
    return CLOCK_RATE / int(peaks[alike[peaks] >= FIRST * alike[peaks].max()][0])
