"""How long the answer to a question takes, with the local engine."""

from __future__ import annotations

import asyncio
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from msgspec.structs import replace

from device.bench.result import BenchError, Figure, Job, Result, spread
from device.records.entry import Turn
from device.simulation.rehearsal import Rehearsal
from device.simulation.scene import Acoustics, Scene, Visitor
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.records.entry import Gathered

WHAT = (
    "From the end of a question on the recording's visitor track to the first audio of the answer on its loudspeaker "
    "track, the silence that ends a turn included; the local engine in a process of its own."
)
AT_MOST_MS, P95_MS = 650.0, 1000.0
"""As the project has set them. Most of it is the silence that ends a turn, which trades speed for not cutting in."""
QUESTIONS = (
    ("hey jarvis, what time is it?", "en-us+Annie"),
    ("what can you do?", "en-us+Annie"),
    ("how many kilometres is five miles?", "en-gb"),
    ("set a timer for ten minutes", "en-us"),
    ("what is seven times eight?", "en-gb-scotland"),
    ("what day is it today?", "en-gb+f2"),
    ("how are you?", "en-us+Annie"),
    ("cancel the timer", "en-us"),
    ("what is twenty percent of fifty?", "en-gb"),
    ("what is the capital of France?", "en-us+Annie"),
    ("how many feet are in a mile?", "en-gb-scotland"),
    ("thank you", "en-gb"),
)
Timed = Literal["voice_end", "engine_speech_stopped", "reply_start", "reply_received", "reply_first_audio"]
STAGES: Final[dict[Timed, str]] = {
    "voice_end": "the same by the device's voice detector",
    "engine_speech_stopped": "end of turn, by the engine",
    "reply_start": "reply begun",
    "reply_received": "first audio received",
    "reply_first_audio": "first audio at the loudspeaker",
}
"""Of a turn's record, in their order; what each is to people."""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError, SceneError or EngineError."""
    questions = QUESTIONS[:4] if job.quick else QUESTIONS
    job.say(f"{len(questions)} questions to the local engine")
    settings = replace(job.settings, engines=("local",), local=replace(job.settings.local, url=""))
    visitors = [Visitor(at=1.0, text=questions[0][0], voice=questions[0][1])]
    visitors += [Visitor(after="reply_end", plus=0.8, text=text, voice=voice) for text, voice in questions[1:]]
    scene = Scene(
        name="latency", seconds=10.0 * len(questions) + 10, room=Acoustics(rt60=0.25), visitors=tuple(visitors)
    )
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        played = Rehearsal(scene, settings, Path(folder), config=job.config)
        summary = asyncio.run(played.play())
    answers = [turn.reply_ms for turn in summary.turns if turn.reply_ms is not None]
    if not answers:
        raise BenchError(f"the local engine answered nothing: run `{typed('engine')}` to see why")
    return Result(
        "latency",
        WHAT,
        (
            *spread(f"{len(answers)} answers", answers, "ms", median=AT_MOST_MS, p95=P95_MS),
            Figure("questions without an answer", len(questions) - len(answers), "", 0),
            *stages(
                [entry.gathered for entry in played.entries if isinstance(entry, Turn)],
                [visit.offset / played.room.rate for visit in played.room.visits],
            ),
        ),
    )


def stages(turns: Sequence[Gathered], ends: Sequence[float]) -> list[Figure]:
    """Return the median of each stage after the one before it, in ms, from the ledger's records of turns.

    `ends` are where visitors stopped speaking, in seconds. Only turns in which nothing is missing count.
    """
    whole = [turn for turn in turns if all(stage in turn for stage in STAGES)]
    names = list(STAGES)
    late = [
        1000 * (turn["voice_end"] - min(ends, key=lambda end: abs(end - turn["voice_end"]))) for turn in whole if ends
    ]
    figures = [spread(f"end of speech → {STAGES['voice_end']}", late, "ms")[0]]
    for before, stage in pairwise(names):
        took = [1000 * (turn[stage] - turn[before]) for turn in whole]
        figures.append(spread(f"… → {STAGES[stage]}", took, "ms")[0])
    return figures
