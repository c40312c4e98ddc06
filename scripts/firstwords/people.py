"""Recordings of people, from a folder such as the benches take: see `device/bench/sounds/__init__.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from device.audio.measure import FULL_SCALE
from device.bench.sounds import load
from device.listen.first_words import meaning_of
from device.listen.lexicon import lexicon
from device.sample_clock import CLOCK_RATE
from scripts.firstwords.said import Said

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from device.bench.sounds import Sound

LONGEST = 2 * CLOCK_RATE
"""Of a noise; what comes later is never heard."""
PITCHES = {"backchannels": (1.0, 0.9, 1.1, 1.25, 1.4, 1.6), "interruptions": (1.0, 0.9, 1.2, 1.4, 1.65)}
"""Each recording is heard as it is and as from throats of other lengths: children and shouts are rare among them."""
OTHERS = (1.0, 1.35)


def said(folder: Path) -> list[Said]:
    """Return what people say and do in the sounds of `folder`, each at several pitches."""
    return [
        Said(kind, sound.text, _raised(sound, pitch), sound.voice)
        for sound in load(folder)
        if (kind := _kind(sound))
        for pitch in PITCHES.get(sound.kind, OTHERS)
    ]


def _kind(sound: Sound) -> str:
    """Return what a sound is to the network; "" for one that it is not to learn."""
    if sound.kind == "interruptions":
        words = lexicon("en")
        return "stop" if words is not None and meaning_of(sound.text, words) == "stop" else "speech"
    return {"backchannels": "backchannel", "foreign": "speech", "complete": "speech", "noises": "nothing"}.get(
        sound.kind, ""
    )


def _raised(sound: Sound, pitch: float) -> NDArray[np.float32]:
    """Return the sound with pitch and formants times `pitch`: played faster."""
    pcm = sound.samples()[:LONGEST].astype(np.float32) / np.float32(FULL_SCALE)
    raised: NDArray[np.float32] = soxr.resample(pcm, CLOCK_RATE, CLOCK_RATE / pitch, quality="HQ")
    return raised
