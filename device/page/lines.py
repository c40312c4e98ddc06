"""The lines that browsers hold to the daemon: how many there may be, and their end with that of the page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from aiohttp import WSCloseCode, hdrs, web

from device.page.live import Line
from device.web.upgrade import can_upgrade

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.door.client import Client
    from device.page.live import Rights
    from device.web.connections import Connections

ALIVE_S: Final = 20.0
"""How often a browser must show that it is there; a telephone that was carried away is forgotten after that."""
GOODBYE_S: Final = 2.0
"""How long a browser may take to answer that the page goes."""


class Lines:
    """The lines of one view, at most so many; what their browsers may is `rights`.

    `came_back` is called when there is a daemon again.
    """

    def __init__(
        self,
        rights: Rights,
        most: int,
        connections: Connections,
        reach: Callable[[str], Awaitable[Client]],
        *,
        came_back: Callable[[], None] = lambda: None,
    ) -> None:
        self._rights, self._most = rights, most
        self._connections, self._reach, self._came_back = connections, reach, came_back
        self._sockets: set[web.WebSocketResponse] = set()

    async def hold(self, request: web.Request, may: Callable[[], bool]) -> web.WebSocketResponse:
        """Hold a browser's line until it has gone, or `may` no more. Raises web.HTTPException."""
        if hdrs.ORIGIN not in request.headers:
            raise web.HTTPForbidden  # every browser says it; the gate has compared it
        if len(self._sockets) >= self._most:
            raise web.HTTPServiceUnavailable
        ws = web.WebSocketResponse(
            heartbeat=ALIVE_S, max_msg_size=self._rights.largest, compress=False, timeout=GOODBYE_S, autoping=True
        )
        if not can_upgrade(ws, request):
            raise web.HTTPUpgradeRequired
        self._sockets.add(ws)
        self._connections.hold(request)
        try:
            await ws.prepare(request)
            await Line(ws, self._reach, self._rights, may=may, came_back=self._came_back).hold()
        finally:
            self._sockets.discard(ws)
        return ws

    async def close(self) -> None:
        """Say goodbye to all of them."""
        goodbye = b"The page is shutting down."
        closing = (ws.close(code=WSCloseCode.GOING_AWAY, message=goodbye) for ws in tuple(self._sockets))
        await asyncio.gather(*closing, return_exceptions=True)
