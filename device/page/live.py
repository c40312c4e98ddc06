"""What goes on between a browser and the daemon: events to the one, and what may be asked for to the other.

Each browser has a connection with the door of its own, so that the door's rules hold for each: it begins with a
snapshot, and who is too slow is dropped. While there is no daemon, the browser is told why, and is connected again as
soon as there is one.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import WSMsgType
from msgspec import Struct

from device.door import messages as door
from device.door.client import Client, DoorError, connect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp import web

AGAIN_S: Final = 1.0
"""How long to wait before the daemon is looked for anew. A choice: one that restarts is away for seconds."""
HERE_S: Final = 3.0
"""How often the server says that it is there; a third of what `static/line.js` waits for."""
TOPICS: Final[tuple[door.Topic, ...]] = (
    "state",
    "captions",
    "level",
    "latency",
    "engine",
    "timers",
    "mute",
    "volume",
    "faults",
)
"""What the kiosk view shows. What it costs, and whether there is a code, is the owner's."""

Asked = door.Wake | door.Stop | door.Mute | door.Unmute | door.Repeat
"""What whoever stands before a kiosk may ask for."""


class Gone(Struct, frozen=True, tag_field="type", tag="gone"):
    """There is no daemon, or it does not want this browser; events go on with a snapshot."""

    what: str
    fix: str = ""


class Here(Struct, frozen=True, tag_field="type", tag="here"):
    """The page's server is there; told every `HERE_S`, since a browser cannot tell a dead line from a quiet one."""


class Line:
    """A browser's line to the daemon. `reach` connects with the door; it ends once the browser `may` no more."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        reach: Callable[[str], Awaitable[Client]] = connect,
        *,
        may: Callable[[], bool] = lambda: True,
    ) -> None:
        self._ws = ws
        self._reach = reach
        self._may = may
        self._client: Client | None = None

    async def hold(self) -> None:
        """Hold it until the browser has gone."""
        tasks = [asyncio.create_task(one) for one in (self._tell(), self._listen(), self._be_here())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for over in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(over, Exception) and not isinstance(over, ConnectionError):
                    raise over

    async def _tell(self) -> None:
        """Tell the browser what happens, for ever."""
        told: Gone | None = None
        while True:
            try:
                async with await self._reach("the page") as client:
                    told, self._client = None, client
                    async for event in client.subscribe(TOPICS):
                        await self._send(_for_everybody(event))
            except DoorError as error:
                gone = Gone(error.what, error.fix)
                if gone != told:
                    told = gone
                    await self._send(gone)
                await asyncio.sleep(max(AGAIN_S, error.wait_s))
            finally:
                self._client = None

    async def _be_here(self) -> None:
        while self._may():
            await asyncio.sleep(HERE_S)
            await self._send(Here())

    async def _listen(self) -> None:
        """Do what the browser asks for, until it says no more."""
        async for frame in self._ws:
            if frame.type is not WSMsgType.TEXT:
                continue
            if not self._may():
                return
            try:
                request = msgspec.json.decode(frame.data, type=Asked)
            except msgspec.DecodeError as error:
                await self._send(door.Error(code="bad_message", what=str(error)))
                continue
            await self._send(await self._done(request))

    async def _done(self, request: Asked) -> door.Done | door.Error:
        """Have something done; return what to answer."""
        if self._client is None:
            return door.Error(code="closing", what="there is no assistant just now", id=request.id)
        try:
            done = await self._client.request(request, door.Done)
        except DoorError as error:
            return door.Error(code=error.code, what=error.what, fix=error.fix, id=request.id, wait_s=error.wait_s)
        return msgspec.structs.replace(done, id=request.id)

    async def _send(self, message: Struct) -> None:
        with suppress(ConnectionError):
            await self._ws.send_str(msgspec.json.encode(message).decode())


def _for_everybody(event: door.AnyEvent) -> door.AnyEvent:
    """Return an event without what is the owner's."""
    if isinstance(event, door.Snapshot):
        return msgspec.structs.replace(event, cost=door.Cost(), code=door.CodeMade())
    return event
