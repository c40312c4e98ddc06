"""What a canceller is measured with: speech of the device and of a visitor in simulated rooms, at 16 kHz.

Each room has the same timetable: the device speaks all the time, alone until a visitor speaks over it, and later the
room changes at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.measure import FULL_SCALE, speech_level
from device.sample_clock import CLOCK_RATE, samples
from device.simulation import acoustics

if TYPE_CHECKING:
    from collections.abc import Sequence

DEVICE_DBFS, VISITOR_DBFS = -24.0, -26.0
"""While they speak: a choice, about as loud as the bundled sounds."""
SECONDS = 32.0
"""Of the whole timetable."""
SETTLED_S = 6.0
"""From then on, the canceller must know the room."""
VISITOR_S = (14.0, 18.0)
"""When the visitor begins the first and the last sentence."""
CHANGE_S = 22.0
"""When the room changes."""
OUTPUT_LATENCY_MS = 20
"""As a scene's card has it by default."""
ECHO_REVERB_DB, VISITOR_REVERB_DB = -6.0, -10.0
"""Energy of the reverberation relative to the direct sound, as in scenes."""
PAUSE_MS = 300
"""Between sentences."""
BLOCK = samples(10)
"""The canceller's."""

Sound = NDArray[np.float32]


class Place(Struct, frozen=True, kw_only=True):
    """A room, a loudspeaker and a card."""

    clip: float = 0.25
    """What the loudspeaker cannot exceed, as a part of full scale."""
    rt60: float = 0.2
    echo_db: float = 0.0
    """Level of the echo relative to the visitor's speech."""
    delay_ms: int = 40
    drift_ppm: float = 0.0
    slip_ms: int = 0
    """By how much the echo comes earlier from `CHANGE_S` on, in the same room; 0: it is another room then."""
    noise_db: float = -70.0
    visitor_db: float | None = VISITOR_DBFS
    """Level of the visitor; None: nobody is there."""
    seed: int = 0
    """Of the rooms, and of who speaks."""


class Scene(Struct, frozen=True):
    """What is played and heard in a place; all `(n,)`, of the same moments."""

    played: NDArray[np.int16]
    heard: NDArray[np.int16]
    echo: Sound
    visitor: Sound
    sentences: list[tuple[int, int]]
    """Where the visitor speaks: (first sample, end)."""


def build(place: Place, replies: Sequence[Sound], sentences: Sequence[Sound], seconds: float = SECONDS) -> Scene:
    """Let the device say `replies` and the visitor some of `sentences` in a place."""
    n = samples(1000 * seconds)
    rng = np.random.default_rng([place.seed, 7])
    played = talk(replies, place.seed, n, DEVICE_DBFS)
    echo = _echo(place, played, rng)
    visitor, spoken = np.zeros(n, np.float32), []
    if place.visitor_db is not None:
        room = acoustics.impulse_response(CLOCK_RATE, place.rt60, VISITOR_REVERB_DB, rng)
        at, which = samples(1000 * VISITOR_S[0]), place.seed
        while at <= samples(1000 * VISITOR_S[1]):
            sentence = acoustics.convolve(_levelled(sentences[which % len(sentences)], place.visitor_db), room)
            visitor[at : at + len(sentence)] += sentence
            spoken.append((at, at + len(sentence)))
            at, which = at + len(sentence) + samples(PAUSE_MS), which + 1
    noise = acoustics.noise("pink", CLOCK_RATE, rng) * np.float32(acoustics.ratio(place.noise_db))
    return Scene(pcm(played), pcm(echo + visitor + np.resize(noise, n)), echo, visitor, spoken)


def talk(sounds: Sequence[Sound], first: int, n: int, level: float) -> Sound:
    """Return `n` samples of one sound after the other, with pauses, from the `first` on."""
    parts, length, which = [], 0, first
    while length < n:
        parts += [_levelled(sounds[which % len(sounds)], level), np.zeros(samples(PAUSE_MS), np.float32)]
        length += len(parts[-2]) + len(parts[-1])
        which += 1
    spoken: Sound = np.concatenate(parts)[:n]
    return spoken


def _echo(place: Place, played: Sound, rng: np.random.Generator) -> Sound:
    """Return the echo of what is played, until `CHANGE_S` and after it."""
    distorted = acoustics.saturate(played, place.clip)
    loss = acoustics.saturation_loss(acoustics.ratio(DEVICE_DBFS), place.clip)
    gain = np.float32(acoustics.ratio(VISITOR_DBFS + place.echo_db - DEVICE_DBFS) / loss)
    first, other = (acoustics.impulse_response(CLOCK_RATE, place.rt60, ECHO_REVERB_DB, rng) * gain for _ in range(2))
    before = acoustics.convolve(_delayed(place, distorted, 0), first)[: len(played)]
    after = acoustics.convolve(_delayed(place, distorted, place.slip_ms), first if place.slip_ms else other)
    change = samples(1000 * CHANGE_S)
    return np.concatenate((before[:change], after[change : len(played)]))


def _delayed(place: Place, played: Sound, less_ms: int) -> Sound:
    delay = samples(place.delay_ms + OUTPUT_LATENCY_MS - less_ms)
    # It never slips by itself here: that would take minutes.
    air = acoustics.DriftingDelay(delay, BLOCK, drift_ppm=place.drift_ppm, slip=len(played))
    out = []
    for at in range(0, len(played), BLOCK):
        out.append(air.read())
        air.write(played[at : at + BLOCK])
    return np.concatenate(out)


def _levelled(sound: Sound, level: float) -> Sound:
    return sound * np.float32(acoustics.ratio(level - speech_level(pcm(sound), CLOCK_RATE)))


def pcm(sound: Sound) -> NDArray[np.int16]:
    """Return a sound as a card has it."""
    whole = np.clip(np.rint(sound * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1)
    rounded: NDArray[np.int16] = whole.astype(np.int16)
    return rounded
