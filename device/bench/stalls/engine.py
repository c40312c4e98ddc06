"""The engine of the black box, in a process of its own: it gives one reply after the other, and has ears."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from device.audio.resample import Resampler
from device.bench.bargein.play import PACE
from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.listen.vad import SileroVad
from device.model_files import files
from device.sample_clock import CLOCK_RATE
from device.simulation.scripted_reply import RATE, Reply, Speech
from device.simulation.timed_engine import Note
from device.wire import realtime as wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from multiprocessing.sharedctypes import Synchronized

    from device.simulation.scripted_engine import Connection, ScriptedRealtime
    from device.simulation.timed_engine import Report

PAUSE_S: Final = 2.5
"""Of the loudspeaker, after which it says something again: a choice, so that the uplink opens after each reply."""
BEGINS_S: Final = 1.5
"""A reply that is not heard by then never will be."""
LOOK_S: Final = 0.05
SILENCE_MS: Final = 500
"""That ends a turn: what OpenAI's Realtime API has by default (`turn_detection.silence_duration_ms`)."""


@dataclass(frozen=True)
class Talkative:
    """It replies to every turn that it hears; and, while it is let, whenever it has been quiet for a while."""

    replies: tuple[tuple[bytes, str], ...]
    """Given in turn: PCM at 24 kHz and the words."""
    models_dir: str
    loud: Synchronized[float]
    """When the loudspeaker was heard last, by `time.monotonic`."""
    talks: Synchronized[int]
    """Whether it may say something by itself."""

    @contextlib.asynccontextmanager
    async def serve(self, server: ScriptedRealtime, report: Report) -> AsyncIterator[str]:
        """Listen and talk during a block."""
        talker = _Talker(self, server, report)
        task = asyncio.create_task(talker.talk())
        yield server.url
        task.cancel()


class _Talker:
    """`report` gets a note of each `turn`, and of each item `given`: `ms` is which of the replies it is."""

    def __init__(self, told: Talkative, server: ScriptedRealtime, report: Report) -> None:
        self._told = told
        self._server = server
        self._report = report
        self._said = 0
        self._began = -BEGINS_S
        self._given: set[str] = set()
        self._ears = SileroVad(files.find("silero_vad.onnx", told.models_dir))
        self._resampler = Resampler(RATE, CLOCK_RATE)
        self._rest = np.zeros(0, np.int16)
        self._endpoint = Endpointer(EndpointSettings(silence_ms=SILENCE_MS))
        self._hears = False
        self._note = server.on_send
        server.on_send = self._sending
        server.on(wire.InputAudioBufferAppend, self._hear)
        server.on(wire.ResponseCreate, self._create)

    async def talk(self) -> None:
        """Say something whenever it has been quiet for a while."""
        while True:
            await asyncio.sleep(LOOK_S)
            now = time.monotonic()
            quiet_s = now - max(self._told.loud.value, self._began + BEGINS_S)
            connection = self._server.connections[-1] if self._server.connections else None
            if connection is None or connection.socket.closed or connection.busy or self._hears:
                continue
            if self._told.talks.value and quiet_s >= PAUSE_S:
                self._say(connection)

    def _say(self, connection: Connection) -> None:
        pcm, text = self._told.replies[self._said % len(self._told.replies)]
        self._said += 1
        self._began = time.monotonic()
        connection.reply(Reply((Speech(pcm, text),), pace=PACE))

    def _sending(self, event: wire.ServerEvent) -> None:
        if self._note is not None:
            self._note(event)
        if isinstance(event, wire.ResponseOutputAudioDelta) and event.item_id not in self._given:
            self._given.add(event.item_id)
            which = (self._said - 1) % len(self._told.replies)
            self._report.notes.append(Note(time.monotonic(), "given", event.item_id, which))

    async def _create(self, connection: Connection, _event: wire.ResponseCreate) -> None:
        if not connection.busy:
            self._say(connection)

    async def _hear(self, connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        heard = self._resampler.push(np.frombuffer(event.audio, np.int16))
        self._rest = np.concatenate((self._rest, heard))
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            found = self._endpoint.push(self._ears.probability(frame))
            if isinstance(found, Onset):
                self._hears = True
                await connection.send(wire.InputAudioBufferSpeechStarted(item_id="user"))
                await connection.stop("turn_detected")
            elif isinstance(found, Offset):
                self._hears = False
                self._report.notes.append(Note(time.monotonic(), "turn", ms=round(found.voiced_ms)))
                name = self._server.new("user")
                await connection.send(wire.InputAudioBufferSpeechStopped(item_id=name))
                await connection.send(wire.InputAudioBufferCommitted(item_id=name))
                await connection.stop("turn_detected")
                self._say(connection)
