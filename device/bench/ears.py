"""How well the recognisers of this device understand requests, and what that costs."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from device.bench.isolated import isolated
from device.bench.requests.plan import load
from device.bench.requests.spoken import in_room, sounds
from device.bench.requests.words import word_error_rate, words
from device.bench.result import Figure, Job, Result
from device.listen.moonshine import Size, load_moonshine
from device.local.brain.sentences import Sentences
from device.local.stt.expected import Expected
from device.local.stt.moonshine import LANGUAGE
from device.simulation.rehearsal import resident_mb

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.bench.sounds import Sound

WHAT = (
    "The bundled requests, each by one of four synthetic voices in a quiet room, to Moonshine base and tiny, each in a "
    "process of its own, in turn, twice. Word error rate (WER) over all words, numbers as digits, spelling aside; the "
    "sentences choose among the hypotheses unless it says “alone”. CPU of one utterance."
)
MOST_WER = 7.0
"""Per cent: what base must reach."""


class Ears(Struct, frozen=True):
    """What one recogniser made of the requests."""

    heard: list[str]
    cpu_ms: list[float]
    resident_mb: float


def measure(job: Job) -> Result:
    """Measure. Raises BenchError or ModelError."""
    requests = [sound for _, sound in sounds(load(), job.sounds)]
    requests = requests[::6] if job.quick else requests
    said = [sound.text for sound in requests]
    figures: list[Figure] = []
    wrong: list[dict[str, str]] = []
    pairs: dict[Size, list[Ears]] = {"base": [], "tiny": []}
    for _ in range(1 if job.quick else 2):
        for size, found in pairs.items():
            job.say(f"Moonshine {size} hears {len(requests)} requests")
            found.append(isolated(listen, requests, size, job.settings.models_dir, chooses=True))
    for size, found in pairs.items():
        alone = isolated(listen, requests, size, job.settings.models_dir, chooses=False)
        cpu = [ms for one in found for ms in one.cpu_ms]
        figures += [
            Figure(f"{size}: WER", wer(said, found[0].heard), "%", MOST_WER if size == "base" else None),
            Figure("… alone", wer(said, alone.heard), "%"),
            Figure("… requests without an error", exact(said, found[0].heard), f"of {len(said)}"),
            Figure("… alone", exact(said, alone.heard), f"of {len(said)}"),
            Figure("… CPU of an utterance, median", statistics.median(cpu), "ms"),
            Figure("… p95", float(np.percentile(cpu, 95)), "ms"),
            Figure("… alone, median", statistics.median(alone.cpu_ms), "ms"),
            Figure("… memory of the process, sentences included", max(one.resident_mb for one in found), "MB"),
        ]
        heard = zip(requests, found[0].heard, strict=True)
        wrong += [
            {"size": size, "voice": sound.voice, "said": sound.text, "heard": text}
            for sound, text in heard
            if words(sound.text) != words(text)
        ]
    return Result("ears", WHAT, tuple(figures), details=tuple(wrong))


def listen(requests: Sequence[Sound], size: Size, models_dir: str, *, chooses: bool) -> Ears:
    """Hear requests as a process that does nothing else; `chooses`: the sentences choose among the hypotheses."""
    moonshine = load_moonshine(models_dir, size)
    understood = Expected(Sentences(LANGUAGE, ["Parley"]).free_words, LANGUAGE) if chooses else None
    moonshine.warm_up()
    heard, cpu_ms = [], []
    for seed, sound in enumerate(requests):
        pcm = in_room(sound, seed)
        before = time.process_time()
        heard.append(moonshine.transcribe(pcm, understood))
        cpu_ms.append((time.process_time() - before) * 1000)
    return Ears(heard, cpu_ms, resident_mb())


def wer(said: Sequence[str], heard: Sequence[str]) -> float:
    """Return the word error rate of all, per cent."""
    return word_error_rate(zip(said, heard, strict=True))


def exact(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many have no error."""
    return sum(words(one) == words(other) for one, other in zip(said, heard, strict=True))
