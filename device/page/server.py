"""The page as a web server: the kiosk view at `/`, for this machine and for whoever has the kiosk link.

The owner's, at `/settings`, is in `owner_view.py`.

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
from aiohttp import hdrs, web

from device.door.client import connect
from device.page import assets, words
from device.page.access import Access
from device.page.lines import GOODBYE_S, Lines
from device.page.live import KIOSK
from device.page.metrics import PATH, Metrics
from device.page.owner_view import OwnerView
from device.page.owners import Owners
from device.page.portal import Portal
from device.settings.metrics import MetricsSettings
from device.settings.page import PICTURES
from device.system import inputs
from device.system.paths import WIFI
from device.web.connections import IDLE_S, Connections, http_log
from device.web.gate import Allowed, Gate, Who, own_names
from device.web.ports import cannot_listen

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from device.door.client import Client
    from device.settings.page import PageSettings

log = logging.getLogger(__name__)

WHO: Final = Who("The page", "page.hosts", links=True)
LARGEST_POSTED: Final = 4096
"""Bytes of what a browser sends beside its line: a code has six."""
BROWSERS: Final = 16
"""How many at once have a line to the daemon. A choice: a household's telephones and screens."""
LARGEST_PICTURE: Final = 8 * 1024 * 1024
"""Bytes of the picture. A choice: a photograph of full screen size has one or two million."""


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
        given: Sequence[socket.socket] = (),
        wifi: Path = WIFI,
        metrics: Callable[[], MetricsSettings] = MetricsSettings,
    ) -> None:
        self.connections = Connections()
        self._look = look
        owners = Owners(folder)
        self._access = Access(folder, owners)
        self._gate = Gate(Allowed(hosts=own_names(settings.address, socket.gethostname(), settings.hosts)), WHO)
        self._assets = assets.all_assets()
        self._lines = Lines(KIOSK, BROWSERS, self.connections, reach, came_back=self._came_back)
        self._owner = OwnerView(owners, look, self._assets, self.connections, reach, came_back=self._came_back)
        self._portal = Portal(owners.admits, self._assets["shell.html"], given, path=wifi)
        self._metrics = Metrics(metrics, reach)
        self._where = _where(settings)
        self._looking: asyncio.Task[None] | None = None
        self.moved = asyncio.Event()
        """The settings want it served elsewhere, or by other names: seen when the daemon was started anew."""

    def app(self) -> web.Application:
        """Return it as a web application."""
        app = web.Application(middlewares=[self._let_in], client_max_size=LARGEST_POSTED)
        app.router.add_get("/", self._kiosk)
        app.router.add_get("/k/{token}", self._by_link)
        app.router.add_get("/static/{name:.+}", self._static)
        app.router.add_get("/page.json", self._about)
        app.router.add_get("/picture", self._picture)
        app.router.add_get("/live", self._live)
        app.router.add_get(PATH, self._metrics.answer)
        app.add_routes(self._owner.routes())
        app.add_routes(self._portal.routes())
        app.on_response_prepare.append(_shut_in)
        app.on_shutdown.append(self._shut_down)
        return app

    @web.middleware
    async def _let_in(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        """Refuse whoever may not ask."""
        self.connections.asked(request)
        return self._portal.led(request) or self._gate.refused(request) or await handler(request)

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
        return await self._lines.hold(request, lambda: self._access.sees_kiosk(request))

    def _admit(self, request: web.Request) -> None:
        """Raise web.HTTPUnauthorized for those who may not see the kiosk view."""
        if not self._access.sees_kiosk(request):
            raise web.HTTPUnauthorized

    def _came_back(self) -> None:
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look_where())

    async def _look_where(self) -> None:
        settings, _ = await asyncio.to_thread(self._look)
        if _where(settings) != self._where:
            self.moved.set()

    async def _shut_down(self, _: web.Application) -> None:
        await asyncio.gather(self._lines.close(), self._owner.close())


async def serve(
    settings: PageSettings,
    look: Callable[[], tuple[PageSettings, str]],
    folder: Path,
    *,
    ready: Callable[[int], None],
    reach: Callable[[str], Awaitable[Client]] = connect,
    given: Sequence[socket.socket] = (),
    wifi: Path = WIFI,
    metrics: Callable[[], MetricsSettings] = MetricsSettings,
) -> None:
    """Serve the page until cancelled, or `Page.moved`; call `ready` with the port.

    Raises `PageError` if the port cannot be had.

    `look` returns the section and the language of the settings in force, and `folder` is where the kiosk link is. By
    the sockets that were `given`, telephones come that have joined the device's own access point; `parley wifi` is
    asked at `wifi`. `metrics` returns what is set of figures.
    """
    page = Page(settings, look, folder, reach=reach, given=given, wifi=wifi, metrics=metrics)
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
        portals = [await asyncio.get_running_loop().create_server(make, sock=one) for one in given]
        try:
            ready(int(server.sockets[0].getsockname()[1]))
            await page.moved.wait()
        finally:
            for one in (server, *portals):
                one.close()
    finally:
        await runner.cleanup()


def _where(settings: PageSettings) -> tuple[object, ...]:
    """Return what holds only for a page that is served anew."""
    return settings.address, settings.port, settings.hosts


def _readable(path: Path) -> Path:
    """Return where a picture is. Raises OSError if it cannot be read."""
    path = inputs.expanded(path)
    inputs.check(path, LARGEST_PICTURE)
    with path.open("rb"):
        return path


async def _shut_in(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(assets.HEADERS)
    answer.headers.popall(hdrs.SERVER, None)
