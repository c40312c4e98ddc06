"""How well the voice of the local engine can be understood, how soon it begins, and what it costs."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Final

import msgspec
import numpy as np
from msgspec import Struct

from device.audio.resample import resample
from device.bench.requests.words import errors
from device.bench.result import BenchError, Figure, Job, Result, spread
from device.data import DATA
from device.listen.moonshine import load_moonshine
from device.local.stages import EngineStartError, RemoteVoice
from device.local.tts.choice import choose
from device.local.tts.level import DBFS, speaking_level
from device.local.tts.opening import open_voice
from device.local.tts.spoken import Spoken
from device.sample_clock import CLOCK_RATE
from device.simulation.rehearsal import resident_mb
from device.system.memory import give_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from device.local.stages import Voice

WHAT = (
    "The voice in force says answers of the assistant's, one thread; processor time to the first sound and the last. "
    "The recogniser writes down what it hears: word errors, numbers in words on both sides. Half of the sentences were "
    "looked at while the voices were made, the other half is judged only."
)
FIRST_MS: Final = 150.0
"""Processor time to the first sound: issue 14's."""
ERRORS: Final = 6.0
"""Per cent of the words: issue 14's."""
LEVEL_DB: Final = 2.0
"""How far the mean level may be from `DBFS`; a choice: half as much again is heard as another loudness."""
_AGAINST: Final = {"ok": "okay", "grey": "gray"}
"""Spellings of the same word."""


class Sentences(Struct, frozen=True, forbid_unknown_fields=True):
    """`data/voice_sentences.toml`."""

    built: list[str]
    kept: list[str]


class Said(Struct, frozen=True):
    """A sentence that was spoken."""

    text: str
    heard: str
    errors: int
    words: int
    first_ms: float
    """Of the processor, to the first sound."""
    cpu_s: float
    seconds: float
    level: float
    """While speaking, dBFS."""
    peak: float


def measure(job: Job) -> Result:
    """Measure. Raises BenchError or ModelError."""
    chosen = choose(job.settings)
    give_back()
    before = resident_mb()
    try:
        voice = open_voice(job.settings, chosen)
    except EngineStartError as error:
        raise BenchError(str(error)) from error
    if isinstance(voice, RemoteVoice):
        raise BenchError("the voice in force is elsewhere: set local.tts to one that speaks here")
    voice.warm_up()
    sentences = msgspec.toml.decode((DATA / "voice_sentences.toml").read_bytes(), type=Sentences)
    count = 4 if job.quick else None
    spoken = {half: [_speak(voice, text) for text in getattr(sentences, half)[:count]] for half in ("built", "kept")}
    give_back()
    resident = resident_mb() - before
    job.say(f"{sum(map(len, spoken.values()))} sentences by {chosen.kind} {chosen.voice}")
    recogniser = load_moonshine(job.settings.models_dir)
    words = Spoken("en")

    def heard(text: str, pcm: NDArray[np.int16], times: tuple[float, float]) -> Said:
        found = recogniser.transcribe(resample(pcm, voice.rate, CLOCK_RATE))
        return judge(text, found, pcm, voice.rate, times=times, words=words)

    judged = {half: [heard(*one) for one in said] for half, said in spoken.items()}
    everything = [one for said in judged.values() for one in said]
    return Result(
        "voices",
        WHAT,
        (
            *(Figure(f"words misheard, {half}", word_errors(said), "%", ERRORS) for half, said in judged.items()),
            *spread("processor time to the first sound", [one.first_ms for one in everything], "ms", p95=FIRST_MS),
            *spread("processor time a sentence", [1000 * one.cpu_s for one in everything], "ms"),
            Figure("of real time", sum(o.cpu_s for o in everything) / sum(o.seconds for o in everything), ""),
            Figure("level off the usual", abs(float(np.mean([o.level for o in everything])) - DBFS), "dB", LEVEL_DB),
            Figure("highest peak", max(one.peak for one in everything), "", 0.999),
            Figure("memory that it takes", resident, "MB"),
        ),
        (f"{chosen.kind} {chosen.voice}: {chosen.why}",),
        details=tuple(msgspec.to_builtins(one) | {"half": half} for half, said in judged.items() for one in said),
    )


def _speak(voice: Voice, text: str) -> tuple[str, NDArray[np.int16], tuple[float, float]]:
    """Return a sentence's speech, and the seconds of this process to its first sound and to its last."""
    began, first, pieces = time.process_time(), 0.0, []
    for piece in voice.speak(text):
        if not isinstance(piece, tuple):
            first = first or time.process_time() - began
            pieces.append(piece)
    return text, np.concatenate(pieces), (first, time.process_time() - began)


def judge(
    text: str, heard: str, pcm: NDArray[np.int16], rate: int, *, times: tuple[float, float], words: Spoken
) -> Said:
    """Compare what was said with what was heard of it."""
    meant, found = bare(words.say(text)), bare(words.say(heard))
    level = 20 * np.log10(max(1e-6, speaking_level(pcm / 32768, rate)))
    peak = float(np.abs(pcm.astype(np.int32)).max()) / 32767
    wrong = errors(meant, found)
    return Said(
        text, heard, wrong, len(meant), 1000 * times[0], times[1], len(pcm) / rate, round(float(level), 1), peak
    )


def bare(text: str) -> list[str]:
    """Return the words of a text, in small letters and without marks."""
    plain = text.lower().replace("-", " ").replace("'", "")
    return [_AGAINST.get(word, word) for word in re.findall(r"[^\W_]+", plain)]


def word_errors(said: Sequence[Said]) -> float:
    """Return the errors in per cent of the words."""
    return 100 * sum(one.errors for one in said) / max(1, sum(one.words for one in said))
