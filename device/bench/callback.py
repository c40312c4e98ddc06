"""Time inside the audio callback, on a machine that is busy with something else."""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from typing import TYPE_CHECKING

from device.audio.card.stream import be_urgent
from device.bench.live import Live, plain
from device.bench.result import Figure, Job, Result, percentile
from device.conversation.entries import ReplyFirstAudio
from device.listen.detectors import Detectors
from device.simulation.room import Room
from device.simulation.scene import Scene, Visitor
from device.simulation.timed_engine import Plan, TimedEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

WHAT = (
    "Time inside the callback, every 10 ms, in a room where people and the device talk (scripted engine), while "
    "another process keeps one core busy. The room's thread has the priority that the sound card's has, where the user "
    "may. Lost are samples that the daemon was too late to take from the card's ring."
)
AT_MOST_MS = 2.0
"""A choice: a fifth of a block, so that a callback that begins late still fills it in time."""
SAID = (
    "And then we went home, since it was late already.",
    "I do not think so.",
    "Well, it is a long story, is it not?",
)
# Ends with whoever started it, however that ends.
_BUSY = """
import os
parent = os.getppid()
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


class UrgentRoom(Room):
    """A room whose callbacks come in a thread like a sound card's."""

    _urgent = False

    def exchange(self, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        """Exchange a block; before the first, do as the card's stream does."""
        if not self._urgent:
            self._urgent = True
            be_urgent()
        return super().exchange(heard)


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    minutes = 1.0 if job.quick else 10.0
    settings = plain(job.settings)
    job.say(f"{minutes:g} minutes of room, while one core is kept busy")
    visitors = tuple(Visitor(at=at, text=SAID[at % 3]) for at in range(5, round(minutes * 60) - 5, 13))
    room = UrgentRoom(Scene(name="callback", seconds=minutes * 60, visitors=visitors))
    detectors = Detectors.load(settings.wake, settings.models_dir)
    with TimedEngine(Plan(every_s=3.0, reply_s=5.0)) as engine, busy():
        live = Live(room, settings, engine.url)
        asyncio.run(live.play(detectors))
    took = room.callback_ns / 1e6
    replies = sum(isinstance(entry, ReplyFirstAudio) for entry in live.entries)
    return Result(
        "callback",
        WHAT,
        (
            Figure(f"{len(took)} callbacks, median", percentile(took, 50), "ms"),
            Figure(f"{len(took)} callbacks, p99.9", percentile(took, 99.9), "ms", AT_MOST_MS),
            Figure("the longest", float(took.max(initial=0)), "ms"),
            Figure("samples lost", live.lost, "", 0),
            Figure("blocks that came more than 40 ms late", room.xruns.underruns, ""),
            Figure("replies played", replies, ""),
        ),
    )


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Keep one core busy during a block, by another process."""
    process = subprocess.Popen([sys.executable, "-c", _BUSY])  # noqa: S603 - our own interpreter
    try:
        yield
    finally:
        process.kill()
        process.wait()
