"""A GPT-Live server that does what it is told, written from `openai.types.live` (openai 3.54).

Its clock is the audio that it is sent: for every 100 ms of that it says 100 ms, most of it silence. It finds the turns
of the user by loudness, deals out what they are told to say word by word, and answers each turn with the next of its
replies. What it is sent must be of the SDK's types, without a field that they do not know; so must what it says.
"""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Self

import numpy as np
from aiohttp import WSMsgType, web
from openai.types.live import ClientEvent, ServerEvent
from openai.types.responses import ResponseStreamEvent
from pydantic import BaseModel, Field, TypeAdapter, ValidationError
from support.ears import Ears

from device.listen.endpointer import Onset

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

CLIENT = TypeAdapter(Annotated[ClientEvent, Field(discriminator="type")])
SERVER = TypeAdapter(Annotated[ServerEvent, Field(discriminator="type")])
NESTED = TypeAdapter(Annotated[ResponseStreamEvent, Field(discriminator="type")])
RATE = 24_000
STEP_MS = 100
STEP = RATE * STEP_MS // 1000 * 2
NULLABLE = {"session.instructions.append", "session.thinking.append", "session.commentary.append"}


def strange(value: Any, path: str = "") -> list[str]:
    """Return the fields that the SDK's types do not know."""
    if isinstance(value, BaseModel):
        found = [f"{path}.{name}" for name in value.model_extra or {}]
        return found + [
            one for name in type(value).model_fields for one in strange(getattr(value, name), f"{path}.{name}")
        ]
    if isinstance(value, list):
        return [one for n, part in enumerate(value) for one in strange(part, f"{path}[{n}]")]
    return []


@dataclass
class Talk:
    """A reply: what is said, and what is done before it."""

    pcm: bytes = b""
    """s16le mono, 24 kHz."""
    text: str = ""
    delay_ms: int = 300
    """From the end of the user's turn."""
    calls: tuple[tuple[str, str], ...] = ()
    """Functions that the backend calls first, with their arguments."""
    fails: str = ""
    """The backend's response ends so instead of completed: failed or incomplete."""
    client: bool = False
    """Delegates to the client first; what is said then is said once it has answered."""


