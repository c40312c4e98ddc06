"""What all sessions over a WebSocket have in common: to connect, send, receive, and end for a reason that is told.

`SocketSession` is an `EngineSession` but for the protocol: a subclass agrees on a session in `greet`, understands
what comes in `receive`, and sends by `send`. Nothing that is called from outside waits for the network.
"""

from __future__ import annotations

import asyncio
import logging
import socket as sockets
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeVar

import aiohttp
from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WebSocketError,
    WSMessage,
    WSMsgType,
    WSServerHandshakeError,
)
from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from device.engines import faults
from device.engines.contract import EngineError, EngineEvent, Expiring, Fault, ReplyEnded, Said
from device.engines.faults import Endpoint
from device.section import Secret

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from device.events import Heard

_log = logging.getLogger(__name__)

MAX_FRAME: Final = 4 * 2**20
"""Bytes of the longest message that is taken from a server."""
MAX_UNSENT: Final = 8 * 2**20
"""Characters that may wait to be sent; some 2 minutes of audio."""
CLOSE_S: Final = 1.0
"""How long to wait for a server to say goodbye."""
EXPIRING_S: Final = 120.0
"""How long before a session's end it is announced."""
QUOTED: Final = 300
"""Characters of a server's text that are passed on."""
KINDS: Final = 50
"""Kinds of oddities of a server that are warned of."""
MAX_REFUSAL: Final = 8192
"""Bytes that are read of a refused handshake's body."""
PROBE_S: Final = 1
"""When nothing is sent, the system asks the other end as often whether it is still there."""

AnyEvent = TypeVar("AnyEvent", bound=EngineEvent)


class Line(Struct, frozen=True, kw_only=True):
    """How to reach a server."""

    url: str
    at: Endpoint
    """What messages may say of it; an address can hold secrets."""
    key: Secret = Secret()
    headers: Mapping[str, str] = {}
    """To be sent with the handshake; `{key}` stands for the key."""
    open_timeout_s: float = 10.0
    """For the connection, and again for each answer while the session opens."""
    stuck_s: float = 5.0
    """A socket that takes nothing for so long is dead."""
    heartbeat_s: float | None = 15.0
    """Between pings; half of it for the answer. None: no pings."""
    unheard_s: float = 2.0
    """A connection of which the other end acknowledges nothing for so long is dead (Linux only); 0: as the system has
    it, which is a quarter of an hour."""
    lifetime_s: float = 0
    """When the server ends the session; 0 if it does not."""


class Server(Struct, frozen=True, kw_only=True):
    """Where a session is to be had: the base of what each protocol asks for."""

    url: str
    model: str = ""
    """What is asked for by its name there."""
    api_key: Secret = Secret()
    section: str
    """The table of the settings that this comes from, for messages."""
    key_variable: str = ""
    """The environment variable for the key, likewise."""
    open_timeout_s: float = 10.0
    stuck_s: float = 5.0
    heartbeat_s: float | None = 15.0

    @property
    def endpoint(self) -> Endpoint:
        """What messages may say of the server; an address can hold secrets."""
        return Endpoint(URL(self.url).host or "The engine", self.model, self.section, self.key_variable)

    def line(self, header: str, value: str = "{key}", *, url: str = "") -> Line:
        """Return how to reach it, with the key in this header; at another `url`, if it is given."""
        return Line(
            url=url or self.url,
            at=self.endpoint,
            key=self.api_key,
            headers={header: value} if self.api_key else {},
            open_timeout_s=self.open_timeout_s,
            stuck_s=self.stuck_s,
            heartbeat_s=self.heartbeat_s,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint.host!r}, model={self.model!r})"


