"""Music for tests: plucked chords, a bass and a drum, of our own, so that nobody else's is needed."""

from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16_000
BEAT_S = 0.4
CHORDS = ((220.0, 261.6, 329.6), (174.6, 220.0, 261.6), (261.6, 329.6, 392.0), (196.0, 246.9, 293.7))


def record(folder: Path, bars: int = 6) -> Path:
    """Write some bars of it to a WAV file, 16 kHz mono, and return that."""
    rng = np.random.default_rng(1)
    beat = round(BEAT_S * RATE)
    t = np.arange(2 * beat) / RATE
    sound = np.zeros((bars * 4 + 2) * beat)
    for bar in range(bars):
        for number in range(4):
            at = (bar * 4 + number) * beat
            chord = CHORDS[(bar + number // 2) % len(CHORDS)]
            note = sum(
                np.sin(2 * np.pi * f * k * t) / k * np.exp(-t * (3 + k))
                for f in (*chord, chord[number % 3] * 2, chord[0] / 2)
                for k in range(1, 7)
            )
            drum = rng.standard_normal(len(t)) * np.exp(-t * (60 if number % 2 else 25)) * 2
            sound[at : at + len(t)] += note + drum
    file = folder / "music.wav"
    with wave.open(str(file), "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes((sound / np.abs(sound).max() * 30_000).astype("<i2").tobytes())
    return file
