"""Short sounds that say what the device does, made in numpy."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVEL_DBFS = -20.0
"""RMS over the sounding part: as loud as the benches' speech."""
ATTACK_MS, RELEASE_MS = 6, 15
"""Ramps at the ends of a note: shorter ones click, longer ones sound of no stroke."""
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
    # Length in ms, and notes of equal temperament: E5 B5, G5 C5, E flat 4 D4, A5 E6. Small loudspeakers play nothing
    # much lower. Wake rises and is over before the user goes on; sleep falls; error stays low.
    "wake": (140, (_Note(0, 659.3, 80, 45), _Note(60, 987.8, 80, 45))),
    "sleep": (280, (_Note(0, 784.0, 140, 60), _Note(110, 523.3, 170, 70))),
    "error": (420, (_Note(0, 311.1, 180, 90), _Note(200, 293.7, 220, 110))),
    # Played over and over: three strokes, then a pause in which a "stop" is heard undisturbed.
    "timer": (1800, tuple(_Note(at, hz, 220, 90) for at in (0, 240, 480) for hz in (880.0, 1318.5))),
}
READY = "ready"
READY_MS = 1200
"""The shortest start-up sound from which the echo canceller learns the room (measured: an ERLE of 11 dB and more)."""
READY_BAND_HZ = (150.0, 6000.0)
"""What small loudspeakers play, and what of speech the canceller has to know."""
NAMES = (*_EARCONS, READY)


@cache
def earcon(name: str, rate: int) -> NDArray[np.int16]:
    """Return the sound `name`, one of `NAMES`, as `(n,) int16` mono at `rate` Hz; not to be written to.

    `timer` is one period of a ring that is repeated until somebody stops it; `ready` is played once at the start, and
    holds all frequencies, so that the echo canceller knows the room before the first reply. Raises ValueError for
    another name.
    """
    if name == READY:
        return _levelled(_swell(rate), slice(None))
    if name not in _EARCONS:
        raise ValueError(f"no earcon is called {name!r}; there are {', '.join(NAMES)}")
    length_ms, notes = _EARCONS[name]
    sound = np.zeros(rate * length_ms // 1000)
    sounding = np.zeros(len(sound), bool)
    for note in notes:
        start, n = rate * note.at_ms // 1000, rate * note.ms // 1000
        sound[start : start + n] += _strike(note, n, rate)
        sounding[start : start + n] = True
    return _levelled(sound, sounding)


def _levelled(sound: NDArray[np.float64], sounding: NDArray[np.bool_] | slice) -> NDArray[np.int16]:
    level = float(32768 * 10 ** (LEVEL_DBFS / 20) / np.sqrt(np.mean(sound[sounding] ** 2)))
    pcm = np.clip((sound * level).round(), -32768, 32767).astype(np.int16)
    pcm.setflags(write=False)
    return pcm


def _swell(rate: int) -> NDArray[np.float64]:
    """Return pink noise that rises and falls like a wave on a beach; always the same."""
    n = rate * READY_MS // 1000
    spectrum = np.fft.rfft(np.random.default_rng(1).standard_normal(n))
    hz = np.fft.rfftfreq(n, 1 / rate)
    low, high = READY_BAND_HZ
    spectrum *= np.where((hz > low) & (hz < high), 1 / np.sqrt(np.maximum(hz, low)), 0)
    wave: NDArray[np.float64] = np.fft.irfft(spectrum, n) * np.sin(np.linspace(0, np.pi, n)) ** 2
    return wave


def _strike(note: _Note, n: int, rate: int) -> NDArray[np.float64]:
    t = np.arange(n) / rate
    tone = np.sum([level * np.sin(2 * np.pi * note.hz * k * t) for k, level in PARTIALS], axis=0)
    # Raised cosines at both ends: nothing starts or stops with a click.
    attack = np.clip(t / (ATTACK_MS / 1000), 0, 1)
    release = np.clip((n / rate - t) / (RELEASE_MS / 1000), 0, 1)
    ramps = (1 - np.cos(np.pi * attack)) * (1 - np.cos(np.pi * release)) / 4
    struck: NDArray[np.float64] = tone * ramps * np.exp(-t / (note.decay_ms / 1000))
    return struck
