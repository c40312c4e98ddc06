"""Whom the wake word wakes: who says it, who says what sounds like it, and who talks on without meaning the device."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from device.audio import clips
from device.audio.measure import speech_level
from device.bench import sounds
from device.bench.result import BenchError, Figure, Job, Result, percentile
from device.listen.detectors import Detectors
from device.listen.moonshine import load_moonshine
from device.listen.wake_check import SPELLED, SURE, WINDOWS, is_clear, is_wake_word
from device.sample_clock import CLOCK_RATE
from device.simulation import acoustics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.listen.capture import WakeDetector
    from device.listen.moonshine import Moonshine

WHAT = (
    "The wake word's models and, where they leave a doubt, the recogniser, in a quiet room and in one with noise and "
    "reverberation. The bundled voices say the wake word; espeak-ng's say what sounds like it; and people talk on, if "
    "`--sounds` has recordings of some."
)
ROOMS: Final = ((0.2, -70.0), (0.5, -45.0))
"""RT60 in seconds and noise in dBFS; the voice is at -26 dBFS."""
LEVEL_DB: Final = -26.0
NEAR: Final = (
    "Hey, Java is a language.",
    "Hey, Charlie's at the door.",
    "Hey Jarred, come over here.",
    "Hey Travis, how are you?",
    "Hey, Chavez won the race.",
    "Hey, Jonas, what's up?",
    "Hey, Harvey is late again.",
    "Hey, Darwin, is that you?",
    "Hey, Jeremy is asleep.",
    "Hey, drive us home.",
)
VOICES: Final = ("en-us", "en-gb", "en-us+Annie", "en-gb-scotland", "en-us+m3", "en-gb+f4", "en-us+f2", "en-029")
WORDS_PER_MINUTE: Final = 165
BEFORE_S, AFTER_S = 1.0, 0.7
"""Of the room before and after what is said."""
PIECE: Final = 60 * CLOCK_RATE
"""What is heard of long speech at a time; the last of it, if shorter, too."""


class Count(Struct):
    """What came of sounds."""

    played: int = 0
    detected: int = 0
    """By the wake word's models alone: what would wake it without `wake.confirm`."""
    sure: int = 0
    """Of these, without a doubt."""
    woke: int = 0
    seconds: float = 0.0


class Listener:
    """Hears one sound after the other as the daemon does asleep."""

    def __init__(self, wake: WakeDetector, recogniser: Moonshine) -> None:
        self._wake = wake
        self._recogniser = recogniser
        self._heard = 0
        self.hearing_ms: list[float] = []
        """Processor time of each doubt."""

    def hear(self, pcm: NDArray[np.int16], count: Count) -> None:
        """Take `(n,) int16, 16 kHz mono`."""
        count.played += 1
        count.seconds += len(pcm) / CLOCK_RATE
        start, self._heard = self._heard, self._heard + len(pcm)
        found = list(self._wake.push(pcm))
        count.detected += len(found)
        for hit in found:
            sure = hit.score >= SURE or hit.word not in SPELLED
            count.sure += sure
            count.woke += sure or self._confirmed(hit.word, pcm, hit.position - start)

    def _confirmed(self, word: str, pcm: NDArray[np.int16], at: int) -> bool:
        if not is_clear(pcm[max(0, at - WINDOWS[0][0]) : at]):
            return True
        began = time.process_time()
        said = any(
            is_wake_word(word, pcm[max(0, at - before) : at + after], self._recogniser) for before, after in WINDOWS
        )
        self.hearing_ms.append((time.process_time() - began) * 1000)
        return said


def measure(job: Job) -> Result:
    """Measure. Raises BenchError or ModelError."""
    try:
        people = [sound for sound in sounds.load(job.sounds) if sound.kind == "long"] if job.sounds else []
        said = [sound.samples() for sound in sounds.load() if sound.kind == "wake"]
        near = [_spoken(text, voice) for voice in VOICES for text in NEAR]
    except (sounds.SoundError, clips.ClipError) as error:
        raise BenchError(str(error)) from error
    if job.quick:
        said, near = said[::4], near[::16]
    detectors = Detectors.load(job.settings.wake, job.settings.models_dir)
    listener = Listener(detectors.wake, load_moonshine(job.settings.models_dir))
    figures: list[Figure] = []
    for rt60, noise_db in ROOMS:
        where = f"RT60 {rt60:g} s, noise {noise_db:g} dBFS"
        job.say(where)
        words, others = Count(), Count()
        for count, those in ((words, said), (others, near)):
            for seed, pcm in enumerate(those):
                listener.hear(in_room(pcm, rt60, noise_db, seed), count)
        figures += _figures(where, words, others)
    figures.append(Figure("… processor time of a doubt, p95", percentile(listener.hearing_ms, 95), "ms"))
    talk = Count()
    for sound in people:
        job.say(f"{sound.voice}, {sound.variant}")
        pcm = sound.samples()
        for start in range(0, PIECE if job.quick else len(pcm), PIECE):
            listener.hear(pcm[start : start + PIECE], talk)
    if people:
        figures += [
            Figure(
                f"false wakes in 10 hours of people who talk on, of {talk.seconds / 60:.0f} min", _rate(talk), "", 1
            ),
            Figure("… detected", talk.detected, ""),
        ]
    return Result("wake", WHAT, tuple(figures))


def in_room(pcm: NDArray[np.int16], rt60: float, noise_db: float, seed: int) -> NDArray[np.int16]:
    """Return speech, `(n,) int16, 16 kHz mono`, as it arrives in a room, with the room before and after it."""
    rng = np.random.default_rng(seed)
    speech = pcm.astype(np.float32) * np.float32(acoustics.ratio(LEVEL_DB - speech_level(pcm, CLOCK_RATE)) / 32768)
    reverberant = acoustics.convolve(speech.astype(np.float32), acoustics.impulse_response(CLOCK_RATE, rt60, -3.0, rng))
    heard = np.pad(reverberant, (round(BEFORE_S * CLOCK_RATE), round(AFTER_S * CLOCK_RATE))).astype(np.float64)
    heard += rng.standard_normal(len(heard)) * acoustics.ratio(noise_db)
    pcm16: NDArray[np.int16] = np.clip(np.rint(heard * 32767), -32768, 32767).astype(np.int16)
    return pcm16


def _spoken(text: str, voice: str) -> NDArray[np.int16]:
    pcm: NDArray[np.int16] = np.rint(clips.speak(text, voice, WORDS_PER_MINUTE).at(CLOCK_RATE) * 32767).astype(np.int16)
    return pcm


def _figures(where: str, words: Count, near: Count) -> list[Figure]:
    def share(name: str, part: int, of: int) -> Figure:
        return Figure(name, 100 * part / of if of else float("nan"), "%", of=of)

    return [
        share(f"wake words that are detected, {where}", words.detected, words.played),
        share("… and wake it", words.woke, words.detected),
        share("… without a doubt, at once", words.sure, words.detected),
        share("near words that are detected", near.detected, near.played),
        share("… and wake it", near.woke, near.played),
    ]


def _rate(talk: Count) -> float:
    return talk.woke / max(talk.seconds, 1e-9) * 36_000
