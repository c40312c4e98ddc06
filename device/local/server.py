"""The local engine as a server: OpenAI's Realtime API (GA) over WebSocket, on aiohttp.

`ws://HOST:PORT/v1/realtime` takes any Realtime client; `POST /v1/realtime/client_secrets` gives SDKs the short-lived
key that they ask for; `GET /health` says how the server is. All else is refused in JSON.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from importlib.metadata import version
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, WSMsgType, hdrs, web
from msgspec import Struct

from device.local.cascade import Cascade, Stages
from device.local.drain import Drain, say_goodbye
from device.local.session.client_events import Session
from device.local.session.inbox import Inbox, Pace
from device.local.session.outbox import FULL, Outbox
from device.local.web.client_secrets import LARGEST as LARGEST_BODY
from device.local.web.client_secrets import ClientSecrets
from device.local.web.handshake import SUBPROTOCOL, agreeing, offered_key, unserved
from device.local.web.listening import listen
from device.web.answers import quoted, refusal
from device.web.connections import IDLE_S, REQUEST_S, Connections, http_log
from device.web.gate import Allowed, Gate, Who, own_names, preflight
from device.web.upgrade import can_upgrade
from device.wire.errors import WireError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

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

WHO: Final = Who("The local engine", "local.hosts", "local.origins")
NOT_SERVED: Final = {
    f"{PATH}/calls": ", calls by WebRTC or telephone",
    f"{PATH}/sessions": ", of the beta, which has ended",
    f"{PATH}/transcription_sessions": ", of the beta, which has ended",
    "/v1/models": ", and takes any name of a model",
}
"""What else OpenAI has that clients ask for, and what is said of it."""


class Limits(Struct, frozen=True):
    """What the server bears."""

    sessions: int = 8
    """How many at once; as the default of `local.sessions`."""
    stall_s: float = 120.0
    """How long a client may leave an event unread: a laptop that sleeps for a minute is not dropped."""
    idle_s: float = 900.0
    """How long a client may say nothing, not even silence, before it makes room for others; a choice."""


class Engine:
    """The server's sessions. They are refused until it is told to `open`, as while its models load."""

    def __init__(self, limits: Limits, voice: str, allowed: Allowed) -> None:
        self.connections = Connections()
        self._cascade: Cascade | None = None
        self._limits = limits
        self._voice = voice
        self._gate = Gate(allowed, WHO)
        self._secrets = ClientSecrets(voice)
        self._sockets: set[web.WebSocketResponse] = set()
        self._drain = Drain()

    def open(self, cascade: Cascade) -> None:
        """Take sessions from now on, with these stages."""
        self._cascade = cascade

    def app(self) -> web.Application:
        """Return the engine as a web application."""
        app = web.Application(middlewares=[self._let_in], client_max_size=LARGEST_BODY)
        app.router.add_get(PATH, self._realtime)
        app.router.add_post(f"{PATH}/client_secrets", self._client_secret)
        app.router.add_get("/health", self._health)
        app.on_shutdown.append(self._shut_down)
        return app

    @web.middleware
    async def _let_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse whoever may not ask, and say in JSON what is not served."""
        self.connections.asked(request)
        answer: web.StreamResponse | None = self._gate.refused(request)
        if answer is None:
            try:
                answer = preflight(request) or await handler(request)
            except web.HTTPException as error:
                answer = _unserved(request, error)
        if not answer.prepared:
            self._gate.shared(request, answer)
        return answer

    async def _health(self, _: web.Request) -> web.Response:
        ready = self._cascade is not None and not self._drain.begun
        return web.json_response(
            {
                "status": "draining" if self._drain.begun else "ok" if ready else "loading",
                "ready": ready,
                "sessions": len(self._sockets),
                "max_sessions": self._limits.sessions,
                "version": version("parley"),
            },
            status=200 if ready else 503,
        )

    async def _client_secret(self, request: web.Request) -> web.Response:
        try:
            async with asyncio.timeout(REQUEST_S):
                return web.json_response(self._secrets.give(await request.read()))
        except WireError as error:
            return refusal(400, error.code, error.message, error.param)
        except TimeoutError:
            return refusal(408, "request_timeout", f"The request did not come whole within {REQUEST_S:g} s.")

    async def _realtime(self, request: web.Request) -> web.StreamResponse:
        if not self._cascade:
            return refusal(
                503, "engine_loading", "The local engine is still loading its models: try again in a moment."
            )
        if self._drain.begun:
            return refusal(503, "engine_draining", "The local engine is about to end, and takes no more sessions.")
        if answer := unserved(request):
            return answer
        if len(self._sockets) >= self._limits.sessions:
            return refusal(
                503,
                "session_limit_reached",
                f"The local engine holds {self._limits.sessions} sessions already, its limit: end one, or raise "
                "'local.sessions' in the settings.",
            )
        # Compression would cost more time than the loopback or the LAN needs for base64.
        ws = web.WebSocketResponse(protocols=(SUBPROTOCOL,), max_msg_size=ABSURD, compress=False, timeout=GOODBYE_S)
        if not can_upgrade(ws, request := agreeing(request)):
            return refusal(426, "websocket_required", f"{PATH} is a WebSocket: connect with ws://.")
        self._sockets.add(ws)
        self.connections.hold(request)
        try:
            await ws.prepare(request)
            await self._hold(ws, request, self._cascade)
        finally:
            self._sockets.discard(ws)
        return ws

    async def _hold(self, ws: web.WebSocketResponse, request: web.Request, cascade: Cascade) -> None:
        """Hold a session until either side ends it."""
        _keep_alive(request)
        outbox, inbox = Outbox(ws.send_str, self._limits.stall_s), Inbox()
        wanted = self._secrets.session(offered_key(request.headers))
        model = request.query.get("model") or (wanted and wanted.model) or "parley"
        session = Session(cascade, outbox.write, outbox.room, model=model, voice=self._voice)
        session.begin(wanted)
        self._drain.hold(session, ws)
        work = (_read(ws, inbox, self._limits.idle_s), _answer(inbox, session, outbox), outbox.run())
        tasks = [asyncio.create_task(one) for one in work]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._drain.drop(session)
            session.close()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        for task in done:
            await self._ended(task, ws, request, session)

    async def _ended(
        self, task: asyncio.Task[None], ws: web.WebSocketResponse, request: web.Request, session: Session
    ) -> None:
        """Say why a session ended that neither side meant to end."""
        error = task.exception()
        if isinstance(error, IdleError):
            log.info("session %s ends: its client has said nothing for %g s", session.id, self._limits.idle_s)
            message = f"Idle for {self._limits.idle_s:g} s: the session makes room for others."
            await ws.close(code=WSCloseCode.POLICY_VIOLATION, message=message.encode())
        elif isinstance(error, TimeoutError):
            log.warning("session %s ends: its client has read nothing for %g s", session.id, self._limits.stall_s)
            if request.transport:
                request.transport.abort()
        elif error and not isinstance(error, ConnectionError):
            log.error("session %s broke off", session.id, exc_info=error)

    async def drain(self, seconds: float) -> None:
        """Take no more sessions, and wait for at most so long until those there are have come to an end."""
        if self._cascade is not None:
            await self._drain.run(seconds)

    async def _shut_down(self, _: web.Application) -> None:
        await asyncio.gather(*map(say_goodbye, self._sockets), return_exceptions=True)


class IdleError(Exception):
    """A client has said nothing for too long."""


def make_app(
    stages: Stages, limits: Limits | None = None, *, voice: str = "en-gb", allowed: Allowed | None = None
) -> web.Application:
    """Return a server of these stages as a web application."""
    engine, cascade = Engine(limits or Limits(), voice, allowed or Allowed()), Cascade(stages)
    engine.open(cascade)
    app = engine.app()

    async def close(_: web.Application) -> None:
        await cascade.close()

    app.on_cleanup.append(close)
    return app


async def serve(
    settings: Settings,
    *,
    ready: Callable[[int], None] | None = None,
    ending: Callable[[float], None] = lambda _: None,
    given: Sequence[socket.socket] = (),
) -> None:
    """Run the local engine as set, until cancelled; call `ready` with the port once it takes sessions.

    When it is cancelled, turns go on for as long as the settings have it; `ending` is called with the seconds.

    It listens at the sockets that are `given`, the port being 0 if the first has none, else where the settings say.

    While the models load, `/health` answers already and sessions are refused. Raises `EngineStartError` if the port,
    the certificate or the voice is not to be had, and `ModelError` if a model is missing or unusable.
    """
    from device.local.load import load_stages  # noqa: PLC0415 - onnxruntime takes a second; a taken port shows at once

    local = settings.local
    allowed = Allowed(local.origins, own_names(local.host, socket.gethostname(), local.hosts))
    engine = Engine(Limits(sessions=local.sessions), local.voice or "default", allowed)
    runner = web.AppRunner(
        engine.app(), access_log=None, shutdown_timeout=GOODBYE_S, keepalive_timeout=IDLE_S, logger=http_log()
    )
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - it is set up
        listening = await listen(engine.connections.guard(runner.server), local, given)
        try:
            cascade = Cascade(await asyncio.to_thread(load_stages, settings))
            try:
                await asyncio.to_thread(cascade.warm_up)
                engine.open(cascade)
                if ready:
                    ready(_port(listening[0].sockets[0]))
                await asyncio.Event().wait()
            finally:
                if local.drain_s:
                    ending(local.drain_s)
                    await engine.drain(local.drain_s)
                await cascade.close()
        finally:
            for server in listening:
                server.close()
    finally:
        await runner.cleanup()


def _port(listening: socket.socket) -> int:
    return 0 if listening.family == socket.AF_UNIX else int(listening.getsockname()[1])


async def _read(ws: web.WebSocketResponse, inbox: Inbox, idle_s: float) -> None:
    """Take what the client says, until it says no more; pings are answered meanwhile. Raises `IdleError`."""
    while True:
        try:
            async with asyncio.timeout(idle_s):  # whatever it pings
                frame = await ws.receive()
        except TimeoutError:
            raise IdleError from None
        if frame.type is WSMsgType.TEXT:
            await inbox.put(frame.data)
        elif frame.type is WSMsgType.BINARY:
            await inbox.put(None)
        else:
            return


async def _answer(inbox: Inbox, session: Session, outbox: Outbox) -> None:
    """Have the session answer what the client said, one after the other, for ever."""
    clock = asyncio.get_running_loop().time
    pace = Pace(clock())
    while True:
        text = await inbox.get()
        # A client that asks and asks but does not read what it is told has to wait.
        await outbox.room(FULL)
        if text is None:
            session.refuse_binary()
            audio = False
        else:
            audio = await session.receive(text)
        # Always, so that others get a turn.
        await asyncio.sleep(0 if audio else pace.delay(clock()))


def _keep_alive(request: web.Request) -> None:
    connection = request.transport.get_extra_info("socket") if request.transport else None
    if connection and connection.family in {socket.AF_INET, socket.AF_INET6}:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            if option := getattr(socket, name, None):
                connection.setsockopt(socket.IPPROTO_TCP, option, value)


def _unserved(request: web.Request, error: web.HTTPException) -> web.Response:
    """Return what is said in JSON where aiohttp would say it in a word."""
    where = f"{request.method} {quoted(request.path)}"
    if error.status == 405:
        answer = refusal(405, "method_not_allowed", f"The local engine does not serve {where}, only by another method.")
        answer.headers[hdrs.ALLOW] = error.headers.get(hdrs.ALLOW, "")
        return answer
    if error.status == 413:
        return refusal(413, "request_too_large", f"The body is larger than {LARGEST_BODY} bytes.")
    why = NOT_SERVED.get(request.path.rstrip("/"), "")
    serves = f"{PATH} (a WebSocket), POST {PATH}/client_secrets and /health"
    return refusal(error.status, "not_found", f"The local engine does not serve {where}{why}: it has {serves}.")
