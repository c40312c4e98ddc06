"""Where in a recording the speech is, as recognisers want to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_LONGEST = 30 * CLOCK_RATE
"""Samples in one piece: the models were trained on up to 30 s; longer input is cut."""
_FRAME = 320
"""Samples of a 20 ms frame, for energy."""
PAD = 4800
"""Samples of silence that are put after the speech."""
_QUIET_DBFS = -65.0
"""No speech if no 200 ms are louder than this: below what microphones deliver of speech, above digital silence, of
which the models make words."""


def speech(audio: NDArray[np.float32]) -> tuple[int, int] | None:
    """Return the samples where the speech in `audio`, (n,) float32 at 16 kHz, begins and ends; None if it is quiet."""
    levels = energy(audio)
    loud = float(np.sort(levels)[-10:][0])  # 200 ms are as loud: a click is shorter
    return ends(levels, loud) if loud >= 10 ** (_QUIET_DBFS / 10) else None


def energy(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean square of every whole frame of 20 ms; of all of it if it is shorter."""
    frames = audio[: len(audio) // _FRAME * _FRAME].reshape(-1, _FRAME) if len(audio) >= _FRAME else audio[None]
    energy: NDArray[np.float32] = np.mean(frames**2, axis=1)
    return energy


def ends(energy: NDArray[np.float32], speech: float) -> tuple[int, int]:
    """Return the samples where the speech begins and ends: what is above the noise, or 30 dB below the speech."""
    noise = float(np.percentile(energy, 10))
    loud = np.flatnonzero(energy >= max(speech * 1e-3, min(noise * 4, speech * 1e-2)))
    return int(loud[0]) * _FRAME, int(loud[-1] + 1) * _FRAME


def framed(audio: NDArray[np.float32], begin: int, end: int) -> NDArray[np.float32]:
    """Return a part of `audio`, which may begin before it, with silence after it."""
    return np.concatenate([audio[max(0, begin) : end], np.zeros(PAD, np.float32)])


def pieces(pcm: NDArray[np.int16]) -> Iterator[NDArray[np.int16]]:
    """Cut what is too long for the models at the quietest 100 ms of each piece's last third."""
    while len(pcm) > _LONGEST:
        begin = _LONGEST * 2 // 3
        levels = energy(pcm[begin:_LONGEST].astype(np.float32))
        quiet = np.convolve(levels, np.ones(5), "valid")
        cut = begin + (int(quiet.argmin()) + 2) * _FRAME
        yield pcm[:cut]
        pcm = pcm[cut:]
    yield pcm
