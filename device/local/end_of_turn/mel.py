"""The log-mel spectrogram of Whisper, which several speech models take, in numpy.

As Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022, arXiv:2212.04356, describe it:
80 bands of 25 ms windows every 10 ms. The mel scale is that of Slaney's Auditory Toolbox (1998), linear below 1 kHz.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

import numpy as np

from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

BANDS = 80
WINDOW, HOP = CLOCK_RATE // 40, CLOCK_RATE // 100
"""Samples: 25 ms and 10 ms."""
_LINEAR_HZ, _LINEAR_MELS = 1000.0, 15.0
"""Up to here the scale is linear; above, 27 mels make a factor of 6.4."""
_MELS_A_FACTOR = 27 / np.log(6.4)
_FAINTEST = 1e-10
_RANGE = 8.0
"""What is so many powers of ten weaker than the strongest is as weak as that."""


def log_mel(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the spectrogram of `audio`, (n,) at 16 kHz with n >= 400, as (80, n // 160), about -1 to 1."""
    padded = np.pad(audio, WINDOW // 2, mode="reflect")
    count = len(audio) // HOP
    frames = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:count]
    spectrum = np.fft.rfft(frames * _window())
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    bands = np.log10(np.maximum(_filters() @ power.T.astype(np.float32), np.float32(_FAINTEST)))
    scaled: NDArray[np.float32] = (np.maximum(bands, bands.max() - np.float32(_RANGE)) + 4) / 4
    return scaled


@functools.cache
def _window() -> NDArray[np.float32]:
    return np.hanning(WINDOW + 1)[:-1].astype(np.float32)


@functools.cache
def _filters() -> NDArray[np.float32]:
    """Return the weights of each frequency in each band, (80, 201): triangles of equal area."""
    top = _LINEAR_MELS + _MELS_A_FACTOR * np.log(CLOCK_RATE / 2 / _LINEAR_HZ)
    mels = np.linspace(0, top, BANDS + 2)
    above = _LINEAR_HZ * np.exp((mels - _LINEAR_MELS) / _MELS_A_FACTOR)
    corners = np.where(mels < _LINEAR_MELS, mels * _LINEAR_HZ / _LINEAR_MELS, above)
    low, centre, high = corners[:-2, None], corners[1:-1, None], corners[2:, None]
    hz = np.fft.rfftfreq(WINDOW, 1 / CLOCK_RATE)
    triangles = np.minimum((hz - low) / (centre - low), (high - hz) / (high - centre))
    weights: NDArray[np.float32] = (np.maximum(triangles, 0) * 2 / (high - low)).astype(np.float32)
    return weights
