"""What is done to each client, and with which sounds: the same for all, and the same each time."""

from __future__ import annotations

from typing import Final

import numpy as np
from msgspec import Struct

from device.bench import sounds
from device.bench.sounds import Sound
from device.simulation import acoustics
from device.simulation.scripted_reply import RATE
from scripts.comparing.director import Trial
from scripts.comparing.room import REPLY_DB, Line, spoken

HISS_DB: Final = -50.0
"""Under every reply, so that what is played can be told from silence at every moment."""
GAP_S: Final = 0.25
"""Between two sentences of a reply."""
GREETING_S: Final = 1.2
"""Length of what is said when a client connects."""
AFTER_S: Final = 0.8, 2.2
"""How far into a reply visitors speak."""
QUESTIONS: Final = 6
"""Different ones; they are asked in turn."""


class Phase(Struct, frozen=True):
    """A level of echo, and what happens at it."""

    echo_db: float
    interruptions: int
    backchannels: int
    alone_s: float


FULL: Final = (
    Phase(-np.inf, 8, 8, 10.0),
    Phase(-20.0, 0, 0, 25.0),
    Phase(-10.0, 5, 5, 25.0),
    Phase(0.0, 5, 5, 25.0),
    Phase(6.0, 4, 4, 25.0),
)
QUICK: Final = (Phase(-np.inf, 3, 3, 0.0), Phase(-20.0, 2, 2, 10.0))


class Cast(Struct, frozen=True):
    """The sounds."""

    greeting: bytes
    reply: bytes
    """s16le mono, 24 kHz."""
    questions: list[Line]
    interruptions: list[Sound]
    backchannels: list[Sound]

    @classmethod
    def load(cls, seed: int = 3) -> Cast:
        """Load them, in an order that mixes the voices. Raises SoundError."""
        found = sounds.load()
        rng = np.random.default_rng(seed)

        def of(kind: str) -> list[Sound]:
            chosen = [sound for sound in found if sound.kind == kind]
            return [chosen[index] for index in rng.permutation(len(chosen))]

        reply = _speech([sound for sound in found if sound.kind == "replies"])
        greeting = reply[: 2 * round(RATE * GREETING_S)]
        questions = [Line.of(sound) for sound in of("complete")[:QUESTIONS]]
        return cls(greeting, reply, questions, of("interruptions"), of("backchannels"))

    def trials(self, phase: Phase, seed: int) -> list[Trial]:
        """Return what is said in a phase, in a mixed order, each after a time of its own."""
        rng = np.random.default_rng(seed)
        start = seed * 7
        said = [self.interruptions[(start + n) % len(self.interruptions)] for n in range(phase.interruptions)]
        said += [self.backchannels[(start + n) % len(self.backchannels)] for n in range(phase.backchannels)]
        return [Trial(Line.of(said[index]), float(rng.uniform(*AFTER_S))) for index in rng.permutation(len(said))]


def _speech(said: list[Sound]) -> bytes:
    """Return one long speech, s16le mono at 24 kHz."""
    gap = np.zeros(round(GAP_S * RATE), np.float32)
    parts = [part for sound in said for part in (spoken(sound.samples(), REPLY_DB, RATE), gap)]
    speech = np.concatenate(parts)
    speech += np.random.default_rng(0).standard_normal(len(speech)).astype(np.float32) * acoustics.ratio(HISS_DB)
    pcm: bytes = np.clip(np.rint(speech * 32768), -32768, 32767).astype("<i2").tobytes()
    return pcm