class Connection:
    """One session."""

    def __init__(self, server: ScriptedLive, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.server = server
        self.socket = socket
        self.request = request
        self.start: Any = None
        self.ears = Ears(RATE, server.silence_ms)
        self.waiting = bytearray()
        self.ms = 0
        """The session's clock."""
        self.speaking: deque[tuple[bytes, str]] = deque()
        """What is to be said, in steps, with the words to each."""
        self.words: deque[str] = deque()
        """What the user says, that was not yet told."""
        self.due: list[tuple[int, Talk]] = []
        self.after: dict[str, Talk] = {}
        """What is said when work is done."""
        self.open_calls: dict[str, str] = {}
        self.making = False
        self.clock: asyncio.Task[None] | None = None
        self.closed = asyncio.Event()

    async def send(self, kind: str, **fields: Any) -> None:
        event = {"type": kind, **fields}
        if kind != "session.output_audio.delta":
            event.setdefault("event_id", self.server.new("event"))
        assert not strange(SERVER.validate_python(event)), event
        if kind == "response.event":
            NESTED.validate_python(event["event"])
        self.server.said.append((asyncio.get_running_loop().time(), event))
        self.server.log.append((asyncio.get_running_loop().time(), "server", event))
        await self.send_text(json.dumps(event))

    async def send_text(self, text: str) -> None:
        with suppress(ConnectionError):
            await self.socket.send_str(text)

    async def complain(self, code: str, message: str, event_id: str | None = None) -> None:
        error = {"type": "invalid_request_error", "code": code, "message": message}
        await self.send("error", error=error | ({"client_event_id": event_id} if event_id else {}))

    @property
    def resource(self) -> dict[str, Any]:
        session = self.start.session.model_dump(exclude_unset=True) if self.start else {"model": "none"}
        return {**session, "id": "live_1", "expires_at": self.server.expires_at, "status": "active"}

    @property
    def usage(self) -> dict[str, float]:
        return {"seconds": self.ms / 1000}

    async def finish(self, reason: str) -> None:
        """End the session."""
        if not self.closed.is_set():
            self.closed.set()
            await self.send("session.closed", reason=reason, session=self.resource, usage=self.usage)
            await self.socket.close()

    def abort(self) -> None:
        if self.request.transport is not None:
            self.request.transport.abort()

    def say(self, talk: Talk) -> None:
        """Say something from now on."""
        steps = [talk.pcm[at : at + STEP].ljust(STEP, b"\0") for at in range(0, len(talk.pcm), STEP)]
        words = [word + " " for word in talk.text.split()]
        for n, step in enumerate(steps):
            first, last = len(words) * n // len(steps), len(words) * (n + 1) // len(steps)
            self.speaking.append((step, "".join(words[first:last])))

    async def run(self) -> None:
        """Let the session's clock go on as it is sent audio, in real time."""
        while True:
            await asyncio.sleep(STEP_MS / 1000)
            while len(self.waiting) >= STEP:
                audio = bytes(self.waiting[:STEP])
                del self.waiting[:STEP]
                await self._step(audio)

    async def _step(self, audio: bytes) -> None:
        server = self.server
        for found in self.ears.take(audio):
            if isinstance(found, Onset):
                self.words.extend(word + " " for word in server.user().split())
                if server.yields and self.speaking:
                    self.speaking = deque(list(self.speaking)[:2])
            else:
                while self.words:
                    await self._heard(self.words.popleft())
                server.turns += 1
                if not server.deaf:
                    talk = server.next_reply()
                    self.due.append((self.ms + talk.delay_ms, talk))
        if self.ears.speaking and self.words and self.ms % 200 == 0:
            await self._heard(self.words.popleft())
        while self.due and self.due[0][0] <= self.ms:
            await self._answer(self.due.pop(0)[1])
        step, words = self.speaking.popleft() if self.speaking else (bytes(STEP), "")
        await self.send("session.output_audio.delta", delta=base64.b64encode(step).decode())
        if words:
            at = {"start_ms": self.ms, "end_ms": self.ms + STEP_MS}
            await self.send("session.output_transcript.delta", delta=words, **at)
        self.ms += STEP_MS
        if self.ms % 1000 == 0:
            await self.send("session.usage.updated", usage=self.usage)

    async def _heard(self, word: str) -> None:
        at = {"start_ms": max(0, self.ms - 200), "end_ms": self.ms}
        await self.send("session.input_transcript.delta", delta=word, **at)

    async def _answer(self, talk: Talk) -> None:
        if not (talk.calls or talk.client or talk.fails):
            self.say(talk)
            return
        name = self.server.new("dlg")
        self.after[name] = talk
        target = "client" if talk.client else "responses"
        info = {"id": name, "type": "delegation", "target": target}
        await self.send("session.delegation.created", delegation=info, offset_ms=self.ms)
        if talk.client:
            return
        await self.nested(name, "response.created", status="in_progress")
        for n, (function, arguments) in enumerate(talk.calls):
            call = self.server.new("call")
            self.open_calls[call] = name
            item = {"type": "function_call", "id": self.server.new("fc"), "call_id": call, "name": function}
            item |= {"arguments": arguments, "status": "completed"}
            event = {"type": "response.output_item.done", "output_index": n, "item": item, "sequence_number": n}
            await self.send("response.event", event=event, delegation_id=name)
        if talk.fails:
            self.open_calls.clear()
            await self.nested(name, f"response.{talk.fails}", status=talk.fails)
            self.say(self.after.pop(name))
        else:
            await self.nested(name, "response.completed", status="completed")

    async def nested(self, work: str, kind: str, *, status: str) -> None:
        self.making = kind == "response.created"
        response: dict[str, Any] = {
            "id": "resp_1", "object": "response", "created_at": 0, "model": "backend", "output": [], "status": status,
            "parallel_tool_calls": True, "tool_choice": "auto", "tools": [],
        }  # fmt: skip
        if not self.making:
            details = {"input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}}
            details |= {"output_tokens_details": {"reasoning_tokens": 0}}
            response["usage"] = {"input_tokens": 30, "output_tokens": 4, "total_tokens": 34, **details}
        if status == "failed":
            response["error"] = {"code": "server_error", "message": "it broke"}
        event = {"type": kind, "response": response, "sequence_number": 0}
        await self.send("response.event", event=event, delegation_id=work)

    async def take(self, event: Any) -> None:  # noqa: C901 - a table of events
        """Do what a client event asks for."""
        match event.type:
            case "session.start":
                self.start = event
                for text in self.server.before_start:
                    await self.send_text(text)
                await self.send("session.started", session=self.resource)
                self.clock = asyncio.create_task(self.run())
            case "session.input_audio.append":
                self.waiting += base64.b64decode(event.audio)
            case "session.commentary.append" | "session.thinking.append" | "session.instructions.append":
                at = {"start_ms": self.ms, "end_ms": self.ms}
                await self.send(event.type.replace("append", "appended"), **at)
                talk = self.after.pop(event.delegation_id or "", None)
                if event.type == "session.commentary.append":
                    talk = talk or self.server.told
                if talk is not None:
                    self.say(talk)
            case "response.item.create":
                if self.open_calls.pop(event.item.call_id, None) is None:
                    await self.complain("unknown_call", "No such call", event.event_id)
            case "response.create":
                if self.making or self.open_calls:
                    await self.complain("calls_open", "Calls are waiting for their output", event.event_id)
                else:
                    for name, talk in list(self.after.items()):
                        del self.after[name]
                        await self.nested(name, "response.created", status="in_progress")
                        await self.nested(name, "response.completed", status="completed")
                        self.say(talk)
            case "session.close":
                await self.finish("close_requested")


def _thin(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event with its audio as levels, of which as loud a sound can be made again, and without settings."""
    if "session" in event:
        return event | {"session": {key: event["session"][key] for key in ("id", "model", "expires_at", "status")}}
    if event["type"] != "session.output_audio.delta":
        return event
    pcm = np.frombuffer(base64.b64decode(event["delta"]), np.int16).astype(np.float64).reshape(-1, STEP // 10)
    return event | {"delta": [round(float(level)) for level in np.sqrt(np.mean(pcm**2, axis=1))]}


def thick(event: dict[str, Any]) -> dict[str, Any]:
    """Return an event as it was, but for the sound of its audio."""
    if event["type"] != "session.output_audio.delta":
        return event
    pcm = np.repeat(np.array(event["delta"], np.int16), STEP // 10)
    return event | {"delta": base64.b64encode(pcm.tobytes()).decode()}


class ScriptedLive:
    """The server; `replies` are given in turn, the last of them for ever. At `url`, of 127.0.0.1."""

    def __init__(self, *replies: Talk, user: tuple[str, ...] = ("what time is it",), silence_ms: int = 500) -> None:
        self.replies = deque(replies or (Talk(),))
        self.users = deque(user)
        self.silence_ms = silence_ms
        self.yields = True
        """Falls silent when the user talks over it."""
        self.deaf = False
        self.told: Talk | None = None
        """What is said to commentary that answers nothing."""
        self.expires_at = 4_000_000_000
        self.before_start: tuple[str, ...] = ()
        """What is sent ahead of `session.started`."""
        self.refuse = 0
        self.refusal = ""
        self.received: list[tuple[float, Any]] = []
        self.said: list[tuple[float, dict[str, Any]]] = []
        self.log: list[tuple[float, str, dict[str, Any]]] = []
        """What both said, in its order."""
        self.connections: list[Connection] = []
        self.turns = 0
        self.url = self.http = ""
        self._news = asyncio.Condition()
        self._count = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/live/sessions", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.http = f"http://{host}:{port}/v1"
        self.url = f"ws://{host}:{port}/v1/live/sessions"
        return self

    async def __aexit__(self, *_: object) -> None:
        for connection in self.connections:
            if connection.clock is not None:
                connection.clock.cancel()
            connection.abort()
        await self._runner.cleanup()

    @property
    def connection(self) -> Connection:
        return self.connections[-1]

    @property
    def heard(self) -> NDArray[np.int16]:
        """What the newest client sent, (n,) int16 at 24 kHz, as far as the session's clock has come."""
        return self.connection.ears.samples

    def all(self, kind: str) -> list[Any]:
        return [event for _, event in self.received if event.type == kind]

    async def wait(self, kind: str, count: int = 1, timeout_s: float = 10.0) -> Any:
        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(lambda: len(self.all(kind)) >= count)
        return self.all(kind)[count - 1]

    def save(self, path: Path) -> None:
        """Write down what was said by both, in the order of time, without what the microphone heard."""
        with path.open("w") as file:
            for at, who, event in self.log:
                if event["type"] not in {"session.input_audio.append", "session.start"}:
                    file.write(json.dumps({"t": round(at, 3), "from": who, "event": _thin(event)}) + "\n")

    def new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    def user(self) -> str:
        return self.users.popleft() if len(self.users) > 1 else self.users[0]

    def next_reply(self) -> Talk:
        return self.replies.popleft() if len(self.replies) > 1 else self.replies[0]

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        assert not request.query, "there is nothing in the query"
        if self.refuse:
            return web.Response(status=self.refuse, text=self.refusal)
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        connection = Connection(self, socket, request)
        self.connections.append(connection)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                break
            await self._take(connection, message.data)
        if connection.clock is not None:
            connection.clock.cancel()
        return socket

    async def _take(self, connection: Connection, text: str) -> None:
        raw = json.loads(text)
        try:
            event = CLIENT.validate_python(raw)
        except ValidationError as error:
            await connection.complain("invalid_value", str(error.errors()[0]["loc"]), raw.get("event_id"))
            return
        if found := strange(event):
            await connection.complain("unknown_parameter", found[0], raw.get("event_id"))
        elif event.type in NULLABLE and "delegation_id" not in raw:
            await connection.complain("missing_required_parameter", "delegation_id", raw.get("event_id"))
        elif (event.type == "session.start") == (connection.start is not None):
            await connection.complain("invalid_order", "session.start comes first, and once", raw.get("event_id"))
        else:
            async with self._news:
                self.received.append((asyncio.get_running_loop().time(), event))
                self.log.append((asyncio.get_running_loop().time(), "client", raw))
                self._news.notify_all()
            await connection.take(event)
