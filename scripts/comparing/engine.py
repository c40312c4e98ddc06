"""The engine of the comparison, in a process of its own: a scripted Realtime server with server VAD, 40 ms away.

It greets who asks for a reply before anybody has spoken, and answers every turn of the user with the same long
speech, faster than it can be played. It interrupts by itself as far as the client's session asks for it. Times are
taken at the server: the network's delay is still in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from dataclasses import dataclass
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final

from yarl import URL

from device.listen.endpointer import Offset, Onset
from device.listen.vad import SileroVad
from device.model_files import files
from device.sample_clock import CLOCK_RATE
from device.simulation.scripted_reply import Reply, Speech
from device.simulation.timed_engine import TimedEngine
from device.wire import realtime as wire
from device.wire.realtime_items import Content, Item
from scripts.comparing.network import Network
from scripts.comparing.turns import Turns, Voice, detection_of, session

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from multiprocessing.sharedctypes import Synchronized

    from device.simulation.scripted_engine import Connection, ScriptedRealtime
    from device.simulation.timed_engine import Report

NETWORK_MS: Final = 40.0
"""Each way."""
PACE: Final = 0.2
"""Seconds that a second of a reply takes to be sent."""


class Engine(TimedEngine):
    """The engine's process, as a context manager; clients find it at `url`.

    `greeting` and `reply` are s16le mono at 24 kHz.
    """

    def __init__(self, greeting: bytes, reply: bytes) -> None:
        context = get_context("spawn")
        self._sessions, self._replies = context.Value("i", 0), context.Value("i", 0)
        super().__init__(Listening(greeting, reply, self._sessions, self._replies))

    @property
    def in_session(self) -> bool:
        """Whether a client is connected and configured."""
        return bool(self._sessions.value > 0)

    @property
    def replies(self) -> int:
        """How many replies it has begun."""
        return int(self._replies.value)


@dataclass(frozen=True)
class Listening:
    """The engine's behaviour: server VAD, at the far end of a network."""

    greeting: bytes
    reply: bytes
    sessions: Synchronized[int]
    """Of the clients that are connected and configured, the number."""
    replies: Synchronized[int]

    @contextlib.asynccontextmanager
    async def serve(self, server: ScriptedRealtime, report: Report) -> AsyncIterator[str]:
        """Listen to whoever comes through the network."""
        hurry()
        silero = SileroVad(files.find("silero_vad.onnx"))
        greeting, reply = _spoken(self.greeting, "Hello."), _spoken(self.reply, "A long story.")
        listener = Listener(server, silero.share, greeting, reply)
        port = URL(server.url).port
        async with Network(port or 0, NETWORK_MS) as network:
            watching = asyncio.create_task(self._watch(listener, report))
            yield f"ws://127.0.0.1:{network.port}/v1/realtime"
            watching.cancel()

    async def _watch(self, listener: Listener, report: Report) -> None:
        while True:
            self.replies.value = len(report.spoke)
            self.sessions.value = listener.sessions
            await asyncio.sleep(0.05)


class Listener:
    """What makes the scripted server listen; `voice` makes a detector for each client."""

    def __init__(self, server: ScriptedRealtime, voice: Callable[[], Voice], greeting: Reply, reply: Reply) -> None:
        self._server = server
        self._voice = voice
        self._greeting, self._reply = greeting, reply
        self._ready: set[Connection] = set()
        self._turns: dict[Connection, Turns] = {}
        self._spoken: set[Connection] = set()
        self._user = ""
        server.on(wire.SessionCreated, self._greet)
        server.on(wire.SessionUpdate, self._update)
        server.on(wire.InputAudioBufferAppend, self._hear)
        server.on(wire.ResponseCreate, self._create)

    @property
    def sessions(self) -> int:
        """How many clients are connected and configured."""
        return sum(not connection.socket.closed for connection in self._ready)

    async def _greet(self, connection: Connection, _event: wire.SessionCreated) -> None:
        connection.session = session()
        self._turns[connection] = Turns(self._voice())
        await connection.send(wire.SessionCreated(connection.session))

    async def _update(self, connection: Connection, event: wire.SessionUpdate) -> None:
        connection.session = session(event.session, connection.session)
        if (detection := detection_of(connection.session)) is not None:
            self._turns[connection].configure(detection)
        self._ready.add(connection)
        await connection.send(wire.SessionUpdated(connection.session))

    async def _hear(self, connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        if detection_of(connection.session) is None:
            return
        for found in self._turns[connection].push(event.audio):
            await (self._began(connection, found) if isinstance(found, Onset) else self._ended(connection, found))

    async def _began(self, connection: Connection, found: Onset) -> None:
        self._user = self._server.new("item")
        await connection.send(wire.InputAudioBufferSpeechStarted(item_id=self._user, audio_start_ms=_ms(found.start)))
        detection = detection_of(connection.session)
        if detection is not None and detection.interrupt_response:
            await connection.stop("turn_detected")

    async def _ended(self, connection: Connection, found: Offset) -> None:
        name = self._user
        self._spoken.add(connection)
        await connection.send(wire.InputAudioBufferSpeechStopped(item_id=name, audio_end_ms=_ms(found.at)))
        await connection.send(wire.InputAudioBufferCommitted(item_id=name))
        said = Content(type="input_audio")
        item = Item(type="message", id=name, object="realtime.item", status="completed", role="user", content=[said])
        await connection.send(wire.ConversationItemAdded(item=item))
        await connection.send(wire.ConversationItemDone(item=item))
        detection = detection_of(connection.session)
        if detection is not None and detection.create_response:
            await connection.answer(lambda: self._reply)

    async def _create(self, connection: Connection, event: wire.ResponseCreate) -> None:
        reply = self._reply if connection in self._spoken else self._greeting
        await connection.answer(lambda: reply, event.event_id)


def _ms(samples: int) -> int:
    return samples * 1000 // CLOCK_RATE


def _spoken(pcm: bytes, text: str) -> Reply:
    return Reply((Speech(pcm, text),), pace=PACE)


def hurry() -> None:
    """Put this thread before others, if that is allowed: what measures must not wait for what is measured."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -11)
