"""Speech for tests, made by espeak-ng."""

from __future__ import annotations

import io
import subprocess
import wave
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import soxr

if TYPE_CHECKING:
    from numpy.typing import NDArray


@cache
def say(text: str, voice: str = "en-gb", words_per_minute: int = 150, dbfs: float = -26.0) -> NDArray[np.int16]:
    """Return `text` spoken as (n,) int16 at 16 kHz, without silence at its ends.

    `dbfs` is the RMS level while speaking.
    """
    command = ["espeak-ng", "-v", voice, "-s", str(words_per_minute), "--stdout", text]
    spoken = subprocess.run(command, capture_output=True, check=True).stdout
    with wave.open(io.BytesIO(spoken)) as file:
        rate, data = file.getframerate(), file.readframes(1 << 30)
    speech = soxr.resample(np.frombuffer(data, np.int16).astype(np.float64) / 32768, rate, 16_000)
    voiced = np.flatnonzero(np.abs(speech) > 0.01)
    speech, loud = speech[voiced[0] : voiced[-1] + 1], speech[voiced]
    speech *= 10 ** (dbfs / 20) / np.sqrt(np.mean(loud**2))
    pcm: NDArray[np.int16] = (np.clip(speech, -1, 1) * 32767).astype(np.int16)
    pcm.setflags(write=False)
    return pcm


def silence(seconds: float) -> NDArray[np.int16]:
    """Return digital silence, (n,) int16 at 16 kHz."""
    return np.zeros(round(seconds * 16_000), np.int16)


def noise(seconds: float, dbfs: float, seed: int = 1) -> NDArray[np.int16]:
    """Return white noise, (n,) int16 at 16 kHz, of RMS level `dbfs`."""
    random = np.random.default_rng(seed)
    return (random.standard_normal(round(seconds * 16_000)) * 32768 * 10 ** (dbfs / 20)).round().astype(np.int16)


def mix(*parts: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the sum of signals from their common start, as long as the longest."""
    total = np.zeros(max(map(len, parts)))
    for part in parts:
        total[: len(part)] += part
    return np.clip(total.round(), -32768, 32767).astype(np.int16)
