"""An engine for benches: a scripted Realtime server, in a process of its own so that it takes no time of the daemon's.

It has no ears: it begins a reply whenever it was sent so much audio. It notes when everything came and went, by the
clock that all processes share (`time.monotonic`).
"""

from __future__ import annotations

import asyncio
import contextlib
from multiprocessing import get_context
from typing import TYPE_CHECKING, Self

import numpy as np
from msgspec import Struct, field

from device.audio import clips
from device.simulation import acoustics
from device.simulation.scripted_engine import RATE, Connection, Reply, ScriptedRealtime, Speech
from device.wire import realtime as wire

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe

    from numpy.typing import NDArray

START_S = 30.0
TEXT = """
    The harbour lies on the north side of the island, where the water is deep enough for the ferries from the mainland.
    In the morning the boats come in with the night's catch, and by noon the market in the square is over. Most of the
    houses are built of a yellow stone that was quarried in the hills until the war, and their roofs are flat, so that
    the rain of the winter can be gathered. A road goes around the whole island in about thirty miles.
"""
SPEECH_DB, HISS_DB = -22.0, -50.0


class Plan(Struct, frozen=True, kw_only=True):
    """What the engine shall do."""

    every_s: float
    """How much audio it waits for before each reply."""
    reply_s: float
    """How long each reply is."""
    after_s: float = 0.0
    """How much audio it takes first, without a word."""


class Report(Struct):
    """What the engine saw. Times are `time.monotonic`'s."""

    heard: list[tuple[float, int]] = field(default_factory=list)
    """When audio was received, and how many samples at 24 kHz."""
    spoke: dict[str, float] = field(default_factory=dict)
    """When the first audio of each item was about to be sent."""
    truncated: dict[str, int] = field(default_factory=dict)
    """How much was heard of each item that the client truncated, in ms, as the client said."""


class TimedEngine:
    """The engine's process, as a context manager; `url` is where it listens."""

    def __init__(self, plan: Plan) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(plan, theirs), daemon=True)
        self.url = ""

    def __enter__(self) -> Self:
        self._process.start()
        if not self._pipe.poll(START_S):
            self._process.kill()
            raise TimeoutError(f"the scripted engine did not start within {START_S:g} s")
        self.url = self._pipe.recv()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.join()

    def report(self) -> Report:
        """Return what the engine saw so far."""
        self._pipe.send("report")
        report: Report = self._pipe.recv()
        return report


def speech(seconds: float, rate: int = RATE) -> NDArray[np.int16]:
    """Return `(n,) int16` at `rate`: somebody speaking, over a hiss that fills the pauses.

    So every sample that was played can be told from silence. Raises ClipError without espeak-ng.
    """
    spoken = clips.speak(" ".join(TEXT.split()), "en-gb", 150).at(rate)
    spoken *= acoustics.ratio(SPEECH_DB) / np.sqrt(np.mean(spoken**2))
    samples = np.resize(spoken, round(seconds * rate))
    hiss = np.random.default_rng(1).standard_normal(len(samples)) * acoustics.ratio(HISS_DB)
    made: NDArray[np.int16] = np.clip(np.rint((samples + hiss) * 32768), -32768, 32767).astype(np.int16)
    return made


def _run(plan: Plan, pipe: Pipe) -> None:
    asyncio.run(_serve(plan, pipe))


async def _serve(plan: Plan, pipe: Pipe) -> None:
    report = Report()
    waiting = plan.after_s + plan.every_s
    reply = Reply((Speech(speech(plan.reply_s).tobytes(), "Words."),))
    loop = asyncio.get_running_loop()

    async def take(connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        nonlocal waiting
        count = len(event.audio) // 2
        report.heard.append((loop.time(), count))
        waiting -= count / RATE
        if waiting <= 0 and (connection.speaking is None or connection.speaking.done()):
            waiting = plan.every_s
            connection.reply(reply)

    async def truncate(connection: Connection, event: wire.ConversationItemTruncate) -> None:
        report.truncated[event.item_id] = event.audio_end_ms
        await connection.send(
            wire.ConversationItemTruncated(event.content_index, event.audio_end_ms, item_id=event.item_id)
        )

    def sending(event: wire.ServerEvent) -> None:
        if isinstance(event, wire.ResponseOutputAudioDelta):
            report.spoke.setdefault(event.item_id, loop.time())

    async with ScriptedRealtime((reply,), transcript="words", keep=0) as server:
        server.on(wire.InputAudioBufferAppend, take)
        server.on(wire.ConversationItemTruncate, truncate)
        server.on_send = sending
        pipe.send(server.url)
        with contextlib.suppress(EOFError):
            while await asyncio.to_thread(pipe.recv):
                pipe.send(report)
