"""What Parley adds to an engine's own delay, on the way up and on the way down."""

from __future__ import annotations

import asyncio
from typing import Final

import numpy as np

from device.bench.live import Live, TimedRoom, plain
from device.bench.result import Job, Result, spread
from device.conversation.entries import ReplyFirstAudio
from device.engines.realtime.config import RATE
from device.listen.detectors import Detectors
from device.sample_clock import CLOCK_RATE
from device.simulation.scene import Acoustics, Scene, Visitor
from device.simulation.timed_engine import Plan, Report, TimedEngine

WHAT = (
    "A scripted engine in another process, on loopback; a room at 48 kHz. Up: from the callback that a block of the "
    "microphone is handed over in, to its last sample's receipt by the engine. Down: from the engine's sending a "
    "reply's first audio, to the callback that plays its first sample; the card's own latency apart."
)
AT_MOST_MS = 40.0
"""Each way. A choice: next to what an engine takes to answer, it is not noticed."""
CARD_RATE: Final = 48_000
SETTLE_S = 2.0
"""The beginning is a backlog: what was heard while the session opened."""
TALK = "We should have left an hour ago, and now the shops are closed. Tomorrow is another day."


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    listening, replies = (10.0, 5) if job.quick else (30.0, 40)
    plan = Plan(after_s=listening, every_s=0.5, reply_s=0.6)
    settings = plain(job.settings)
    job.say(f"{listening:g} s of microphone, then {replies} replies")
    detectors = Detectors.load(settings.wake, settings.models_dir)
    room = TimedRoom(
        Scene(
            name="overhead",
            seconds=SETTLE_S + listening + 1.4 * replies,
            room=Acoustics(rate=CARD_RATE),
            visitors=tuple(Visitor(at=at, text=TALK) for at in np.arange(2.0, listening - 6, 8.0)),
        )
    )
    with TimedEngine(plan) as engine:
        live = Live(room, settings, engine.url)
        asyncio.run(live.play(detectors))
        report = engine.report()
    up = up_ms(live.sends, room.times, report, until_s=listening)
    down = down_ms(live, room, report)
    return Result(
        "overhead",
        WHAT,
        (
            *spread(f"up, {len(up)} blocks of 10 ms", up, "ms", p95=AT_MOST_MS),
            *spread(f"down, {len(down)} replies", down, "ms", p95=AT_MOST_MS),
        ),
    )


def up_ms(sends: list[tuple[int, int]], times: list[float], report: Report, *, until_s: float) -> list[float]:
    """Return the delay of each block between the card and the engine, in ms.

    `sends` holds counts of samples sent with the positions they go up to, `times` when each block was handed over.
    """
    arrived = np.array([at for at, _ in report.heard])
    received = np.cumsum([count for _, count in report.heard])
    delays = []
    for count, position in sends:
        block = position * CARD_RATE // CLOCK_RATE // (CARD_RATE // 100) - 1
        # The resampler keeps a few ms back: a sample counts as received when so much audio was.
        index = np.searchsorted(received, count * RATE // CLOCK_RATE)
        if SETTLE_S * CLOCK_RATE < count < until_s * CLOCK_RATE and index < len(arrived):
            delays.append(1000 * (float(arrived[index]) - times[block]))
    return delays


def down_ms(live: Live, room: TimedRoom, report: Report) -> list[float]:
    """Return the delay of each reply's first sample between the engine and the callback, in ms."""
    delays = []
    for entry in live.entries:
        if isinstance(entry, ReplyFirstAudio) and entry.item in report.spoke:
            frame = entry.at * CARD_RATE // CLOCK_RATE - room.output_latency
            handed_over = room.times[frame // room.block]
            delays.append(1000 * (handed_over - report.spoke[entry.item]))
    return delays
