"""Short sounds that say what the device does, made in numpy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL_DBFS = -20.0
"""RMS over the sounding part."""
ATTACK_MS = 6
RELEASE_MS = 15
PARTIALS = ((1, 1.0), (2, 0.25), (3, 0.08))
"""Multiples of a note's frequency and their amplitudes: soft, like a marimba."""


class _Note(Struct, frozen=True):
    """One struck note."""

    at_ms: int
    hz: float
    ms: int
    decay_ms: int
    """Time in which it falls to a third."""


_EARCONS: dict[str, tuple[int, tuple[_Note, ...]]] = {
    # Length in ms, and notes. Wake rises and is over before the user goes on; sleep falls; error stays low.
    "wake": (140, (_Note(0, 659.3, 80, 45), _Note(60, 987.8, 80, 45))),
    "sleep": (280, (_Note(0, 784.0, 140, 60), _Note(110, 523.3, 170, 70))),
    "error": (420, (_Note(0, 311.1, 180, 90), _Note(200, 293.7, 220, 110))),
    # Played over and over: three strokes, then a pause in which a "stop" is heard undisturbed.
    "timer": (1800, tuple(_Note(at, hz, 220, 90) for at in (0, 240, 480) for hz in (880.0, 1318.5))),
}
NAMES = tuple(_EARCONS)


@cache
def earcon(name: str, rate: int) -> NDArray[np.int16]:
    """Return the sound `name`, one of `NAMES`, as `(n,) int16` mono at `rate` Hz; not to be written to.

    `timer` is one period of a ring that is repeated until somebody stops it. Raises ValueError for another name.
    """
    if name not in _EARCONS:
        raise ValueError(f"no earcon is called {name!r}; there are {', '.join(NAMES)}")
    length_ms, notes = _EARCONS[name]
    sound = np.zeros(rate * length_ms // 1000)
    sounding = np.zeros(len(sound), bool)
    for note in notes:
        start, n = rate * note.at_ms // 1000, rate * note.ms // 1000
        sound[start : start + n] += _strike(note, n, rate)
        sounding[start : start + n] = True
    sound *= 32768 * 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(sound[sounding] ** 2))
    pcm = np.clip(sound.round(), -32768, 32767).astype(np.int16)
    pcm.setflags(write=False)
    return pcm


def _strike(note: _Note, n: int, rate: int) -> NDArray[np.float64]:
    t = np.arange(n) / rate
    tone = np.sum([level * np.sin(2 * np.pi * note.hz * k * t) for k, level in PARTIALS], axis=0)
    # Raised cosines at both ends: nothing starts or stops with a click.
    attack = np.clip(t / (ATTACK_MS / 1000), 0, 1)
    release = np.clip((n / rate - t) / (RELEASE_MS / 1000), 0, 1)
    ramps = (1 - np.cos(np.pi * attack)) * (1 - np.cos(np.pi * release)) / 4
    struck: NDArray[np.float64] = tone * ramps * np.exp(-t / (note.decay_ms / 1000))
    return struck
