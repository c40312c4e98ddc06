"""What all sessions over a WebSocket have in common: to connect, send, receive, and end for a reason that is told.

`WebSocketSession` is an `EngineSession` but for the protocol: a subclass agrees on a session in `greet`, understands
what comes in `receive`, and sends by `send`. Nothing that is called from outside waits for the network.
"""

from __future__ import annotations

import asyncio
import logging
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final, TypeVar

from aiohttp import WebSocketError, WSMessage, WSMsgType
from msgspec.structs import replace
from yarl import URL

from device.conversation.engine import (
    Audio,
    EngineError,
    EngineEvent,
    Expiring,
    Fault,
    ReplyEnded,
    Said,
    ToolCall,
    Words,
)
from device.engines import faults, unix_socket
from device.engines.connection import Connection, Transport
from device.system.loopback import is_loopback

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from device.conversation.events import Heard

_log = logging.getLogger(__name__)

MAX_UNSENT: Final = 8 * 2**20
"""Characters that may wait to be sent: some 2 minutes of audio, at 24 kHz and as base64."""
EXPIRING_S: Final = 120.0
"""How long before a session's end it is announced. A choice: a conversation has a pause in that time, in which the next
session can take over; sooner would cut off more of a session's life."""
MAX_UNREAD: Final = 16 * 2**20
"""Bytes of what a server said that may wait for their reader, as when nobody reads a session that is prepared: five
minutes of audio at 24 kHz."""
EVENT_BYTES: Final = 200
"""What an event takes beside what it holds, roughly."""
QUOTED: Final = 300
"""Characters of a server's text that are passed on. A choice: a sentence or two, which a line of a log can hold."""
KINDS: Final = 50
"""Kinds of oddities of a server that are warned of. A choice: a server that makes up types must not fill the log."""

AnyEvent = TypeVar("AnyEvent", bound=EngineEvent)


