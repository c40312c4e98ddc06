"""A vLLM-Omni with duplex that says what a test tells it to, after the types of `vllm_omni` 0.30.0."""

import asyncio
import base64
import json
from typing import Any, Self

import aiohttp
from aiohttp import web
from support.sessions import SOON

MINICPM = {
    "supports_model_native_turn_policy": True,
    "supports_barge_in": True,
    "supports_playback_ack": True,
    "supports_session_resume": True,
    "supports_audio_truncate": True,
    "supports_text_only_turn": False,
    "implementation_level": "model_native_duplex",
    "chunk_period_ms": 1000,
}


class Omni:
    """The server: one session, which survives its connections; every event is kept and numbered."""

    def __init__(self) -> None:
        self.capabilities: dict[str, Any] | None = dict(MINICPM)
        self.received: list[dict[str, Any]] = []
        self.queries: list[dict[str, str]] = []
        self.journal: list[dict[str, Any]] = []
        self.token = ""
        self.socket: web.WebSocketResponse | None = None
        self.transport: asyncio.Transport | None = None
        self.greeting: dict[str, Any] | None = None
        self.refuse_resume = ""
        self.ready = asyncio.Event()
        """Cleared, nothing is resumed."""
        self.ready.set()
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/realtime", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"ws://{host}:{port}/v1/realtime"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.drop()
        await self._runner.cleanup()

    async def send(self, kind: str, **fields: Any) -> None:
        """Send an event, or only keep it if nobody is there."""
        event = {"type": kind, "event_id": "e", "server_event_seq": len(self.journal) + 1, **fields}
        self.journal.append(event)
        if self.socket is not None and not self.socket.closed:
            await self.socket.send_json(event)

    async def delta(self, pcm: bytes, reply: str = "r1", rate: int = 24_000) -> None:
        """Send s16le audio of a reply, at `rate` Hz."""
        await self.send(
            "response.output_audio.delta",
            response_id=reply,
            item_id=f"item_{reply}",
            output_index=0,
            content_index=0,
            delta=base64.b64encode(pcm).decode(),
            format="pcm16",
            sample_rate_hz=rate,
            metadata={"epoch": 0, "model_speak": True},
        )

    async def begin(self, reply: str = "r1") -> None:
        """Begin a reply."""
        await self.send("response.created", response={"id": reply, "status": "in_progress"}, response_id=reply)
        await self.send("response.speak", response_id=reply, item_id=f"item_{reply}", metadata={"model_speak": True})

    async def done(self, reply: str = "r1", status: str = "completed") -> None:
        """End a reply."""
        await self.send("response.done", response={"id": reply, "status": status}, response_id=reply)

    def drop(self) -> None:
        """Break the connection off."""
        if self.transport is not None:
            self.transport.abort()
            self.socket = None

    async def wait(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Return the `count`th event of a type that comes in, once it has."""
        async with asyncio.timeout(SOON), self._news:
            await self._news.wait_for(lambda: len(self.all(kind)) >= count)
        return self.all(kind)[count - 1]

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Return what came in of a type so far."""
        return [one for one in self.received if one["type"] == kind]

    def session(self) -> dict[str, Any]:
        """Return the session as the server tells of it."""
        known = {} if self.capabilities is None else {"capabilities": self.capabilities}
        return {"id": "duplex-1", "state": "open", "epoch": 0, **known}

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        self.queries.append(dict(request.query))
        self.transport = request.transport
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                break
            event = json.loads(message.data)
            async with self._news:
                self.received.append(event)
                self._news.notify_all()
            if event["type"] == "session.update":
                self.socket = socket
                await self._update(event)
            elif event["type"] == "session.resume":
                await self._resume(event, socket)
        return socket

    async def _update(self, event: dict[str, Any]) -> None:
        if self.greeting is not None:
            assert self.socket is not None
            await self.socket.send_json(self.greeting)
            return
        if self.journal:
            await self.send("session.updated", session=self.session())
            return
        self.token = "token-1"
        await self.send("session.created", session=self.session(), resume_token=self.token, attachment_generation=1)
        await self.send("session.updated", session=self.session())

    async def _resume(self, event: dict[str, Any], socket: web.WebSocketResponse) -> None:
        if self.refuse_resume:
            await socket.send_json({"type": "error", "error": {"code": self.refuse_resume, "message": "no"}})
            return
        await self.ready.wait()
        assert event["session_id"] == "duplex-1"
        assert event["resume_token"] == self.token
        self.token = f"token-{len(self.queries)}"
        resumed = {"type": "session.resumed", "session_id": "duplex-1", "session": self.session()}
        await socket.send_json(resumed | {"resume_token": self.token})
        for one in self.journal[event["last_received_server_event_seq"] :]:
            await socket.send_json(one)
        self.socket = socket
