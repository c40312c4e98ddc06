"""What engines cost: our Realtime client by the hour, and the local engine by the session."""

from __future__ import annotations

import asyncio
import os
from statistics import median
from typing import TYPE_CHECKING

from device.bench.engine_client import Cost, Flood, cost_of_ours, cost_of_sdk
from device.bench.engine_load import Load, load, questions
from device.bench.result import BenchError, Figure, Job, Result, spread
from device.engines.local_process import LocalProcess

if TYPE_CHECKING:
    from collections.abc import Sequence

WHAT = (
    "Client: CPU seconds of a process that receives an hour of audio (messages of 100 ms, decoded) and sends one "
    "(messages of 10 ms), as fast as it can from a server on loopback; the SDK openai does the same by turns. Local "
    "engine: its process under sessions that talk in real time without rest; from the last sample of a question to "
    "the answer's first audio, the silence that ends a turn included. Whoever talks runs on the same cores."
)
MOST = 0.5
"""Of what the SDK costs. A choice: less of a saving would not be worth a client of our own."""
SESSIONS = (1, 2, 4, 8)
"""At once, of those that the settings allow."""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ClipError or EngineError."""
    seconds, rounds = (10.0, 1) if job.quick else (600.0, 3)
    job.say(f"{seconds:g} s of audio in each direction, {rounds} times by each client")
    ours, sdk, note = clients(seconds, rounds)
    counts = [n for n in SESSIONS if n <= job.settings.local.sessions]
    counts = counts[:2] if job.quick else counts
    loads = asyncio.run(loads_of(job, counts, 2 if job.quick else 8))
    return Result(
        "engine",
        WHAT,
        (*client_figures(ours, sdk), *load_figures(loads)),
        (*([note] if note else []), f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end"),
    )


def clients(seconds: float, rounds: int) -> tuple[list[Cost], list[Cost], str]:
    """Return what each client cost in each round, and why one could not be measured. Raises BenchError."""
    ours: list[Cost] = []
    sdk: list[Cost] = []
    note = ""
    with Flood(seconds) as server:
        for _ in range(rounds):
            ours.append(cost_of_ours(server.url, seconds))
            if not note:
                try:
                    sdk.append(cost_of_sdk(server.url, seconds))
                except BenchError as error:
                    note = str(error)
    return ours, sdk, note


def client_figures(ours: Sequence[Cost], sdk: Sequence[Cost]) -> list[Figure]:
    """Return what an hour costs, and how much of what it costs the SDK; the median of the rounds."""
    made = []
    for way in ("received", "sent"):
        mine = median(getattr(cost, way) for cost in ours)
        theirs = median(getattr(cost, way) for cost in sdk) if sdk else float("nan")
        made += [
            Figure(f"an hour {way}", mine, "CPU s"),
            Figure("… by the SDK openai", theirs, "CPU s"),
            Figure("… ours in parts of it", mine / theirs, "", MOST),
        ]
    return made


def load_figures(loads: Sequence[Load]) -> list[Figure]:
    """Return what sessions cost, by the most at once, and how soon they were answered."""
    made = []
    if loads:
        most = loads[-1]
        share = most.cpu_share or float("nan")
        made.append(Figure(f"sessions in real time a core, by {most.sessions} at once", 1 / share, ""))
    for one in loads:
        what = f"end of speech → first audio, {one.sessions} session{'s' if one.sessions > 1 else ''}"
        made += spread(f"{what}, {len(one.answers_ms)} answers", one.answers_ms, "ms")
    return made


async def loads_of(job: Job, counts: Sequence[int], asked: int) -> list[Load]:
    """Return what so many sessions at once come to, each of which asks so many questions. Raises BenchError."""
    said = questions(asked)
    engine = LocalProcess(job.settings.local, job.config, reuse=False)
    try:
        url = await engine.url()
        if engine.pid is None:
            raise BenchError("local.url names an engine elsewhere: take it out of the settings to measure one here")
        made = []
        for count in counts:
            job.say(f"{count} sessions, {len(said)} questions each")
            made.append(await load(job.settings, url, engine.pid, count, said))
        return made
    finally:
        await engine.close()
