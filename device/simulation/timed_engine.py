"""An engine whose times are measured: a scripted Realtime server in a process of its own.

So it takes no time of the daemon's. It notes when everything came and went, by the clock that all processes share
(`time.monotonic`). How it behaves is a `Behaviour`: a `Plan` has no ears, and begins a reply whenever it was sent so
much audio.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, Protocol, Self

import numpy as np
from msgspec import Struct, field

from device.audio import clips
from device.simulation import acoustics
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.simulation.scripted_reply import RATE, Reply, Speech
from device.wire import realtime as wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager
    from multiprocessing.connection import Connection as Pipe

    from numpy.typing import NDArray

START_S: Final = 30.0
"""How long its process may take to start: a choice, for a machine that is busy; it imports numpy and aiohttp."""
TEXT = """
    The harbour lies on the north side of the island, where the water is deep enough for the ferries from the mainland.
    In the morning the boats come in with the night's catch, and by noon the market in the square is over. Most of the
    houses are built of a yellow stone that was quarried in the hills until the war, and their roofs are flat, so that
    the rain of the winter can be gathered. A road goes around the whole island in about thirty miles.
"""
SPEECH_DB, HISS_DB = -22.0, -50.0
"""dBFS of a reply and of the hiss under it: a choice. The hiss is far below the speech, and hardly ever zero."""


class Note(Struct, frozen=True):
    """Something that happened at the server."""

    at: float
    """`time.monotonic`'s."""
    kind: str
    """session, speech (the user's begins), reply (its first audio is sent), cancel, truncate."""
    item: str = ""
    ms: int = 0


class Report(Struct):
    """What the engine saw. Times are `time.monotonic`'s."""

    notes: list[Note] = field(default_factory=list)
    heard: list[tuple[float, int]] = field(default_factory=list)
    """When audio was received, and how many samples at 24 kHz."""
    audio: bytearray = field(default_factory=bytearray)
    """All of it: s16le mono at 24 kHz."""

    @property
    def spoke(self) -> dict[str, float]:
        """When the first audio of each item was about to be sent."""
        return {note.item: note.at for note in self.notes if note.kind == "reply"}

    @property
    def truncated(self) -> dict[str, int]:
        """How much was heard of each item that the client truncated, in ms, as it said last."""
        return {note.item: note.ms for note in self.notes if note.kind == "truncate"}


class Behaviour(Protocol):
    """How the engine behaves; travels to its process."""

    def serve(self, server: ScriptedRealtime, report: Report) -> AbstractAsyncContextManager[str]:
        """Have the running `server` behave so during a block, of which `report` is written; give the URL of it all."""


class Plan(Struct, frozen=True, kw_only=True):
    """A behaviour without ears: what the engine shall do, by how much audio it was sent."""

    every_s: float
    """How much audio it waits for before each reply."""
    reply_s: float
    """How long each reply is."""
    after_s: float = 0.0
    """How much audio it takes first, without a word."""

    @contextlib.asynccontextmanager
    async def serve(self, server: ScriptedRealtime, _report: Report) -> AsyncIterator[str]:
        """Reply whenever so much audio was received."""
        waiting = self.after_s + self.every_s
        reply = Reply((Speech(speech(self.reply_s).tobytes(), "Words."),))

        async def take(connection: Connection, event: wire.InputAudioBufferAppend) -> None:
            nonlocal waiting
            waiting -= len(event.audio) // 2 / RATE
            if waiting <= 0 and not connection.busy:
                waiting = self.every_s
                connection.reply(reply)

        server.transcript = "words"
        server.replies = deque((reply,))
        server.on(wire.InputAudioBufferAppend, take)
        yield server.url


class TimedEngine:
    """The engine's process, as a context manager; clients find it at `url`."""

    def __init__(self, behaviour: Behaviour) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(behaviour, theirs), daemon=True)
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


def take_times(server: ScriptedRealtime) -> Report:
    """Return a report in which is written, from now on, what `server` receives and sends."""
    report = Report()
    spoken: set[str] = set()
    loop = asyncio.get_running_loop()

    def note(kind: str, item: str = "", ms: int = 0) -> None:
        report.notes.append(Note(loop.time(), kind, item, ms))

    def received(event: wire.ClientEvent) -> None:
        if isinstance(event, wire.InputAudioBufferAppend):
            report.heard.append((loop.time(), len(event.audio) // 2))
            report.audio += event.audio
        elif isinstance(event, wire.SessionUpdate):
            note("session")
        elif isinstance(event, wire.ResponseCancel):
            note("cancel")
        elif isinstance(event, wire.ConversationItemTruncate):
            note("truncate", event.item_id, event.audio_end_ms)

    def sending(event: wire.ServerEvent) -> None:
        if isinstance(event, wire.InputAudioBufferSpeechStarted):
            note("speech")
        elif isinstance(event, wire.ResponseOutputAudioDelta) and event.item_id not in spoken:
            spoken.add(event.item_id)
            note("reply", event.item_id)

    server.on_receive, server.on_send = received, sending
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


def _run(behaviour: Behaviour, pipe: Pipe) -> None:
    asyncio.run(_serve(behaviour, pipe))


async def _serve(behaviour: Behaviour, pipe: Pipe) -> None:
    async with ScriptedRealtime(keep=0) as server:
        report = take_times(server)
        async with behaviour.serve(server, report) as url:
            pipe.send(url)
            with contextlib.suppress(EOFError):
                while await asyncio.to_thread(pipe.recv):
                    pipe.send(report)
