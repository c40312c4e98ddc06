"""How much memory the daemon and the local engine take."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from device.audio.card.base import RING_SECONDS
from device.audio.clips import speak
from device.bench.assistant import Assistant, card
from device.bench.result import BenchError, Figure, Job, Result
from device.conversation.engine import Audio, Fault, ReplyEnded
from device.engines.factory import session_with
from device.engines.local_process import LocalProcess
from device.engines.realtime.config import RATE
from device.simulation.rehearsal import resident_mb

if TYPE_CHECKING:
    from device.settings.tree import Settings

WHAT = (
    "Resident memory (RSS, shared libraries included), MB = 1,000,000 bytes. Daemon: `parley run` as a process of its "
    "own, and its card's process; what both have in memory counts twice. Local engine: its process, after it answered "
    "a spoken question."
)
DAEMON_MB, ENGINE_MB = 200.0, 480.0
"""A choice: room above the 160 and 240 MB that were measured on x86-64, so that a new model does not pass unnoticed."""
CARD_MB = 45.0
"""A choice: Python, numpy and PortAudio take 35."""
QUESTION = "What time is it?"
ANSWER_S = 20.0
"""How long the answer may take: a choice, for a machine that is busy."""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, EngineError or ClipError."""
    settle = 20.0 if job.quick else RING_SECONDS + 10.0
    awake = job.settings.listen.follow_up_s + 6.0
    with card() as (what, environment), Assistant(job.config, environment) as assistant:
        job.say(f"{settle:g} s of the daemon asleep, then a conversation without a word; {what}")
        assistant.listens_after()
        time.sleep(settle)
        asleep, of_card = resident_mb(assistant.pid), resident_mb(assistant.card_pid)
        assistant.press()
        time.sleep(awake)
        again = resident_mb(assistant.pid) + resident_mb(assistant.card_pid)
    job.say("one question to the local engine")
    idle, answered = asyncio.run(_engine(job))
    return Result(
        "memory",
        WHAT,
        (
            Figure(f"daemon asleep, after {settle:g} s", asleep + of_card, "MB", DAEMON_MB),
            Figure("… of it the card's process", of_card, "MB", CARD_MB),
            Figure("daemon asleep again after a conversation", again, "MB"),
            Figure("local engine, ready", idle, "MB"),
            Figure("local engine, having answered", answered, "MB", ENGINE_MB),
        ),
        (what,),
    )


async def _engine(job: Job) -> tuple[float, float]:
    """Return the memory of a local engine before and after it answered."""
    engine = LocalProcess(job.settings.local, job.config, reuse=False)
    try:
        url = await engine.url()
        if engine.pid is None:
            raise BenchError("local.url names an engine elsewhere: take it out of the settings to measure one here")
        ready = resident_mb(engine.pid)
        async with asyncio.timeout(ANSWER_S):
            await _ask(job.settings, url)
        return ready, resident_mb(engine.pid)
    except TimeoutError:
        raise BenchError(f"the local engine did not answer within {ANSWER_S:g} s") from None
    finally:
        await engine.close()


async def _ask(settings: Settings, url: str) -> None:
    """Hold a session in which one question is answered."""
    session = session_with(settings, "local", (), local_url=url)
    await session.open(())
    try:
        said = (speak(QUESTION, "en-us+Annie", 150).at(RATE) * 32767).astype("<i2").tobytes()
        await session.hear(said + bytes(2 * 2 * RATE))
        heard = False
        async for event in session.events():
            heard = heard or isinstance(event, Audio)
            if isinstance(event, Fault):
                raise BenchError(event.message)
            if isinstance(event, ReplyEnded) and heard:
                return
    finally:
        await session.close()
