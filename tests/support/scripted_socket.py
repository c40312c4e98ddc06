"""What scripted servers of protocols over a WebSocket share: to listen, to keep what was said, and ears."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


AUDIO = "AAABAAIA"
"""What a log has instead of a message's audio, as base64: three samples."""


class Peer:
    """One client of a scripted server."""

    def __init__(self, server: ScriptedSocket[Any], socket: web.WebSocketResponse, request: web.Request) -> None:
        self.server = server
        self.socket = socket
        self.headers = request.headers
        self.query = request.query
        self.path = request.path
        self.tasks: list[asyncio.Task[Any]] = []
        self._request = request

    async def send(self, text: str) -> None:
        self.server.note("server", text)
        with suppress(ConnectionError):
            if self.server.binary:
                await self.socket.send_bytes(text.encode())
            else:
                await self.socket.send_str(text)

    async def close(self, code: int, reason: str = "") -> None:
        await self.socket.close(code=code, message=reason.encode())

    def abort(self) -> None:
        """Drop the connection without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    def start(self, work: Any) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self.tasks.append(task)
        return task


OnePeer = TypeVar("OnePeer", bound=Peer)


class ScriptedSocket(Generic[OnePeer]):
    """A server on 127.0.0.1, at `url`; a subclass says what it does with a client's message, in `on_message`."""

    path = "/"
    binary = False
    """Whether JSON goes into binary frames."""

    def __init__(self) -> None:
        self.peers: list[OnePeer] = []
        self.received: list[Any] = []
        self.log: list[dict[str, Any]] = []
        """Every message of both sides as JSON, with its audio shortened."""
        self.refuse: tuple[int, str] = (0, "")
        """Status and body of every handshake, if not 0; `refusal_headers` go with it."""
        self.refusal_headers: dict[str, str] = {}
        self.asked = 0
        """How many handshakes came."""
        self.url = ""
        self._news = asyncio.Condition()
        self._count = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get(self.path, self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"ws://127.0.0.1:{self._runner.addresses[0][1]}{self.path.partition('/{')[0]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        for peer in self.peers:
            for task in peer.tasks:
                task.cancel()
            peer.abort()
        await self._runner.cleanup()

    @property
    def peer(self) -> OnePeer:
        """The newest client."""
        return self.peers[-1]

    def make_peer(self, socket: web.WebSocketResponse, request: web.Request) -> OnePeer:
        raise NotImplementedError

    def decode(self, data: str) -> Any:
        raise NotImplementedError

    async def on_message(self, peer: OnePeer, message: Any) -> None:
        raise NotImplementedError

    async def wait(self, wanted: Callable[[Any], bool], count: int = 1, timeout_s: float = 10.0) -> Any:
        """Return the `count`th message for which `wanted`, once it was received. Raises `TimeoutError`."""

        def found() -> list[Any]:
            return [one for one in self.received if wanted(one)]

        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]

    def new(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    def note(self, side: str, text: str) -> None:
        self.log.append({"from": side, "message": _short(json.loads(text))})

    def save(self, path: Path) -> None:
        """Write the log, a message a line; of audio that goes on, the first is enough."""
        lines: list[str] = []
        audio: set[str] = set()
        for entry in self.log:
            line = json.dumps(entry, ensure_ascii=False, sort_keys=True)
            if AUDIO not in line:
                audio.clear()
            elif line in audio:
                continue
            else:
                audio.add(line)
            lines.append(line)
        path.write_text("\n".join(lines) + "\n")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        if self.refuse[0]:
            return web.Response(status=self.refuse[0], text=self.refuse[1], headers=self.refusal_headers)
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        peer = self.make_peer(socket, request)
        self.peers.append(peer)
        while (message := await socket.receive()).type is WSMsgType.TEXT:
            self.note("client", message.data)
            one = self.decode(message.data)
            async with self._news:
                self.received.append(one)
                self._news.notify_all()
            await self.on_message(peer, one)
        for task in peer.tasks:
            task.cancel()
        return socket


def _short(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _short(one, name) for name, one in value.items()}
    if isinstance(value, list):
        return [_short(one) for one in value]
    return AUDIO if key in {"data", "audio"} and isinstance(value, str) else value
