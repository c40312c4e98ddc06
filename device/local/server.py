"""The local engine as a server: OpenAI's Realtime API (GA) over WebSocket, on aiohttp.

`ws://HOST:PORT/v1/realtime` takes any Realtime client; `GET /health` says how the server is.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import socket
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, WSMsgType, web
from msgspec import Struct

from device.local.cascade import Cascade, Stages
from device.local.session.client_events import Session
from device.local.session.outbox import FULL, Outbox
from device.local.stages import EngineStartError

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.settings.tree import Settings

log = logging.getLogger(__name__)

PATH: Final = "/v1/realtime"
ABSURD: Final = 32 * 1024 * 1024
"""A frame of more bytes than this ends the connection (close code 1009); smaller ones only get an `error` event.

Twice what an event may have (`client_events.LARGEST`): it bounds the memory that a client can take at once.
"""
GOODBYE_S: Final = 2.0
"""How long a client may take to answer a close frame; a service that is stopped waits for the slowest."""
KEEPALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 15, "TCP_KEEPCNT": 4}
"""Finds clients that vanished without a word in two minutes, s. WebSocket pings would also end slow readers."""


class Limits(Struct, frozen=True):
    """What the server bears."""

    sessions: int = 8
    """How many at once; as the default of `local.sessions`."""
    stall_s: float = 120.0
    """How long a client may leave an event unread: a laptop that sleeps for a minute is not dropped."""


class Engine:
    """The server's sessions. They are refused until it is told to `open`, as while its models load."""

    def __init__(self, limits: Limits, voice: str) -> None:
        self._cascade: Cascade | None = None
        self._limits = limits
        self._voice = voice
        self._sockets: set[web.WebSocketResponse] = set()

    def open(self, cascade: Cascade) -> None:
        """Take sessions from now on, with these stages."""
        self._cascade = cascade

    def app(self) -> web.Application:
        """Return the engine as a web application."""
        app = web.Application()
        app.router.add_get(PATH, self._realtime)
        app.router.add_get("/health", self._health)
        app.on_shutdown.append(self._shut_down)
        return app

    async def _health(self, _: web.Request) -> web.Response:
        ready = self._cascade is not None
        return web.json_response(
            {
                "status": "ok" if ready else "loading",
                "ready": ready,
                "sessions": len(self._sockets),
                "max_sessions": self._limits.sessions,
                "version": version("parley"),
            },
            status=200 if ready else 503,
        )

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        if not self._cascade:
            return _refusal(
                503, "engine_loading", "The local engine is still loading its models: try again in a moment."
            )
        if len(self._sockets) >= self._limits.sessions:
            return _refusal(
                503,
                "session_limit_reached",
                f"The local engine holds {self._limits.sessions} sessions already, its limit: end one, or raise "
                "'local.sessions' in the settings.",
            )
        # Compression would cost more time than the loopback or the LAN needs for base64.
        ws = web.WebSocketResponse(protocols=("realtime",), max_msg_size=ABSURD, compress=False, timeout=GOODBYE_S)
        if not ws.can_prepare(request):
            return _refusal(426, "websocket_required", f"{PATH} is a WebSocket: connect with ws://.")
        self._sockets.add(ws)
        try:
            await ws.prepare(request)
            await self._hold(ws, request, self._cascade)
        finally:
            self._sockets.discard(ws)
        return ws

    async def _hold(self, ws: web.WebSocketResponse, request: web.Request, cascade: Cascade) -> None:
        """Hold a session until either side ends it."""
        _keep_alive(request)
        outbox = Outbox(ws.send_str, self._limits.stall_s)
        session = Session(
            cascade, outbox.write, outbox.room, model=request.query.get("model") or "parley", voice=self._voice
        )
        session.begin()
        both = [asyncio.create_task(_listen(ws, session, outbox)), asyncio.create_task(outbox.run())]
        try:
            done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            session.close()
            for task in both:
                task.cancel()
            await asyncio.gather(*both, return_exceptions=True)
        for task in done:
            if isinstance(error := task.exception(), TimeoutError):
                log.warning("session %s ends: its client has read nothing for %g s", session.id, self._limits.stall_s)
                if request.transport:
                    request.transport.abort()
            elif error and not isinstance(error, ConnectionError):
                log.error("session %s broke off", session.id, exc_info=error)

    async def _shut_down(self, _: web.Application) -> None:
        goodbye = b"The local engine is shutting down."
        await asyncio.gather(
            *(ws.close(code=WSCloseCode.GOING_AWAY, message=goodbye) for ws in self._sockets), return_exceptions=True
        )


def make_app(stages: Stages, limits: Limits | None = None, *, voice: str = "en-gb") -> web.Application:
    """Return a server of these stages as a web application."""
    engine, cascade = Engine(limits or Limits(), voice), Cascade(stages)
    engine.open(cascade)
    app = engine.app()

    async def close(_: web.Application) -> None:
        await cascade.close()

    app.on_cleanup.append(close)
    return app


async def serve(settings: Settings, *, ready: Callable[[int], None] | None = None) -> None:
    """Run the local engine as set, until cancelled; call `ready` with the port once it takes sessions.

    While the models load, `/health` answers already and sessions are refused. Raises `EngineStartError` if the port
    or the voice is not to be had, and `ModelError` if a model is missing or unusable.
    """
    from device.local.load import load_stages  # noqa: PLC0415 - onnxruntime takes a second; a taken port shows at once

    local = settings.local
    engine = Engine(Limits(sessions=local.sessions), local.voice)
    runner = web.AppRunner(engine.app(), access_log=None, shutdown_timeout=GOODBYE_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, local.host, local.port).start()
        except OSError as error:
            raise EngineStartError(_cannot_listen(local.host, local.port, error)) from error
        cascade = Cascade(await asyncio.to_thread(load_stages, settings))
        try:
            await asyncio.to_thread(cascade.warm_up)
            engine.open(cascade)
            if ready:
                ready(runner.addresses[0][1])
            await asyncio.Event().wait()
        finally:
            await cascade.close()
    finally:
        await runner.cleanup()


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    """Say why the engine cannot listen there, and which setting to change."""
    # From Python 3.12 on, an address that no card has is an error without a number.
    lacking = error.errno in (None, errno.EADDRNOTAVAIL)
    unknown = isinstance(error, socket.gaierror)
    number = errno.EADDRNOTAVAIL if lacking else error.errno or 0
    told = f"cannot listen on {host} port {port}: {error.strerror if unknown else os.strerror(number)}."
    if lacking or unknown:
        return (
            f"{told} This machine has no such address: choose another with --host or 'local.host' (127.0.0.1 is for "
            "this machine alone, 0.0.0.0 for every network)."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{told} Ports below 1024 are for root: choose another with --port or 'local.port'."
    return f"{told} Is another engine running? Choose another port with 'local.port' (0 takes a free one)."


async def _listen(ws: web.WebSocketResponse, session: Session, outbox: Outbox) -> None:
    """Pass on what the client says, until it says no more."""
    async for frame in ws:
        # A client that asks and asks but does not read what it is told has to wait.
        await outbox.room(FULL)
        if frame.type is WSMsgType.TEXT:
            await session.receive(frame.data)
        elif frame.type is WSMsgType.BINARY:
            session.refuse_binary()


def _keep_alive(request: web.Request) -> None:
    connection = request.transport.get_extra_info("socket") if request.transport else None
    if connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if option := getattr(socket, name, None):
                connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _refusal(status: int, code: str, message: str) -> web.Response:
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return web.json_response({"error": {"message": message, "type": kind, "code": code, "param": None}}, status=status)
