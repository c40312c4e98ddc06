"""Wi-Fi by the page: for telephones that have joined the device's own access point, and for the owner.

A telephone that joins a network asks for an address of its maker's, and shows whatever answers instead. Here all names
lead to the device while its access point is open; what comes by that and asks for another host is sent to `/wifi`.

Whoever has joined has typed the password that the device spoke, and may choose a network without another code: no more
than that. Where the access point has no password, and from everywhere else, only the owner may.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Final

import msgspec
from aiohttp import hdrs, web
from msgspec import Struct

from device.page import assets
from device.page.posted import posted
from device.system.paths import WIFI
from device.wifi import messages as m
from device.wifi.client import NoWifi, WifiError, ask

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from device.page.assets import Asset

PREFIX: Final = 24
"""Of the access point's network: `device.wifi.profiles`."""
PAGE: Final = "/wifi"


class Fault(Struct, frozen=True):
    """Why something is not done."""

    what: str
    fix: str = ""


class Portal:
    """Serves it: `page` at `/wifi`. `admits` tells the owner, by the sockets `at` telephones come.

    `parley wifi` is asked at `path`.
    """

    def __init__(
        self,
        admits: Callable[[web.Request], bool],
        page: Asset,
        at: Sequence[socket.socket] = (),
        *,
        path: Path = WIFI,
    ) -> None:
        self._admits, self._page = admits, page
        self._at = frozenset(one.getsockname()[:2] for one in at)
        self._path = path

    def routes(self) -> list[web.RouteDef]:
        """Return what is served, and where."""
        return [web.get(PAGE, self._shell), web.get("/wifi.json", self._look), web.post("/wifi/join", self._join)]

    def led(self, request: web.Request) -> web.Response | None:
        """Return where a telephone is sent that asks for another host; None for all others."""
        if (here := self._arrived(request)) is None or request.method not in (hdrs.METH_GET, hdrs.METH_HEAD):
            return None
        if request.headers.getall(hdrs.HOST, []) == [here] and request.path != "/":
            return None
        # Never kept: in another network the same address is another's again.
        return web.Response(status=302, headers={hdrs.LOCATION: f"http://{here}{PAGE}", hdrs.CACHE_CONTROL: "no-store"})

    def _arrived(self, request: web.Request) -> str | None:
        """Return the address at which somebody in the access point's network has come, as `Host` has it."""
        name = request.transport.get_extra_info("sockname") if request.transport else None
        if not isinstance(name, tuple) or name[:2] not in self._at:
            return None
        host, port = name[:2]
        network = ipaddress.ip_network(f"{host}/{PREFIX}", strict=False)
        # This machine's own users have typed no password to be in that network.
        remote = ipaddress.ip_address(request.remote or "0.0.0.0")  # noqa: S104 - nobody's
        if remote not in network or str(remote) == host:
            return None
        return host if port == 80 else f"{host}:{port}"

    async def _shell(self, request: web.Request) -> web.Response:
        return assets.answer(request, self._page)

    async def _look(self, request: web.Request) -> web.Response:
        return await self._done(request, m.Look(visitor=self._arrived(request) is not None))

    async def _join(self, request: web.Request) -> web.Response:
        join = await posted(request, _Join)
        return await self._done(request, m.Join(join.ssid, join.password, join.hidden))

    async def _done(self, request: web.Request, asked: m.AnyRequest) -> web.Response:
        """Have `parley wifi` asked, for whoever may; answer how it is then."""
        try:
            if not (self._admits(request) or await self._has_password(request)):
                raise web.HTTPUnauthorized
            return _answered(200, await self._asked(asked))
        except NoWifi as error:
            return _answered(503, Fault(error.what, error.fix))
        except WifiError as error:
            return _answered(409, Fault(error.what, error.fix))

    async def _has_password(self, request: web.Request) -> bool:
        """Tell whether a request comes from somebody who has typed the access point's password."""
        return self._arrived(request) is not None and (await self._asked(m.Look())).protected

    async def _asked(self, asked: m.AnyRequest) -> m.Wifi:
        return await ask(asked, m.Wifi, self._path)


class _Join(Struct, forbid_unknown_fields=True):
    ssid: m.Ssid
    password: str = ""
    hidden: bool = False

    def __repr__(self) -> str:
        return f"_Join({self.ssid!r})"


def _answered(status: int, what: Struct) -> web.Response:
    return web.Response(
        status=status,
        body=msgspec.json.encode(what),
        content_type="application/json",
        headers={hdrs.CACHE_CONTROL: "no-store"},
    )