class SocketSession(ABC):
    """One conversation over one socket, opened once."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._at = line.at
        self._inbox: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._unsent = 0
        self._http: ClientSession | None = None
        self._socket: ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._expiry: asyncio.TimerHandle | None = None
        self._joined = asyncio.Event()
        self._joined.set()
        self._live = False
        self._over = False
        self._noted: set[str] = set()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._at.host!r}, model={self._at.model!r})"

    # For subclasses

    @abstractmethod
    async def greet(self, history: Sequence[Said]) -> Fault | None:
        """Agree on the session, by `agree`; `seed` comes after it. Returns what went wrong."""

    def seed(self, history: Sequence[Said]) -> None:  # noqa: B027 - most take it in `greet`
        """Send what was said before, in protocols that take it once the session is agreed on."""

    @abstractmethod
    def receive(self, data: str | bytes) -> None:
        """Take a message of the server's; hand on what it means by `tell`."""

    def stale(self, _event: EngineEvent) -> bool:
        """Return whether an event that waits for its reader has meanwhile lost its meaning."""
        return False

    async def resume(self, _fault: Fault) -> bool:
        """Get the session back after its connection broke for `_fault`, by `reconnect`, in protocols that can.

        Returns whether it is back. What is sent meanwhile waits.
        """
        return False

    def closed(self, code: int | None, reason: str) -> Fault:
        """Return the fault for a connection that closed, by the server's code if it gave one."""
        return faults.closed(code, reason, self._at)

    def farewell(self) -> str | None:
        """Return the message that ends a session in good order, where there is one."""
        return None

    def tell(self, event: EngineEvent) -> None:
        """Hand an event on to whoever reads `events`."""
        self._inbox.put_nowait(self._discreet(event))

    def send(self, message: str | bytes) -> None:
        """Send a text or a binary message when the session is open; it waits its turn."""
        if not self._live:
            return
        self._unsent += len(message)
        self._outbox.put_nowait(message)
        if self._unsent > MAX_UNSENT:
            self.die(self._stuck())

    async def agree(
        self, message: str | None, answer: str, judge: Callable[[str | bytes], Fault | bool]
    ) -> Fault | None:
        """While opening: send a message, if there is one, and wait until `judge` says that a message is the answer.

        `answer` is what is waited for, as the user may be told. Returns what went wrong.
        """
        seconds = self._line.open_timeout_s
        try:
            async with asyncio.timeout(seconds):
                if message is not None:
                    await self._connected.send_str(message)
                while True:
                    got = await self._connected.receive()
                    if got.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                        return self._closed(got)
                    if (verdict := judge(got.data)) is not False:
                        return verdict if isinstance(verdict, Fault) else None
        except TimeoutError:
            text = f"{self._at.host} sent no {answer} within {seconds:g} s: is it a server of the right kind?"
            return Fault("timeout", f"{text} Check {self._at.section}.url", retry=True)
        except ConnectionError:
            return faults.closed(None, "", self._at)

    async def reconnect(self, url: str) -> Fault | None:
        """For `resume`: connect anew, to `url`. Returns what went wrong."""
        await self._hang_up()
        return await self._connect(URL(url))

    def expire_in(self, seconds: float) -> None:
        """Announce the session's end, which is in so many seconds, in time; replaces what was said of it before."""
        if self._expiry is not None:
            self._expiry.cancel()
        left = max(0.0, seconds - EXPIRING_S)
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(left, self._inbox.put_nowait, Expiring(seconds - left))

    def die(self, fault: Fault) -> None:
        """End the session by a fault, which is the last that its reader gets."""
        if not self._over:
            self.tell(fault)
            self._finish()
            self._tasks.append(asyncio.create_task(self._hang_up()))

    def note(self, what: str, text: str) -> None:
        """Warn of what a server does wrong, once for each kind of it."""
        fresh = what not in self._noted and len(self._noted) < KINDS
        self._noted.add(what) if fresh else None
        _log.log(logging.WARNING if fresh else logging.DEBUG, "%s: %s", self._at.host, self.clean(text))

    def clean(self, text: str) -> str:
        """Return what a server says without our key, which some quote, and fit for one line of a log."""
        if key := self._line.key.reveal():
            text = text.replace(key, "***")
        return "".join(c if c.isprintable() else " " for c in text[:QUOTED])

    # An EngineSession

    async def played(self, heard: Heard) -> None:  # noqa: B027 - few have a use for it
        """Do nothing: only sessions that want to know of the playout (`capabilities.playback`) have a use for it."""

    async def open(self, history: Sequence[Said]) -> None:
        """Connect, configure and seed with what was said before. Raises `EngineError`."""
        try:
            fault = await self._open(history)
        except BaseException:
            await self.close()
            raise
        if fault is not None:
            await self.close()
            raise EngineError(self._discreet(fault))

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Yield what the engine says until the session is over; for one reader."""
        while (event := await self._inbox.get()) is not None:
            if not self.stale(event):
                yield event
        self._inbox.put_nowait(None)  # for whoever asks again

    async def close(self) -> None:
        """End the session; harmless when repeated."""
        farewell = self.farewell() if self._live else None
        self._finish()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._hang_up(farewell)

    async def _open(self, history: Sequence[Said]) -> Fault | None:
        """As `open`, but returns the fault: an exception raised here would carry aiohttp's, which shows the headers."""
        line, url = self._line, URL(self._line.url)
        if url.scheme not in {"ws", "wss", "http", "https"} or not url.host:
            return Fault("bad_url", f"{self._at.section}.url must be a ws:// or wss:// address", retry=False)
        if (fault := await self._connect(url)) is not None:
            return fault
        if (fault := await self.greet(history)) is not None:
            return fault
        self._live = True
        self.seed(history)
        self._tasks += [asyncio.create_task(self._write()), asyncio.create_task(self._read())]
        if line.lifetime_s:
            self.expire_in(line.lifetime_s)
        return None

    @property
    def _connected(self) -> ClientWebSocketResponse:
        if self._socket is None:
            raise RuntimeError("the session was never opened")
        return self._socket

    async def _connect(self, url: URL) -> Fault | None:
        line = self._line
        key = line.key.reveal()
        if key and url.scheme in {"ws", "http"} and url.host not in {"127.0.0.1", "::1", "localhost"}:
            self.note("plain", f"The key travels unencrypted; give {self._at.section}.url as wss:// if you can")
        headers = {name: value.replace("{key}", key) for name, value in line.headers.items()}
        if "Authorization" in headers and url.user is not None:
            url = url.with_user(None)  # aiohttp admits one authorization only
        refusal = _Refusal()
        self._http = ClientSession(trace_configs=[refusal.trace])
        try:
            async with asyncio.timeout(line.open_timeout_s):
                self._socket = await self._http.ws_connect(
                    url,
                    headers=headers or None,
                    heartbeat=line.heartbeat_s,
                    max_msg_size=MAX_FRAME,
                    timeout=ClientWSTimeout(ws_close=CLOSE_S),
                )
        except WSServerHandshakeError as error:
            return faults.refused(error.status, refusal.body, self._at, refusal.headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return faults.unreachable(error, self._at)
        _watch(self._socket, line.unheard_s)
        return None

    async def _read(self) -> None:
        """Take what the server sends, until it is over."""
        try:
            while self._live:
                message = await self._connected.receive()
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self.receive(message.data)
                    continue
                self._joined.clear()
                fault = self._closed(message)
                if not (self._live and await self.resume(fault)):
                    self.die(fault)
                    return
                self._joined.set()
        except Exception as error:  # noqa: BLE001  whatever a server provokes must end its session, and no more
            _log.error("The session with %s failed in %s", self._at.host, type(error).__name__)
            self.die(Fault("internal", f"The session with {self._at.host} failed ({type(error).__name__})", retry=True))

    async def _write(self) -> None:
        """Send what waits; alone in touching the socket, so that nobody else waits for it."""
        message: str | bytes | None = None
        while True:
            message = message if message is not None else await self._outbox.get()
            await self._joined.wait()
            socket = self._connected
            try:
                async with asyncio.timeout(self._line.stuck_s):
                    if isinstance(message, str):
                        await socket.send_str(message)
                    else:
                        await socket.send_bytes(message)
            except TimeoutError:
                self.die(self._stuck())
                return
            except ConnectionError:
                if socket is self._socket:
                    self._joined.clear()  # the reader learns why, and whether the session can go on
            else:
                self._unsent -= len(message)
                message = None

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        self._live = False
        self._inbox.put_nowait(None)
        if self._expiry is not None:
            self._expiry.cancel()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def _hang_up(self, farewell: str | None = None) -> None:
        if self._socket is not None:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(2 * CLOSE_S):
                    if farewell is not None:
                        await self._socket.send_str(farewell)
                    await self._socket.close()
        if self._http is not None:
            await self._http.close()

    def _closed(self, message: WSMessage) -> Fault:
        """Return the fault for the last that came from a socket, which is no event."""
        if message.type is WSMsgType.CLOSE:
            return self.closed(message.data, self.clean(message.extra or ""))
        code = message.data.code if isinstance(message.data, WebSocketError) else None
        return self.closed(code, "")

    def _stuck(self) -> Fault:
        return Fault("stuck", f"The connection to {self._at.host} takes no more audio: the network stalls", retry=True)

    def _discreet(self, event: AnyEvent) -> AnyEvent:
        """Return an event of which the message can be shown."""
        if isinstance(event, Fault | ReplyEnded) and event.message:
            return replace(event, message=self.clean(event.message))
        return event


def _watch(socket: ClientWebSocketResponse, unheard_s: float) -> None:
    """Have the system notice soon that nobody is at the other end any more, also when no farewell came.

    What was sent must be acknowledged within `unheard_s`; when there is nothing to send, probes are. It is the other
    machine's system that answers, however busy its server is: pings could not be as strict.
    """
    plain = socket.get_extra_info("socket")
    if plain is None or unheard_s <= 0 or not hasattr(sockets, "TCP_USER_TIMEOUT"):
        return
    with suppress(OSError):
        plain.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT, round(1000 * unheard_s))
        plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_KEEPALIVE, 1)
        plain.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_KEEPIDLE, PROBE_S)
        plain.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_KEEPINTVL, PROBE_S)


class _Refusal:
    """What a server said when it refused the handshake: aiohttp drops it, but it tells a quota from a crowd."""

    def __init__(self) -> None:
        self.body = b""
        self.headers: dict[str, str] = {}
        """Names in lower case."""
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._read)

    async def _read(self, _session: ClientSession, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        if params.response.status >= 400:
            self.headers = {name.lower(): value for name, value in params.response.headers.items()}
            with suppress(aiohttp.ClientError):
                self.body = await params.response.content.read(MAX_REFUSAL)
