"""What goes on between a browser and the daemon: events to the one, and what may be asked for to the other.

Each browser has a connection with the door of its own, so that the door's rules hold for each: it begins with a
snapshot, and who is too slow is dropped. While there is no daemon, the browser is told why, and is connected again as
soon as there is one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import WSMsgType
from msgspec import Struct

from device.door import messages as door
from device.door.base import RequestId
from device.door.client import Client, DoorError, connect
from device.door.first_steps import AnyStepRequest
from device.door.profiles import AnyProfileRequest
from device.door.upkeep import AnyUpkeepRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable

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
LARGEST_ASKED: Final = 4096
"""Bytes of what a kiosk sends at a time; what it may ask for has thirty."""
OwnerAsked = (
    Asked
    | door.Subscribe
    | door.GetStatus
    | door.SetVolume
    | door.Say
    | door.Ask
    | door.GetTimers
    | door.CancelTimer
    | door.CancelAlarm
    | door.GetSettings
    | door.ChangeSetting
    | door.GetTranscripts
    | door.DeleteTranscripts
    | door.GetCosts
    | AnyProfileRequest
    | door.Restart
    | AnyStepRequest
    | AnyUpkeepRequest
)
"""What the owner may ask for: all but codes, lest a browser lets in others."""
LARGEST_OWNER_ASKED: Final = door.LONGEST_REQUEST - 1024
"""Bytes of what the owner's browser sends at a time: what the door takes, less what numbers it there."""
MOST_AT_ONCE: Final = 8
"""Requests of one browser that are being answered. A choice: half of what the door allows a connection."""


class Gone(Struct, frozen=True, tag_field="type", tag="gone"):
    """There is no daemon, or it does not want this browser; events go on with a snapshot."""

    what: str
    fix: str = ""


class Here(Struct, frozen=True, tag_field="type", tag="here"):
    """The page's server is there; told every `HERE_S`, since a browser cannot tell a dead line from a quiet one."""


def _for_everybody(event: door.AnyEvent) -> door.AnyEvent:
    """Return an event without what is the owner's."""
    if isinstance(event, door.Snapshot):
        return msgspec.structs.replace(event, cost=door.Cost(), code=door.CodeMade())
    return event


class Rights(Struct, frozen=True):
    """What a browser is told, and may ask for."""

    topics: tuple[door.Topic, ...]
    """What it is told of; whoever may `Subscribe` may have others."""
    asked: msgspec.json.Decoder[Any]
    """Reads what may be asked for, and nothing else."""
    largest: int
    """Bytes of what is asked at a time."""
    shown: Callable[[door.AnyEvent], door.AnyEvent]
    """What of an event is told."""


KIOSK: Final = Rights(TOPICS, msgspec.json.Decoder(Asked), LARGEST_ASKED, _for_everybody)
OWNER: Final = Rights(door.USUAL, msgspec.json.Decoder(OwnerAsked), LARGEST_OWNER_ASKED, lambda event: event)


class _Numbered(Struct):
    """What is looked for in what is no request, so that whoever waits for its answer gets it."""

    id: RequestId | None = None


def _number(data: str) -> int | None:
    try:
        return msgspec.json.decode(data, type=_Numbered).id
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return None


class Line:
    """A browser's line to the daemon. `reach` connects with the door; it ends once the browser `may` no more.

    `came_back` is called when there is a daemon again.
    """

    def __init__(
        self,
        ws: web.WebSocketResponse,
        reach: Callable[[str], Awaitable[Client]] = connect,
        rights: Rights = KIOSK,
        *,
        may: Callable[[], bool] = lambda: True,
        came_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._ws = ws
        self._reach = reach
        self._rights = rights
        self._may, self._came_back = may, came_back
        self._answering: set[asyncio.Task[None]] = set()
        self._client: Client | None = None

    async def hold(self) -> None:
        """Hold it until the browser has gone."""
        tasks = [asyncio.create_task(one) for one in (self._tell(), self._listen(), self._be_here())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            tasks += self._answering
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
                    if told is not None:
                        self._came_back()
                    told, self._client = None, client
                    async for event in client.subscribe(self._rights.topics):
                        await self._send(self._rights.shown(event))
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
                request = self._rights.asked.decode(frame.data)
            except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
                await self._send(door.Error("bad_message", str(error), id=_number(frame.data)))
                continue
            if len(self._answering) >= MOST_AT_ONCE:
                what = f"{MOST_AT_ONCE} requests wait for their answers"
                await self._send(door.Error("too_many", what, "wait for one of them", request.id))
                continue
            answering = asyncio.create_task(self._answer(request))
            self._answering.add(answering)
            answering.add_done_callback(self._answering.discard)

    async def _answer(self, request: door.Request) -> None:
        await self._send(await self._done(request))

    async def _done(self, request: door.Request) -> door.Reply | door.Error:
        """Have something done; return what to answer."""
        if self._client is None:
            return door.Error(code="closing", what="there is no assistant just now", id=request.id)
        try:
            done = await self._client.request(request, door.Reply)
        except DoorError as error:
            return door.Error(code=error.code, what=error.what, fix=error.fix, id=request.id, wait_s=error.wait_s)
        return msgspec.structs.replace(done, id=request.id)

    async def _send(self, message: Struct) -> None:
        with suppress(ConnectionError):
            await self._ws.send_str(msgspec.json.encode(message).decode())
