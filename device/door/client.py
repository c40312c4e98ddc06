"""The door from outside: what the commands, the page and every other program of this machine talk to the daemon by.

>>> async def mute() -> None:
...     async with await connect("an example") as door:
...         await door.request(Mute(), Done)
...         async for event in door.subscribe():
...             print(event)
"""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec

from device.door.messages import (
    LONGEST_REPLY,
    USUAL,
    VERSION,
    AnyEvent,
    AnyReply,
    Done,
    Error,
    Hello,
    Request,
    Subscribe,
    encode,
)
from device.door.place import group_of, places, reached
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from device.door.messages import Code, Message, Topic

R = TypeVar("R", bound="Message")

GREET_S: Final = 5.0
"""How long the daemon may take to answer at all. A choice: it takes milliseconds, and a busy Pi a second."""
SERVICE: Final = "sudo systemctl start parley"
MOST_WAITING: Final = 256
"""Events that wait for whoever reads them; then none are taken from the socket, and the daemon drops the client."""


_decoder: Final[msgspec.json.Decoder[AnyReply | AnyEvent]] = msgspec.json.Decoder(AnyReply | AnyEvent)


class DoorError(Exception):
    """What was asked was not done; says why, and what to do about it."""

    def __init__(self, code: Code, what: str, fix: str = "", wait_s: float = 0.0) -> None:
        super().__init__(f"{what}: {fix}" if fix else what)
        self.code = code
        self.what = what
        self.fix = fix
        self.wait_s = wait_s


class NoDaemon(DoorError):  # noqa: N818 - it is a state of affairs
    """There is no daemon, or its door is shut to this user."""


class Client:
    """A connection with the daemon; `connect` makes one. For one event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._replies: dict[int, asyncio.Future[AnyReply]] = {}
        self._events: asyncio.Queue[AnyEvent | None] = asyncio.Queue(MOST_WAITING)
        self._last = 0
        self._over: DoorError | None = None
        self._reading = asyncio.create_task(self._read())

    @property
    def closed(self) -> bool:
        """Whether the connection is over."""
        return self._over is not None

    async def request(self, request: Request, expects: type[R]) -> R:
        """Send a request and return its reply, of the type that `expects` names. Raises DoorError."""
        if self._over is not None:
            raise self._over
        self._last += 1
        number = self._last
        waiting = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            self._writer.write(encode(msgspec.structs.replace(request, id=number)))
            with suppress(ConnectionError):  # the reader tells
                await self._writer.drain()
            reply = await waiting
        finally:
            self._replies.pop(number, None)
        if isinstance(reply, Error):
            raise _error(reply)
        if not isinstance(reply, expects):
            raise DoorError("failed", f"the daemon answered {type(request).__name__} by {type(reply).__name__}")
        return reply

    async def subscribe(self, topics: Sequence[Topic] = USUAL) -> AsyncIterator[AnyEvent]:
        """Yield what happens, a `Snapshot` first, until the connection is over. Raises DoorError."""
        await self.request(Subscribe(topics=tuple(topics)), Done)
        while (event := await self._events.get()) is not None:
            yield event
        if self._over is not None:
            raise self._over

    async def close(self) -> None:
        """Hang up; harmless when repeated."""
        self._reading.cancel()
        try:
            await asyncio.wait({self._reading})  # unlike await, it does not take one's own end for the other's
        finally:
            self._writer.close()
        with suppress(OSError):
            await self._writer.wait_closed()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _read(self) -> None:
        """Hand replies and events on until the connection is over."""
        over = DoorError("closing", "the daemon has ended, or dropped this connection")
        try:
            while line := await self._reader.readline():
                message = _understood(line)
                if isinstance(message, Error) and message.id is None:
                    over = _error(message)
                elif isinstance(message, AnyReply):
                    waiting = self._replies.get(getattr(message, "id", None) or 0)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(message)
                elif message is not None:
                    await self._events.put(message)
        except (OSError, ValueError) as error:
            over = DoorError("failed", f"the connection with the daemon broke off: {error}")
        finally:
            self._over = over
            for waiting in self._replies.values():
                if not waiting.done():
                    waiting.set_exception(over)
            if self._events.full():  # whoever reads late must learn of the end, if of nothing else
                self._events.get_nowait()
            self._events.put_nowait(None)


def _understood(line: bytes) -> AnyReply | AnyEvent | None:
    """Return what a line says; None if that is of a kind that is not known here."""
    try:
        return _decoder.decode(line)
    except msgspec.ValidationError:
        return None


def _error(error: Error) -> DoorError:
    return DoorError(error.code, error.what, error.fix, error.wait_s)


async def connect(who: str, path: Path | None = None, environ: Mapping[str, str] = os.environ) -> Client:
    """Return a connection with the daemon at `path`, else with one's own, else with the machine's service.

    `who` is the client's name. Raises NoDaemon, and DoorError if the daemon does not speak this version.
    """
    shut: list[Path] = []
    for place in (path,) if path is not None else places(environ):
        try:
            with reached(place) as way:
                opened = await asyncio.open_unix_connection(way, limit=LONGEST_REPLY)
        except PermissionError:
            shut.append(place)
        except OSError:  # nobody has ever listened there, or nobody does any more
            continue
        else:
            return await _greeted(*opened, who)
    if shut:  # one that a group may use is a daemon's; a home that one may not look into says nothing
        raise NoDaemon("refused", *_shut(next(filter(group_of, shut), shut[0])))
    raise NoDaemon("impossible", "there is no daemon", f"start it by `{typed('run')}`, or as a service: {SERVICE}")


async def _greeted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, who: str) -> Client:
    """Return a connection with a daemon that speaks this version. Raises DoorError."""
    fault = DoorError("failed", "the daemon does not answer", f"is it well? {SERVICE.replace('start', 'status')}")
    with suppress(OSError, ValueError, TimeoutError, msgspec.DecodeError):
        async with asyncio.timeout(GREET_S):
            writer.write(encode(Hello(version=VERSION, who=who)))
            greeting = msgspec.json.decode(await reader.readline(), type=Hello | Error)
        if isinstance(greeting, Hello) and greeting.version == VERSION:
            return Client(reader, writer)
        fault = _error(greeting) if isinstance(greeting, Error) else _stranger(greeting.version)
    writer.close()
    raise fault


def _stranger(version: int) -> DoorError:
    return DoorError("version", f"the daemon speaks version {version}, not {VERSION}", "restart it after an update")


def _shut(place: Path) -> tuple[str, str]:
    """Say who may talk to a daemon where this user may not, and how to become one of them."""
    if group := group_of(place):
        return (
            f"{place}: only root and the group {group} may talk to the daemon there",
            f"put sudo before it, or `sudo usermod -aG {group} $USER` and log in anew",
        )
    return f"{place}: only its owner and root may talk to the daemon there", "put sudo before it"
