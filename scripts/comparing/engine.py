"""The engine of the comparison, in a process of its own: a scripted Realtime server with server VAD, 40 ms away.

It greets who asks for a reply before anybody has spoken, and answers every turn of the user with the same long
speech, faster than it can be played. It interrupts by itself as far as the client's session asks for it. All that it
received is noted, with times of `time.monotonic`, at the server: the network's delay is still in them.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any, Final, Self

from msgspec import Struct, field
from yarl import URL

from device.listen.endpointer import Offset, Onset
from device.listen.vad import SileroVad
from device.model_files import files as models
from device.sample_clock import CLOCK_RATE
from device.simulation.scripted_engine import Connection, Reply, ScriptedRealtime, Speech
from device.wire import realtime as wire
from device.wire.realtime_items import Content, Item
from scripts.comparing.network import Network
from scripts.comparing.turns import Turns, Voice, detection_of, session

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection as Pipe

NETWORK_MS: Final = 40.0
"""Each way."""
PACE: Final = 0.2
"""Seconds that a second of a reply takes to be sent."""
START_S: Final = 30.0


class Note(Struct, frozen=True):
    """Something that happened at the server."""

    at: float
    kind: str
    """session, speech (the user's begins), reply (its first audio is sent), cancel, truncate."""
    item: str = ""
    ms: int = 0


class Report(Struct):
    """What the engine saw of one client."""

    notes: list[Note] = field(default_factory=list)
    heard: list[tuple[float, int]] = field(default_factory=list)
    """When audio was received, and how many samples at 24 kHz."""
    audio: bytearray = field(default_factory=bytearray)
    """All of it: s16le mono at 24 kHz."""


class Engine:
    """The engine's process, as a context manager; clients find it at `url`.

    `greeting` and `reply` are s16le mono at 24 kHz.
    """

    def __init__(self, greeting: bytes, reply: bytes) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._sessions, self._replies = context.Value("i", 0), context.Value("i", 0)
        arguments = (greeting, reply, theirs, self._sessions, self._replies)
        self._process = context.Process(target=_run, args=arguments, daemon=True)
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

    @property
    def in_session(self) -> bool:
        """Whether a client is connected and configured."""
        return bool(self._sessions.value > 0)

    @property
    def replies(self) -> int:
        """How many replies it has begun."""
        return int(self._replies.value)

    def report(self) -> Report:
        """Return what the engine saw since the last report."""
        self._pipe.send("report")
        report: Report = self._pipe.recv()
        return report


class Listener:
    """What makes the scripted server listen; `voice` makes a detector for each client."""

    def __init__(self, server: ScriptedRealtime, voice: Callable[[], Voice], greeting: Reply, reply: Reply) -> None:
        self.report = Report()
        self._server = server
        self._voice = voice
        self._greeting, self._reply = greeting, reply
        self._ready: set[Connection] = set()
        self._turns: dict[Connection, Turns] = {}
        self._spoken: set[Connection] = set()
        self._said: set[str] = set()
        self._user = ""
        server.on(wire.SessionCreated, self._greet)
        server.on(wire.SessionUpdate, self._update)
        server.on(wire.InputAudioBufferAppend, self._hear)
        server.on(wire.ResponseCreate, self._create)
        server.on(wire.ResponseCancel, self._cancel)
        server.on(wire.ConversationItemTruncate, self._truncate)
        server.on_send = self._sending

    async def watch(self, sessions: Any, replies: Any) -> None:
        """Keep `sessions` at the number of clients that are connected and configured, and count the replies."""
        while True:
            replies.value = len(self._said)
            sessions.value = sum(not connection.socket.closed for connection in self._ready)
            await asyncio.sleep(0.05)

    def _note(self, kind: str, item: str = "", ms: int = 0) -> None:
        self.report.notes.append(Note(asyncio.get_running_loop().time(), kind, item, ms))

    async def _greet(self, connection: Connection, _event: wire.SessionCreated) -> None:
        connection.session = session()
        self._turns[connection] = Turns(self._voice())
        await connection.send(wire.SessionCreated(connection.session))

    async def _update(self, connection: Connection, event: wire.SessionUpdate) -> None:
        connection.session = session(event.session, connection.session)
        if (detection := detection_of(connection.session)) is not None:
            self._turns[connection].configure(detection)
        self._note("session")
        self._ready.add(connection)
        await connection.send(wire.SessionUpdated(connection.session))

    async def _hear(self, connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        self.report.heard.append((asyncio.get_running_loop().time(), len(event.audio) // 2))
        self.report.audio += event.audio
        if detection_of(connection.session) is None:
            return
        for found in self._turns[connection].push(event.audio):
            await (self._began(connection, found) if isinstance(found, Onset) else self._ended(connection, found))

    async def _began(self, connection: Connection, found: Onset) -> None:
        self._note("speech")
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
            await self._answer(connection, self._reply, None)

    async def _create(self, connection: Connection, event: wire.ResponseCreate) -> None:
        reply = self._reply if connection in self._spoken else self._greeting
        await self._answer(connection, reply, event.event_id)

    async def _answer(self, connection: Connection, reply: Reply, event_id: str | None) -> None:
        if connection.speaking is not None and not connection.speaking.done():
            text = "Conversation already has an active response"
            await connection.complain("conversation_already_has_active_response", text, event_id)
        else:
            connection.reply(reply)

    async def _cancel(self, connection: Connection, event: wire.ResponseCancel) -> None:
        self._note("cancel")
        await connection.cancel(event)

    async def _truncate(self, connection: Connection, event: wire.ConversationItemTruncate) -> None:
        self._note("truncate", event.item_id, event.audio_end_ms)
        await connection.send(
            wire.ConversationItemTruncated(event.content_index, event.audio_end_ms, item_id=event.item_id)
        )

    def _sending(self, event: wire.ServerEvent) -> None:
        if isinstance(event, wire.ResponseOutputAudioDelta) and event.item_id not in self._said:
            self._said.add(event.item_id)
            self._note("reply", event.item_id)


def _ms(samples: int) -> int:
    return samples * 1000 // CLOCK_RATE


def _spoken(pcm: bytes, text: str) -> Reply:
    return Reply((Speech(pcm, text),), pace=PACE)


def hurry() -> None:
    """Put this thread before others, if that is allowed: what measures must not wait for what is measured."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), -11)


def _run(greeting: bytes, reply: bytes, pipe: Pipe, sessions: Any, replies: Any) -> None:
    hurry()
    asyncio.run(_serve(greeting, reply, pipe, sessions, replies))


async def _serve(greeting: bytes, reply: bytes, pipe: Pipe, sessions: Any, replies: Any) -> None:
    async with ScriptedRealtime(keep=0) as scripted:
        silero = SileroVad(models.find("silero_vad.onnx"))
        listener = Listener(scripted, silero.share, _spoken(greeting, "Hello."), _spoken(reply, "A long story."))
        port = URL(scripted.url).port
        async with Network(port or 0, NETWORK_MS) as network:
            watching = asyncio.create_task(listener.watch(sessions, replies))
            pipe.send(f"ws://127.0.0.1:{network.port}/v1/realtime")
            with contextlib.suppress(EOFError):
                while await asyncio.to_thread(pipe.recv):
                    pipe.send(listener.report)
                    listener.report = Report()
            watching.cancel()
