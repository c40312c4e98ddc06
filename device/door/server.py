"""The door from inside: connections, their requests, and who is told what.

Everything happens on the daemon's event loop, and none of it waits for a client: what is to be sent is left to the
system, and whoever does not read it is dropped. What a request means is for the handler.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.door.advice import example, refused
from device.door.messages import (
    LONGEST_REPLY,
    LONGEST_REQUEST,
    TOPICS,
    VERSION,
    AnyRequest,
    Done,
    Error,
    Hello,
    Message,
    Request,
    Subscribe,
    Unsubscribe,
    encode,
)
from device.door.place import listen, shut

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from device.door.messages import Code, Event, Reply, Snapshot, Topic

    Handler = Callable[["Request", "Peer"], Awaitable[Reply]]

log = logging.getLogger(__name__)

MOST_CONNECTIONS: Final = 48
"""A choice: a dozen kiosks' pages and as many commands, for each of which there are some kilobytes."""
FOR_OWNERS: Final = 8
"""Of them, those that only root and the daemon's user get, so that they can stop it whoever else holds on. A choice."""
MOST_AT_ONCE: Final = 16
"""Requests of one connection that are being answered. A choice."""
MOST_WRONG: Final = 20
"""Messages that cannot be understood, until the connection is closed. A choice: whoever tries by hand has enough."""
MOST_UNSENT: Final = 262_144
"""Bytes that wait for a client which does not read, beside what the system keeps: then it is dropped. A choice: half a
minute of a lively conversation's events."""
GREET_S: Final = 5.0
"""How long a client may take to say who it is."""
_PEER: Final = struct.Struct("3i")
"""`struct ucred` of Linux: pid, uid, gid."""
_requests: Final[msgspec.json.Decoder[AnyRequest]] = msgspec.json.Decoder(AnyRequest)
_hello: Final = msgspec.json.Decoder(Hello)


class Refusal(Exception):  # noqa: N818 - it is an answer
    """A handler's answer to what it does not do: becomes an `Error`."""

    def __init__(self, code: Code, what: str, fix: str = "", wait_s: float = 0.0) -> None:
        super().__init__(what)
        self.error = Error(code, what, fix, wait_s=wait_s)


class Peer(Struct, frozen=True):
    """Who is at the other end, as the kernel tells."""

    uid: int
    pid: int

    @property
    def owner(self) -> bool:
        """Whether it is root or the daemon's own user. Within a service, all other users are one: `PrivateUsers=`."""
        return self.uid in {0, os.geteuid()}


class Server:
    """Listens at `path` once it is opened; `version` is Parley's, `handle` answers requests or raises Refusal.

    `snapshot` tells the state of everything, and `attend(topics)` is called when what is subscribed to has changed.
    """

    def __init__(
        self,
        path: Path,
        handle: Handler,
        snapshot: Callable[[], Snapshot],
        *,
        version: str = "",
        attend: Callable[[frozenset[Topic]], None] = lambda _: None,
    ) -> None:
        self._path = path
        self.handle = handle
        self.snapshot = snapshot
        self.attend = attend
        self.greeting = encode(Hello(version=VERSION, who=version))
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[Connection] = set()

    async def open(self) -> bool:
        """Begin to listen; return whether that is possible. If not, the log says why, and how to put it right."""
        try:
            self._socket = listen(self._path)
        except OSError as error:
            why = error.strerror or error
            log.warning("%s: no command and no page can reach this Parley: %s", self._path, why)
            return False
        # A reader gets as much as the longest request at once, and no more.
        self._server = await asyncio.start_unix_server(self._serve, sock=self._socket, limit=LONGEST_REQUEST)
        return True

    async def close(self) -> None:
        """Say that it is over, and close all; harmless when repeated."""
        if self._server is None or self._socket is None:
            return
        server, self._server = self._server, None
        for connection in list(self._connections):
            connection.end(Error("closing", "the daemon ends", "connect again when it has started"))
        if self._connections:
            await asyncio.wait([connection.task for connection in self._connections], timeout=1)
        server.close()
        shut(self._path, self._socket)

    @property
    def wanted(self) -> frozenset[Topic]:
        """What anybody is subscribed to."""
        return frozenset().union(*(connection.topics for connection in self._connections))

    def publish(self, event: Event) -> None:
        """Tell an event to all who are subscribed to its topic."""
        topic = TOPICS[type(event)]
        line = b""
        for connection in list(self._connections):
            if topic in connection.topics:
                line = line or encode(event)
                connection.send(line)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(self, reader, writer)
        most = MOST_CONNECTIONS if connection.peer.owner else MOST_CONNECTIONS - FOR_OWNERS
        if len(self._connections) >= most:
            connection.refuse(Error("too_many", f"{most} are connected already", "close one of them"))
            return
        self._connections.add(connection)
        try:
            await connection.serve()
        except (OSError, asyncio.CancelledError):
            pass
        finally:
            self._connections.discard(connection)
            connection.hang_up()
            self.attend(self.wanted)


