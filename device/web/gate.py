"""Who may ask a web server of ours: programs, its own pages, and web pages that the settings name.

A browser lets any page open a WebSocket to this machine, and by DNS rebinding a page reaches it even under a name of
its own. It says so, though: in `Origin`, in `Sec-Fetch-Site` and in `Host`. What is there is believed; other programs
can say what they like, and need no page for that.
"""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING, Final

from aiohttp import hdrs, web
from msgspec import Struct
from yarl import URL

from device.web.answers import quoted, refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

log = logging.getLogger(__name__)

OWN_SITE: Final = ("same-origin", "none")
"""Values of `Sec-Fetch-Site` of which no other page is the cause: `none` is the address bar."""
MOST_TOLD: Final = 20
"""How many different refused pages and names the log is told of: whoever asks on and on fills no disk."""
METHODS: Final = "GET, POST"


class Allowed(Struct, frozen=True):
    """What the settings allow."""

    origins: tuple[str, ...] = ()
    """Web pages that may ask, as `Origin` has them: scheme, host, and port where it is not the usual one."""
    hosts: tuple[str, ...] = ()
    """Names by which the server may be called, besides `localhost` and its own address."""


class Who(Struct, frozen=True):
    """Whose gate it is, for what it says to those whom it refuses."""

    name: str
    """As a sentence begins with it."""
    hosts: str
    """The key of the settings for more names."""
    origins: str = ""
    """The same for more pages; empty if it serves none but its own."""
    links: bool = False
    """Whether a link on another site may lead here: it opens a window of its own, into which that site does not see."""


class Gate:
    """Lets in who may ask."""

    def __init__(self, allowed: Allowed, who: Who) -> None:
        self._who = who
        self._origins = frozenset(filter(None, map(_origin, allowed.origins)))
        self._hosts = frozenset(name.lower().rstrip(".") for name in ("localhost", *allowed.hosts))
        self._told: set[str] = set()

    def refused(self, request: web.Request) -> web.Response | None:
        """Return the answer to one who may not ask; None for all others."""
        hosts = request.headers.getall(hdrs.HOST, [])
        host = _host(hosts[0]) if len(hosts) == 1 else None
        if host is None or not self._is_ours(host, request):
            name = quoted(", ".join(hosts))
            self._tell(f"a request for the host {name} was refused: it is not in '{self._who.hosts}'")
            return refusal(
                403,
                "host_not_allowed",
                f"{self._who.name} does not answer to the host {name}: call it by its address, or add the name to "
                f"'{self._who.hosts}' in the settings.",
            )
        return self._foreign_page(request, hosts[0])

    def shared(self, request: web.Request, answer: web.StreamResponse) -> None:
        """Let the page that asked read an answer, if it is another site's and allowed."""
        origins = request.headers.getall(hdrs.ORIGIN, [])
        if len(origins) == 1 and _origin(origins[0]) in self._origins:
            answer.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = origins[0]
            answer.headers[hdrs.VARY] = hdrs.ORIGIN

    def _is_ours(self, host: str, request: web.Request) -> bool:
        """Tell whether a name is ours, or the address at which the connection arrived."""
        if host in self._hosts:
            return True
        here = request.transport.get_extra_info("sockname") if request.transport else None
        arrived = _address(here[0]) if isinstance(here, tuple) else None
        asked = _address(host)
        if asked is None or arrived is None:
            return False
        return asked == arrived or (asked.is_loopback and arrived.is_loopback)

    def _foreign_page(self, request: web.Request, host: str) -> web.Response | None:
        """Return the answer to a web page that is neither the server's own nor allowed."""
        origins = request.headers.getall(hdrs.ORIGIN, [])
        if not origins and (request.headers.get("Sec-Fetch-Site", "none") in OWN_SITE or self._is_link(request)):
            return None
        own = {_origin(f"{scheme}://{host}") for scheme in ("http", "https")}
        if len(origins) == 1 and (origin := _origin(origins[0])) and origin in self._origins | own:
            return None
        page = quoted(", ".join(origins)) if origins else "that did not say its origin"
        key = self._who.origins
        self._tell(f"a web page, {page}, was refused" + (f": it is not in '{key}'" if key else ""))
        fix = f": add its origin to '{key}' in the settings to let it." if key else "."
        return refusal(403, "origin_not_allowed", f"{self._who.name} serves no web page of another site, {page}{fix}")

    def _is_link(self, request: web.Request) -> bool:
        opened = (
            request.headers.get("Sec-Fetch-Mode") == "navigate",
            request.headers.get("Sec-Fetch-Dest") == "document",
        )
        return self._who.links and request.method == hdrs.METH_GET and all(opened)

    def _tell(self, message: str) -> None:
        if message not in self._told and len(self._told) < MOST_TOLD:
            self._told.add(message)
            log.warning("%s", message)


def preflight(request: web.Request) -> web.Response | None:
    """Return the answer to a browser that asks whether a page may ask; None for all other requests."""
    if request.method != hdrs.METH_OPTIONS or hdrs.ACCESS_CONTROL_REQUEST_METHOD not in request.headers:
        return None
    headers = {
        hdrs.ACCESS_CONTROL_ALLOW_METHODS: METHODS,
        hdrs.ACCESS_CONTROL_ALLOW_HEADERS: request.headers.get(hdrs.ACCESS_CONTROL_REQUEST_HEADERS, ""),
    }
    return web.Response(status=204, headers=headers)


def own_names(host: str, machine: str, more: Iterable[str]) -> tuple[str, ...]:
    """Return the names of a server that listens on `host`, of a `machine` of that name, and those that are given."""
    address = _address(host)
    own = () if address and address.is_unspecified else (host,)  # a browser takes 0.0.0.0 for this machine
    return (*own, machine, f"{machine}.local", *more)


def _origin(text: str) -> str | None:
    """Return an origin as it is compared, its usual port left out; None if it is none, as `null`."""
    try:
        url = URL(text.lower())
        own = url.scheme and url.host and url.user is None and url.path in {"", "/"}
    except ValueError:  # the name may also be found to be none when it is looked at: `xn--a`
        return None
    return str(url.with_path("")) if own else None


def _host(text: str) -> str | None:
    """Return the name or address in a `Host` header; None if it is neither."""
    try:
        url = URL(f"http://{text.lower()}")
        own = url.host and url.user is None and url.raw_path_qs == "/" and not url.fragment
    except ValueError:  # as above
        return None
    return url.host if own else None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, ipaddress.IPv6Address) else address
