"""Time inside the audio callback, and how late it comes, on a machine that is busy with something else."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.stream import be_urgent
from device.bench import lateness
from device.bench.busy import busy
from device.bench.isolated import isolated
from device.bench.live import Live, plain
from device.bench.result import Figure, Job, Result, percentile
from device.conversation.entries import ReplyFirstAudio
from device.listen.detectors import Detectors
from device.simulation.room import Room
from device.simulation.scene import Scene, Visitor
from device.simulation.timed_engine import Plan, TimedEngine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.bench.metronome import Late

WHAT = (
    "Time inside the callback, every 10 ms, in a room where people and the device talk (scripted engine), while "
    "another process keeps one core busy. The room's thread has the priority that the sound card's has, where the user "
    "may. Lost are samples that the daemon was too late to take from the card's ring. Lateness: a thread like a sound "
    "card's in a process that does what the daemon does, while every core is kept busy by another process; from the "
    "moment at which the card wants to be served until the callback begins, and has ended."
)
AT_MOST_MS = 2.0
"""A choice: a fifth of a block, so that a callback that begins late still fills it in time."""
LATE_AT_MOST_MS = 5.0
"""A choice: half a block, and an eighth of the buffer that a card is asked for."""
SAID = (
    "And then we went home, since it was late already.",
    "I do not think so.",
    "Well, it is a long story, is it not?",
)


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
    with TimedEngine(Plan(every_s=3.0, reply_s=5.0)) as engine, busy(1):
        live = Live(room, settings, engine.url)
        asyncio.run(live.play(detectors))
    took = room.callback_ns / 1e6
    seconds = 5.0 if job.quick else minutes * 60 / len(lateness.EVERY_S)
    job.say(f"{seconds * len(lateness.EVERY_S) / 60:.1f} minutes of callbacks, while every core is kept busy")
    apart, in_process = (
        isolated(lateness.measure, settings.wake, settings.models_dir, seconds, apart=apart) for apart in (True, False)
    )
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
            *figures("the card in a process of its own", *apart, LATE_AT_MOST_MS),
            *figures("the card in the daemon's process", *in_process),
        ),
    )


def figures(where: str, found: dict[str, Late], beside: Late, at_most: float | None = None) -> list[Figure]:
    """Return what there is to say of how late the callback was `where`, by what the process did meanwhile.

    `beside` is how late one was that had a process without anything else.
    """
    begun = np.concatenate([late.begun for late in found.values()])
    ended = np.concatenate([late.ended for late in found.values()])
    return [
        Figure(f"{where}, {len(begun)} callbacks begun late by: median", percentile(begun, 50), "ms"),
        *(Figure(f"… p{q:g}", percentile(begun, q), "ms") for q in (99, 99.9)),
        Figure("… p99.99", percentile(begun, 99.99), "ms", at_most),
        Figure("… the worst", float(begun.max(initial=0)), "ms"),
        Figure("… ended late by: p99.99", percentile(ended, 99.99), "ms"),
        Figure("… a thread that does nothing else, beside it: p99.99", percentile(beside.begun, 99.99), "ms"),
        *(Figure(f"… {burden}: p99.99", percentile(late.begun, 99.99), "ms") for burden, late in found.items()),
    ]