class Connection:
    """One client of `server`."""

    def __init__(self, server: Server, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader, self._writer = reader, writer
        self.topics: frozenset[Topic] = frozenset()
        """What it is told of."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it is made in one
        self.task: asyncio.Task[None] = task
        """Ends with the connection."""
        pid, uid, _ = _PEER.unpack(
            writer.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
        )
        self.peer = Peer(uid, pid)
        """Who it is."""
        self._answering: set[asyncio.Task[None]] = set()
        self._wrong = 0

    async def serve(self) -> None:
        """Take what the client says until it hangs up. Raises OSError."""
        async with asyncio.timeout(GREET_S) as patience:
            if not await self._greeted():
                return
            patience.reschedule(None)
            while (line := await self._line()) and self._wrong < MOST_WRONG:
                if not line.isspace():
                    self._take(line)
                await asyncio.sleep(0)  # what came along with it waits its turn: reading alone lets nobody else in
        if self._wrong >= MOST_WRONG:
            self.refuse(Error("bad_message", f"{MOST_WRONG} messages could not be understood", "see device/door"))

    def send(self, line: bytes) -> None:
        """Send a line, without waiting; whoever has not read what came before is dropped."""
        transport = self._writer.transport
        if transport.is_closing():
            return
        if transport.get_write_buffer_size() > MOST_UNSENT:
            log.info("A client of the door (process %d) does not read what it is told, and is dropped", self.peer.pid)
            self.topics = frozenset()
            transport.abort()
            self.task.cancel()
            return
        transport.write(line)

    def end(self, why: Error) -> None:
        """Say why it is over, and end it."""
        self.refuse(why)
        self.task.cancel()

    def refuse(self, why: Error) -> None:
        """Say why it is over, and hang up."""
        self.send(encode(why))
        self.hang_up()

    def hang_up(self) -> None:
        """Close the connection; what was said before is sent, if the client reads it."""
        self.topics = frozenset()
        for answering in self._answering:
            answering.cancel()
        with suppress(OSError):
            self._writer.close()

    async def _line(self) -> bytes:
        """Return the next line; nothing at the end, or if it is too long or only half a line."""
        try:
            line = await self._reader.readline()
        except ValueError:
            self.send(encode(Error("too_long", f"a message has at most {LONGEST_REQUEST} bytes", "send less at a go")))
            return b""
        return line if line.endswith(b"\n") else b""

    async def _greeted(self) -> bool:
        """Exchange greetings; return whether both speak the same version."""
        line = await self._line()
        try:
            hello = _hello.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            if line:
                self.send(encode(Error("bad_message", "the first message is not a hello", f"say {example(Hello)}")))
            return False
        if hello.version != VERSION:
            what = f"this daemon speaks version {VERSION}, not {hello.version}"
            self.send(encode(Error("version", what, "let both be of the same Parley: restart the older one")))
            return False
        self.send(self._server.greeting)
        return True

    def _take(self, line: bytes) -> None:
        """Take a request."""
        try:
            request = _requests.decode(line)
        except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
            self._wrong += 1
            self.send(encode(refused(line, error)))
            return
        match request:
            case Subscribe(topics=topics):
                self.send(encode(Done(id=request.id)))
                self.send(encode(self._server.snapshot()))
                self._attend(frozenset(topics))
            case Unsubscribe():
                self._attend(frozenset())
                self.send(encode(Done(id=request.id)))
            case _ if len(self._answering) >= MOST_AT_ONCE:
                what = f"{MOST_AT_ONCE} requests wait for their answers"
                self.send(encode(Error("too_many", what, "wait for one of them", request.id)))
            case _:
                answering = asyncio.get_running_loop().create_task(self._answer(request))
                self._answering.add(answering)
                answering.add_done_callback(self._answering.discard)

    def _attend(self, topics: frozenset[Topic]) -> None:
        self.topics = topics
        self._server.attend(self._server.wanted)

    async def _answer(self, request: Request) -> None:
        try:
            answer: Message = msgspec.structs.replace(await self._server.handle(request, self.peer), id=request.id)
        except Refusal as refusal:
            answer = msgspec.structs.replace(refusal.error, id=request.id)
        except Exception:
            # Of the request no more than its kind: there may be a secret in it.
            log.exception("The door could not answer %s", type(request).__name__)
            answer = Error("failed", "something went wrong in the daemon", "its log has more", request.id)
        line = encode(answer)
        if len(line) > LONGEST_REPLY:
            line = encode(Error("too_long", "the answer is too long", "ask for less at a go", request.id))
        self.send(line)
