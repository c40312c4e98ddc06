"""`/metrics`: figures for Prometheus, if the settings want them to be told, to whoever knows the token or is here."""

from __future__ import annotations

import asyncio
import hmac
import time
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web

from device.door.client import DoorError
from device.door.figures import FiguresAre, GetFigures
from device.door.upkeep import GetVersion, VersionIs
from device.page.access import is_here
from device.system.temperature import celsius
from device.web.answers import refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.door.client import Client
    from device.settings.metrics import MetricsSettings

PATH: Final = "/metrics"
ANSWER_S: Final = 5.0
"""How long the daemon may take. A choice: it takes milliseconds, and Prometheus waits for 10 s."""
VERSION_S: Final = 300.0
"""How old may be what is known of updates: systemd is asked for it, by a process. A choice; they come at night."""


class Metrics:
    """Serves it. `wanted` reads the settings in force, `reach` connects with the door."""

    def __init__(self, wanted: Callable[[], MetricsSettings], reach: Callable[[str], Awaitable[Client]]) -> None:
        self._wanted, self._reach = wanted, reach
        self._version: VersionIs | None = None
        self._looked = -VERSION_S
        self._one = asyncio.Lock()  # however many ask, the daemon has one more connection

    async def answer(self, request: web.Request) -> web.Response:
        """Answer Prometheus. Raises web.HTTPNotFound if figures are not to be told."""
        settings = await asyncio.to_thread(self._wanted)
        if not settings.on:
            raise web.HTTPNotFound
        if not (is_here(request) or _knows(request, settings.token.reveal())):
            what = "Figures are for whoever knows the token: set 'metrics.token', and send it as a bearer's."
            answer = refusal(401, "token_required", what)
            answer.headers[hdrs.WWW_AUTHENTICATE] = "Bearer"
            return answer
        from device.page.families import families, written  # noqa: PLC0415 - its library, only where it is asked for

        async with self._one:
            figures = await self._ask()
        body, kind = written(families(figures, self._version, celsius()), request.headers.get(hdrs.ACCEPT, ""))
        return web.Response(body=body, headers={hdrs.CONTENT_TYPE: kind, hdrs.CACHE_CONTROL: "no-store"})

    async def _ask(self) -> FiguresAre | None:
        """Return what the daemon says; None if it says nothing."""
        try:
            async with asyncio.timeout(ANSWER_S), await self._reach("metrics") as client:
                if time.monotonic() - self._looked >= VERSION_S:
                    self._version = await client.request(GetVersion(), VersionIs)
                    self._looked = time.monotonic()
                return await client.request(GetFigures(), FiguresAre)
        except (DoorError, TimeoutError):
            return None


def _knows(request: web.Request, token: str) -> bool:
    offered = request.headers.get(hdrs.AUTHORIZATION, "").encode("utf-8", "surrogatepass")
    return bool(token) and hmac.compare_digest(f"Bearer {token}".encode(), offered)