class WebSocketSession(ABC):
    """One conversation over one socket, opened once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._at = connection.at
        self._inbox: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._outbox: asyncio.Queue[str | bytes] = asyncio.Queue()
        self._unsent = self._unread = 0
        self.transport = Transport(connection)
        """What the session goes over."""
        self._tasks: list[asyncio.Task[None]] = []
        self._closing: asyncio.Task[None] | None = None
        self._expiry: asyncio.TimerHandle | None = None
        self._connected = asyncio.Event()
        self._connected.set()
        self._live = False
        self._over = False
        self._warned: set[str] = set()

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
        self._inbox.put_nowait(self._shown(event))
        self._unread += _size(event)
        if self._unread > MAX_UNREAD and not self._over:
            self._unread = 0  # the fault has room
            while not self._inbox.empty():
                self._inbox.get_nowait()
            text = f"{self._at.host} says more than anybody takes"
            self.fail(Fault("endless", text, retry=True))

    def send(self, message: str | bytes) -> None:
        """Send a text or a binary message when the session is open; it waits its turn."""
        if not self._live:
            return
        self._unsent += len(message)
        self._outbox.put_nowait(message)
        if self._unsent > MAX_UNSENT:
            self.fail(self._stuck())

    async def agree(
        self, message: str | None, answer: str, judge: Callable[[str | bytes], Fault | bool]
    ) -> Fault | None:
        """While opening: send a message, if there is one, and wait until `judge` says that a message is the answer.

        `answer` is what is waited for, as the user may be told. Returns what went wrong.
        """
        seconds = self._connection.open_timeout_s
        try:
            async with asyncio.timeout(seconds):
                if message is not None:
                    await self.transport.socket.send_str(message)
                while True:
                    got = await self.transport.socket.receive()
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
        await self.transport.close()
        return await self._connect(URL(url))

    def expire_in(self, seconds: float) -> None:
        """Announce the session's end, which is in so many seconds, in time; replaces what was said of it before."""
        if self._expiry is not None:
            self._expiry.cancel()
        left = max(0.0, seconds - EXPIRING_S)
        loop = asyncio.get_running_loop()
        self._expiry = loop.call_later(left, self._inbox.put_nowait, Expiring(seconds - left))

    def fail(self, fault: Fault) -> None:
        """End the session by a fault, which is the last that its reader gets."""
        if not self._over:
            self.tell(fault)
            self._finish()
            self._tasks.append(asyncio.create_task(self.transport.close()))

    def warn(self, what: str, text: str) -> None:
        """Warn of what a server does wrong, once for each kind of it."""
        fresh = what not in self._warned and len(self._warned) < KINDS
        self._warned.add(what) if fresh else None
        _log.log(logging.WARNING if fresh else logging.DEBUG, "%s: %s", self._at.host, self.redacted(text))

    def redacted(self, text: str) -> str:
        """Return what a server says without our key, which some quote, and fit for one line of a log."""
        if key := self._connection.key.reveal():
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
            raise EngineError(self._shown(fault))

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Yield what the engine says until the session is over; for one reader."""
        while (event := await self._inbox.get()) is not None:
            self._unread -= _size(event)
            if not self.stale(event):
                yield event
        self._inbox.put_nowait(None)  # for whoever asks again

    async def close(self) -> None:
        """End the session; harmless when repeated, also by several at a time and by one that is cancelled over it."""
        if self._closing is None:
            farewell = self.farewell() if self._live else None
            self._finish()
            self._closing = asyncio.create_task(self._close(farewell))
        await asyncio.shield(self._closing)

    async def _close(self, farewell: str | None) -> None:
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.transport.close(farewell)

    async def _open(self, history: Sequence[Said]) -> Fault | None:
        """As `open`, but returns the fault: an exception raised here would carry aiohttp's, which shows the headers."""
        connection, url = self._connection, URL(self._connection.url)
        if url.scheme != unix_socket.SCHEME and (url.scheme not in {"ws", "wss", "http", "https"} or not url.host):
            return Fault("bad_url", f"{self._at.section}.url must be a ws:// or wss:// address", retry=False)
        if (fault := await self._connect(url)) is not None:
            return fault
        if (fault := await self.greet(history)) is not None:
            return fault
        self._live = True
        self.seed(history)
        self._tasks += [asyncio.create_task(self._write()), asyncio.create_task(self._read())]
        if connection.lifetime_s:
            self.expire_in(connection.lifetime_s)
        return None

    async def _connect(self, url: URL) -> Fault | None:
        if self._connection.key and url.scheme in {"ws", "http"} and not is_loopback(url.host or ""):
            self.warn("plain", f"The key travels unencrypted; give {self._at.section}.url as wss:// if you can")
        return await self.transport.connect(url)

    async def _read(self) -> None:
        """Take what the server sends, until it is over."""
        try:
            while self._live:
                message = await self.transport.socket.receive()
                if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
                    self.receive(message.data)
                    continue
                self._connected.clear()
                fault = self._closed(message)
                if not (self._live and await self.resume(fault)):
                    self.fail(fault)
                    return
                self._connected.set()
        except Exception as error:  # noqa: BLE001  whatever a server provokes must end its session, and no more
            _log.error("The session with %s failed in %s", self._at.host, type(error).__name__)
            self.fail(
                Fault("internal", f"The session with {self._at.host} failed ({type(error).__name__})", retry=True)
            )

    async def _write(self) -> None:
        """Send what waits; alone in touching the socket, so that nobody else waits for it."""
        message: str | bytes | None = None
        while True:
            message = message if message is not None else await self._outbox.get()
            await self._connected.wait()
            socket = self.transport.socket
            try:
                async with asyncio.timeout(self._connection.stuck_s):
                    if isinstance(message, str):
                        await socket.send_str(message)
                    else:
                        await socket.send_bytes(message)
            except TimeoutError:
                self.fail(self._stuck())
                return
            except ConnectionError:
                if socket is self.transport.socket:
                    self._connected.clear()  # the reader learns why, and whether the session can go on
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

    def _closed(self, message: WSMessage) -> Fault:
        """Return the fault for the last that came from a socket, which is no event."""
        if message.type is WSMsgType.CLOSE:
            return self.closed(message.data, self.redacted(message.extra or ""))
        code = message.data.code if isinstance(message.data, WebSocketError) else None
        return self.closed(code, "")

    def _stuck(self) -> Fault:
        return Fault("stuck", f"The connection to {self._at.host} takes no more audio: the network stalls", retry=True)

    def _shown(self, event: AnyEvent) -> AnyEvent:
        """Return an event of which the message can be shown."""
        if isinstance(event, Fault | ReplyEnded) and event.message:
            return replace(event, message=self.redacted(event.message))
        return event


def _size(event: EngineEvent) -> int:
    """Return how much memory an event takes, in bytes, roughly."""
    match event:
        case Audio(pcm=pcm):
            return EVENT_BYTES + len(pcm)
        case Words(text=text) | ToolCall(arguments=text):
            return EVENT_BYTES + len(text)
        case _:
            return EVENT_BYTES
