"""Cartesia's Ink and Sonic, scripted: they say what a test tells them, and keep what they were sent."""

from __future__ import annotations

import asyncio
import base64
import json
from collections import deque
from typing import Any, Self

import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web
from msgspec.structs import replace
from support.scripted import Client, Scripted

from device.local.stt.ink import InkRecogniser
from device.local.tts.sonic import SonicVoice
from device.settings.local import CartesiaSettings
from device.settings.types import Secret

PATIENCE = 10.0
RATE = 24_000
KEY = "sk_car_never_to_be_seen"
ZEROS = np.zeros(2400, np.int16)


class Cascade:
    """Both on one port of 127.0.0.1; `url` is what `cartesia.url` has to be."""

    def __init__(self) -> None:
        self.url = ""
        self.refuse: dict[str, int] = {}
        """Status of every handshake of a path."""
        self.handshakes: list[web.Request] = []
        self.streams: list[web.WebSocketResponse] = []
        """Ink's sockets for turns."""
        self.heard = bytearray()
        """What all of them were sent."""
        self.texts: list[str] = []
        """Text frames of Ink's."""
        self.written = "what time is it"
        """What Ink writes down of single pieces."""
        self.pieces: deque[str] = deque()
        """What Ink does with the next piece: `write` (also without being told), `error`, `close` or `nothing`."""
        self.requests: list[dict[str, Any]] = []
        """What Sonic was sent."""
        self.voices: list[web.WebSocketResponse] = []
        self.replies: deque[str] = deque()
        """What Sonic does with the next text: `speak` (also without being told), `error`, `close` or `nothing`."""
        self.timestamps = True
        self._said: dict[str, float] = {}
        self._news = asyncio.Condition()

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/stt/turns/websocket", self._turns)
        app.router.add_get("/stt/websocket", self._pieces)
        app.router.add_get("/tts/websocket", self._sonic)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for socket in (*self.streams, *self.voices):
            await socket.close()
        await self._runner.cleanup()

    async def until(self, wanted: Any) -> None:
        """Wait until `wanted()`; looked at whenever something was received."""
        async with asyncio.timeout(PATIENCE), self._news:
            await self._news.wait_for(wanted)

    async def turn(self, kind: str, text: str | None = None) -> None:
        """Tell the newest stream of a turn."""
        event = {"type": kind, "request_id": "r"} | ({} if text is None else {"transcript": text})
        await self.streams[-1].send_str(json.dumps(event))

    async def chunk(self, context: str, ms: int = 100) -> None:
        """Send audio of a context, whatever became of it."""
        tone = (6000 * np.sin(np.arange(RATE * ms // 1000) / 8)).astype("<i2").tobytes()
        await self._send(
            type="chunk",
            context_id=context,
            data=base64.b64encode(tone).decode(),
            done=False,
            status_code=206,
            step_time=1.0,
        )

    async def done(self, context: str) -> None:
        await self._send(type="done", context_id=context, done=True, status_code=200)

    async def _send(self, **event: Any) -> None:
        await self.voices[-1].send_str(json.dumps(event))

    async def _open(self, request: web.Request) -> web.WebSocketResponse | None:
        self.handshakes.append(request)
        if request.path in self.refuse:
            return None
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        return socket

    async def _changed(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def _turns(self, request: web.Request) -> web.StreamResponse:
        if (socket := await self._open(request)) is None:
            return web.Response(status=self.refuse[request.path])
        self.streams.append(socket)
        await socket.send_str('{"type":"connected","request_id":"r"}')
        await self._changed()
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                self.heard += message.data
            else:
                self.texts.append(message.data)
            await self._changed()
        return socket

    async def _pieces(self, request: web.Request) -> web.StreamResponse:
        if (socket := await self._open(request)) is None:
            return web.Response(status=self.refuse[request.path])
        async for message in socket:
            if message.type is WSMsgType.BINARY:
                self.heard += message.data
            elif message.data == "finalize" and (act := self.pieces.popleft() if self.pieces else "write") != "write":
                if act == "error":
                    await socket.send_str('{"type":"error","title":"Busy"}')
                elif act == "close":
                    await socket.close(code=WSCloseCode.GOING_AWAY)
            elif message.data == "finalize":
                half = len(self.written) // 2
                for text, final in ((self.written[:half], True), ("nothing", False), (self.written[half:], True)):
                    event = {"type": "transcript", "request_id": "r", "text": text, "is_final": final}
                    await socket.send_str(json.dumps(event))
                await socket.send_str('{"type":"flush_done","request_id":"r"}')
            elif message.data == "close":
                break
        return socket

    async def _sonic(self, request: web.Request) -> web.StreamResponse:
        if (socket := await self._open(request)) is None:
            return web.Response(status=self.refuse[request.path])
        self.voices.append(socket)
        await self._changed()
        async for message in socket:
            asked = json.loads(message.data)
            self.requests.append(asked)
            await self._changed()
            if asked.get("cancel"):
                continue
            context, text = asked["context_id"], asked["transcript"]
            if not text:
                if context in self._said:
                    await self.done(context)
                continue
            act = self.replies.popleft() if self.replies else "speak"
            if act == "speak":
                await self.speak(context, text)
            elif act == "error":
                await self._send(
                    type="error",
                    context_id=context,
                    done=True,
                    title="Bad voice",
                    message="no such voice",
                    status_code=400,
                )
            elif act == "close":
                await self.chunk(context)
                await socket.close(code=WSCloseCode.GOING_AWAY, message=b"restarting")
        return socket

    async def speak(self, context: str, text: str) -> None:
        """Say 100 ms a word."""
        for word in text.split():
            at = self._said.get(context, 0.0)
            await self.chunk(context)
            self._said[context] = at + 0.1
            if self.timestamps:
                times = {"words": [word], "start": [at], "end": [at + 0.1]}
                await self._send(
                    type="timestamps", context_id=context, done=False, status_code=206, word_timestamps=times
                )


def settings_for(cartesia: Cascade, **more: Any) -> CartesiaSettings:
    """Return settings that lead here."""
    made = CartesiaSettings(url=cartesia.url, api_key=Secret(KEY), voice="v", timeout_s=5)
    return replace(made, **more)


def engine(cartesia: Cascade, brain: Any = None, recogniser: Any = None, voice: Any = None, **more: Any) -> Scripted:
    """Return a local engine of Ink and Sonic, less what a test has of its own."""
    chosen = settings_for(cartesia, **more)
    return Scripted(recogniser or InkRecogniser(chosen), brain, voice or SonicVoice(chosen))


async def hear(client: Client, cartesia: Cascade) -> None:
    """Append audio and wait until Ink has it."""
    before = len(cartesia.heard)
    await client.append(ZEROS)
    await cartesia.until(lambda: len(cartesia.heard) > before)


async def spoken(client: Client, cartesia: Cascade, text: str = "what time is it") -> None:
    """Let Ink hear a turn."""
    await hear(client, cartesia)
    await cartesia.turn("turn.start")
    await cartesia.turn("turn.end", text)
