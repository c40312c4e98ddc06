"""Whether the engine is told the truth about what was heard of a reply that was cut off."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from device.bench.live import plain, sessions
from device.bench.result import Figure, Job, Result, spread
from device.conversation.entries import ReplyFirstAudio
from device.conversation.events import Button
from device.simulation import recording
from device.simulation.rehearsal import Rehearsal
from device.simulation.scene import Acoustics, Scene, Visitor
from device.simulation.timed_engine import Plan, TimedEngine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.daemon.daemon import Daemon


WHAT = (
    "A scripted engine and a room with echo. A visitor interrupts replies at varied times; |audio_end_ms that the "
    "engine was told - milliseconds of the reply on the recording's loudspeaker track|."
)
AT_MOST_MS = 20.0
"""A choice: a fraction of a syllable, so that the engine goes on from the word that was heard last."""
INTERRUPTIONS = ("No, wait a moment, please.", "Stop, that is not what I meant.", "Hold on, something else first.")
"""What the visitor says in turn: too long to be a backchannel."""
VOICES = ("en-us+Annie", "en-gb", "en-us", "en-gb-scotland")
GAP_MS = 200
"""Silence that parts one reply from the next: within them there is none, for they are spoken over a hiss."""


async def begin(daemon: Daemon) -> None:
    """Begin a conversation with the button, as soon as the device is there."""
    daemon.on(Button(daemon.position))


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    count = 5 if job.quick else 20
    plan = Plan(every_s=3.5, reply_s=9.0)
    after = 0.4 + 6.0 * np.random.default_rng(7).permutation(count) / count
    job.say(f"{count} interruptions, {after.min():.1f} to {after.max():.1f} s after the beginning of replies")
    # Not after "speaking": a reply that was lowered and came back would count as another.
    visitors = tuple(
        Visitor(after="thinking", plus=float(plus), text=INTERRUPTIONS[i % 3], voice=VOICES[i % 4])
        for i, plus in enumerate(after)
    )
    scene = Scene(
        name="heard", seconds=float(after.sum() + 4.0 * count + 5), room=Acoustics(rt60=0.25), visitors=visitors
    )
    with TimedEngine(plan) as engine, tempfile.TemporaryDirectory(prefix="parley-") as folder:
        settings = plain(job.settings)
        played = Rehearsal(scene, settings, Path(folder), session=sessions(settings, engine.url))
        asyncio.run(played.play(begin))
        told = engine.report().truncated
        tracks = recording.load(Path(folder, "conversation.wav"))
    starts = {entry.item: entry.t for entry in played.entries if isinstance(entry, ReplyFirstAudio)}
    errors = differences(told, starts, passages(tracks.loudspeaker, tracks.rate))
    return Result(
        "heard",
        WHAT,
        (
            Figure("the worst", max(errors, default=float("nan")), "ms", AT_MOST_MS),
            *spread(f"{len(errors)} interruptions", errors, "ms"),
            Figure("interruptions that came to nothing", max(0, count - len(errors)), "", 0),
        ),
    )


def passages(track: NDArray[np.int16], rate: int) -> list[tuple[float, float]]:
    """Return where there is sound on `track`, from its first sample to its last: (start, end) in seconds."""
    heard = np.flatnonzero(track)
    if not len(heard):
        return []
    gaps = np.flatnonzero(np.diff(heard) > rate * GAP_MS // 1000)
    starts, ends = np.append(heard[0], heard[gaps + 1]), np.append(heard[gaps], heard[-1]) + 1
    return [(float(start) / rate, float(end) / rate) for start, end in zip(starts, ends, strict=True)]


def differences(told: dict[str, int], starts: dict[str, float], found: list[tuple[float, float]]) -> list[float]:
    """Return by how many ms what was told of each item differs from the passage that begins where the item began.

    `starts` are in seconds, and at most 100 ms wrong. An item that no passage belongs to is left out.
    """
    errors = []
    for item, ms in told.items():
        for start, end in found:
            if item in starts and abs(start - starts[item]) < 0.1:
                errors.append(abs(ms - 1000 * (end - start)))
    return errors
