"""What subscribers at the door cost the audio: the same conversation with twenty of them and with none."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct, field

from device.bench.live import Live, TimedRoom, plain
from device.bench.overhead import AT_MOST_MS, CARD_RATE, SETTLE_S, TALK, down_ms, up_ms
from device.bench.result import BenchError, Figure, Job, Result, percentile
from device.daemon.controls import Controls
from device.daemon.doorway import Doorway
from device.door.place import FILE
from device.listen.detectors import Detectors
from device.records.costs import Costs
from device.settings.last_good import InForce
from device.settings.loading import settle
from device.simulation.scene import Acoustics, Scene, Visitor
from device.simulation.timed_engine import Plan, TimedEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from device.daemon.daemon import Daemon
    from device.settings.tree import Settings

WHAT = (
    "The same conversation with a scripted engine, in real time, four times in one run: without anybody at the door, "
    "twice with 20 subscribers to everything, one of which never reads, and without anybody again. Time inside the "
    "audio callback; microphone block → its bytes at the engine; the engine's first audio → the callback that plays "
    "it; processor time of the daemon's process."
)
SUBSCRIBERS: Final = 20
ORDER: Final = (False, True, True, False)
"""Whether they are there: so that what drifts meanwhile falls on both alike."""
CALLBACK_MS: Final = 2.0
"""As `bench callback` has it."""
MORE_MS: Final = 1.0
"""By how much a median may be higher: a tenth of a block, and less than it differs from one run to the next."""
START_S: Final = 20.0
"""For the subscribers to be there: a choice, for a machine that is busy."""


class Found(Struct):
    """What was measured, with subscribers or without."""

    callback: list[float] = field(default_factory=list)
    up: list[float] = field(default_factory=list)
    down: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    """Seconds of processor time a second."""
    lost: int = 0
    events: list[int] = field(default_factory=list)
    """That each subscriber got."""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    listening, replies = (6.0, 3) if job.quick else (20.0, 20)
    settings = plain(job.settings)
    detectors = Detectors.load(settings.wake, settings.models_dir)
    found = {True: Found(), False: Found()}
    for there in ORDER:
        job.say(f"{listening:g} s of microphone, then {replies} replies, {SUBSCRIBERS if there else 0} subscribers")
        _play(found[there], settings, detectors, listening, replies, there=there)
    return Result(
        "door",
        WHAT,
        (
            *figures("nobody", found[False]),
            *figures(f"{SUBSCRIBERS} subscribers", found[True]),
            *more(found[True], found[False]),
        ),
    )


def more(there: Found, nobody: Found) -> list[Figure]:
    """Return by how much the medians are higher with subscribers than without."""
    return [
        Figure(
            f"{name}, the median more than with nobody",
            percentile(getattr(there, way), 50) - percentile(getattr(nobody, way), 50),
            "ms",
            MORE_MS,
        )
        for name, way in (("callback", "callback"), ("up", "up"), ("down", "down"))
    ]


def figures(who: str, found: Found) -> list[Figure]:
    """Return what there is to say of a conversation with so many at the door."""
    told = [Figure(f"{who}: events that each got, at least", min(found.events), "")] if found.events else []
    return [
        Figure(f"{who}: {len(found.callback)} callbacks, p99.9", percentile(found.callback, 99.9), "ms", CALLBACK_MS),
        Figure(f"… up, {len(found.up)} blocks: median", percentile(found.up, 50), "ms"),
        Figure("… p95", percentile(found.up, 95), "ms", AT_MOST_MS),
        Figure(f"… down, {len(found.down)} replies: median", percentile(found.down, 50), "ms"),
        Figure("… p95", percentile(found.down, 95), "ms", AT_MOST_MS),
        Figure("… samples lost", found.lost, "", 0),
        Figure("… processor time of the daemon", float(np.mean(found.cpu)), "s/s"),
        *told,
    ]


def _play(
    found: Found, settings: Settings, detectors: Detectors, listening: float, replies: int, *, there: bool
) -> None:
    """Hold one conversation, and add what was measured to `found`."""
    room = TimedRoom(
        Scene(
            name="door",
            seconds=SETTLE_S + listening + 1.4 * replies,
            room=Acoustics(rate=CARD_RATE),
            visitors=tuple(Visitor(at=at, text=TALK) for at in np.arange(2.0, listening - 6, 8.0)),
        )
    )
    with (
        TimedEngine(Plan(after_s=listening, every_s=0.5, reply_s=0.6)) as engine,
        tempfile.TemporaryDirectory(prefix="parley-") as folder,
    ):
        live = Live(room, settings, engine.url)

        async def act(daemon: Daemon) -> None:
            async with AsyncExitStack() as stack:
                if there:
                    await stack.enter_async_context(_subscribed(Path(folder), daemon, live, settings, found.events))
                began, cpu = time.monotonic(), time.process_time()
                try:
                    await asyncio.Event().wait()  # for the end of the scene, which cancels this
                finally:
                    found.cpu.append((time.process_time() - cpu - room.cpu_s) / (time.monotonic() - began))

        asyncio.run(live.play(detectors, act))
        report = engine.report()
    found.callback += [float(took) for took in room.callback_ns / 1e6]
    found.up += up_ms(live.sends, room.times, report, until_s=listening)
    found.down += down_ms(live, room, report)
    found.lost += live.lost


@asynccontextmanager
async def _subscribed(
    folder: Path, daemon: Daemon, live: Live, settings: Settings, events: list[int]
) -> AsyncIterator[None]:
    """Have subscribers at the daemon's door during a block. Raises BenchError."""
    controls = Controls(daemon, mark=folder / "updating")
    costs = Costs({}, {}, lambda: 0.0, keep_days=0, path=folder / "costs.sqlite")
    loaded = settle({}, {"HOME": str(folder)})
    found = InForce(type(loaded)(settings, {}, (), ()))
    doorway = Doorway(folder / FILE, daemon, controls, live.ledger, found, costs=costs, restart=controls.start_anew)
    await doorway.open()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-P", "-m", "device.bench.subscribers", str(folder / FILE), str(SUBSCRIBERS),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None  # noqa: S101 - asked for above
    try:
        async with asyncio.timeout(START_S):
            if await process.stdout.readline() != b"there\n":
                raise BenchError("the subscribers cannot reach the door")
        try:
            yield
        finally:
            out, _ = await asyncio.wait_for(process.communicate(b""), START_S)
            events += map(int, out.split())
    except TimeoutError:
        raise BenchError("the subscribers do not answer") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
        await doorway.close()
