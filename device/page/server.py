"""The page as a web server: the kiosk view at `/`, for this machine and for whoever has the kiosk link.

It knows nothing but the door and its own section of the settings. All that browsers load is here; nothing is loaded
from elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
from aiohttp import WSCloseCode, hdrs, web

from device.door.client import connect
from device.page import assets, words
from device.page.access import Access
from device.page.live import Line
from device.settings.page import PICTURES
from device.system import inputs
from device.web.connections import IDLE_S, Connections, http_log
from device.web.gate import Allowed, Gate, Who, own_names
from device.web.ports import cannot_listen
from device.web.upgrade import can_upgrade

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.door.client import Client
    from device.settings.page import PageSettings

log = logging.getLogger(__name__)

WHO: Final = Who("The page", "page.hosts", links=True)
BROWSERS: Final = 16
"""How many at once have a line to the daemon. A choice: a household's telephones and screens."""
LARGEST_ASKED: Final = 4096
"""Bytes of what a browser sends at a time; what it may ask for has thirty."""
LARGEST_PICTURE: Final = 8 * 1024 * 1024
"""Bytes of the picture. A choice: a photograph of full screen size has one or two million."""
ALIVE_S: Final = 20.0
"""How often a browser must show that it is there; a telephone that was carried away is forgotten after that."""
GOODBYE_S: Final = 2.0
"""How long a browser may take to answer that the page goes."""


class PageError(Exception):
    """The page cannot be served; says why, and what to change."""


class Page:
    """What is served. `look` reads the settings in force, and `reach` connects with the door."""

    def __init__(
        self,
        settings: PageSettings,
        look: Callable[[], tuple[PageSettings, str]],
        folder: Path,
        *,
        reach: Callable[[str], Awaitable[Client]] = connect,
    ) -> None:
        self.connections = Connections()
        self._look = look
        self._reach = reach
        self._access = Access(folder)
        self._gate = Gate(Allowed(hosts=own_names(settings.address, socket.gethostname(), settings.hosts)), WHO)
        self._assets = assets.read_assets()
        self._sockets: set[web.WebSocketResponse] = set()

    def app(self) -> web.Application:
        """Return it as a web application."""
        app = web.Application(middlewares=[self._let_in], client_max_size=LARGEST_ASKED)
        app.router.add_get("/", self._kiosk)
        app.router.add_get("/k/{token}", self._by_link)
        app.router.add_get("/static/{name}", self._static)
        app.router.add_get("/page.json", self._about)
        app.router.add_get("/picture", self._picture)
        app.router.add_get("/live", self._live)
        app.on_response_prepare.append(_shut_in)
        app.on_shutdown.append(self._shut_down)
        return app

    @web.middleware
    async def _let_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse whoever may not ask."""
        self.connections.asked(request)
        return self._gate.refused(request) or await handler(request)

    async def _kiosk(self, request: web.Request) -> web.Response:
        if not self._access.sees_kiosk(request):
            return assets.answer(request, self._assets["locked.html"], 401)
        return assets.answer(request, self._assets["index.html"])

    async def _by_link(self, request: web.Request) -> web.Response:
        return self._access.admit(request.match_info["token"])

    async def _static(self, request: web.Request) -> web.Response:
        if asset := self._assets.get(request.match_info["name"]):
            return assets.answer(request, asset)
        raise web.HTTPNotFound

    async def _about(self, request: web.Request) -> web.Response:
        """Answer what the page is to look like, and in which words."""
        self._admit(request)
        settings, language = await asyncio.to_thread(self._look)
        languages = words.offered(settings.languages or (language,))
        about: dict[str, Any] = {
            "languages": languages,
            "words": {one: words.words(one) for one in languages},
            "idle": settings.idle,
            "picture": bool(settings.picture),
            "saver_s": settings.saver_s,
        }
        return assets.answer(request, assets.asset(msgspec.json.encode(about), "application/json"))

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        self._admit(request)
        settings, _ = await asyncio.to_thread(self._look)
        if not settings.picture:
            raise web.HTTPNotFound
        try:
            path = await asyncio.to_thread(_readable, Path(settings.picture))
        except OSError as error:
            log.warning("page.picture: %s cannot be shown: %s", settings.picture, error.strerror)
            raise web.HTTPNotFound from None
        # From the file as the browser takes it: nothing of it is in memory, however many are slow to take theirs.
        headers = {hdrs.CONTENT_TYPE: PICTURES[path.suffix.lower()], hdrs.CACHE_CONTROL: "no-cache"}
        return web.FileResponse(path, headers=headers)

    async def _live(self, request: web.Request) -> web.StreamResponse:
        """Hold a browser's line to the daemon."""
        self._admit(request)
        if hdrs.ORIGIN not in request.headers:
            raise web.HTTPForbidden  # every browser says it; the gate has compared it
        if len(self._sockets) >= BROWSERS:
            raise web.HTTPServiceUnavailable
        ws = web.WebSocketResponse(
            heartbeat=ALIVE_S, max_msg_size=LARGEST_ASKED, compress=False, timeout=GOODBYE_S, autoping=True
        )
        if not can_upgrade(ws, request):
            raise web.HTTPUpgradeRequired
        self._sockets.add(ws)
        self.connections.hold(request)
        try:
            await ws.prepare(request)
            await Line(ws, self._reach, may=lambda: self._access.sees_kiosk(request)).hold()
        finally:
            self._sockets.discard(ws)
        return ws

    def _admit(self, request: web.Request) -> None:
        """Raise web.HTTPUnauthorized for those who may not see the kiosk view."""
        if not self._access.sees_kiosk(request):
            raise web.HTTPUnauthorized

    async def _shut_down(self, _: web.Application) -> None:
        goodbye = b"The page is shutting down."
        closing = (ws.close(code=WSCloseCode.GOING_AWAY, message=goodbye) for ws in tuple(self._sockets))
        await asyncio.gather(*closing, return_exceptions=True)


async def serve(
    settings: PageSettings,
    look: Callable[[], tuple[PageSettings, str]],
    folder: Path,
    *,
    ready: Callable[[int], None],
    reach: Callable[[str], Awaitable[Client]] = connect,
) -> None:
    """Serve the page until cancelled; call `ready` with the port. Raises `PageError` if it cannot be had.

    `look` returns the section and the language of the settings in force, and `folder` is where the kiosk link is.
    """
    page = Page(settings, look, folder, reach=reach)
    runner = web.AppRunner(
        page.app(), access_log=None, shutdown_timeout=GOODBYE_S, keepalive_timeout=IDLE_S, logger=http_log()
    )
    await runner.setup()
    try:
        assert runner.server is not None  # noqa: S101 - it is set up
        make = page.connections.guard(runner.server)
        try:
            server = await asyncio.get_running_loop().create_server(make, settings.address, settings.port)
        except OSError as error:
            raise PageError(cannot_listen(settings.address, settings.port, error, "page", "page")) from error
        try:
            ready(int(server.sockets[0].getsockname()[1]))
            await asyncio.Event().wait()
        finally:
            server.close()
    finally:
        await runner.cleanup()


def _readable(path: Path) -> Path:
    """Return where a picture is. Raises OSError if it cannot be read."""
    path = path.expanduser()
    inputs.check(path, LARGEST_PICTURE)
    with path.open("rb"):
        return path


async def _shut_in(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(assets.HEADERS)
    answer.headers.popall(hdrs.SERVER, None)
