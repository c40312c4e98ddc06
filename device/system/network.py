"""The way out to other machines: by the proxy that the environment names, and never on from where it leads.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count for WebSockets as for what is downloaded (urllib reads them the same
way), and never for this machine itself. A key is for the server that the user named: no redirect is followed.
"""

from __future__ import annotations

import ipaddress
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final
from urllib.request import proxy_bypass

import aiohttp
from yarl import URL

from device.system.loopback import is_loopback
from device.system.trust import trusting_system

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LIKE: Final = {"wss": "https", "ws": "http"}
"""The scheme by whose proxy a WebSocket goes: it begins as a request of that kind."""


class RedirectError(aiohttp.ClientError):
    """A server sends us on; `target` is the other's scheme, host and port, and `status` its answer's."""

    def __init__(self, status: int, target: str) -> None:
        super().__init__(f"it sends us on to {target} ({status}), where no key follows")
        self.status = status
        self.target = target


class ProxyError(aiohttp.ClientError):
    """The environment names a proxy that is none; the message says which variable, and not what may be a password."""


def proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the proxies that an environment names, by scheme, with `no` for what `NO_PROXY` excepts.

    It is as `urllib.request.getproxies`, which knows only the environment of this process: lower case counts more.
    """
    found: dict[str, str] = {}
    for name, value in sorted(environ.items()):  # upper case comes first
        scheme, _, kind = name.lower().rpartition("_")
        if kind != "proxy" or not scheme:
            continue
        found.pop(scheme, None)
        if value:
            found[scheme] = value
    return found


def proxy_for(url: URL, environ: Mapping[str, str] = os.environ) -> URL | None:
    """Return the proxy by which `url` is reached in this environment; None without one. Raises `ProxyError`."""
    scheme = _LIKE.get(url.scheme, url.scheme)
    named, host = proxies(environ), url.host or ""
    text = named.get(scheme, "")
    if not text or is_loopback(host) or _is_excepted(url, named):
        return None
    try:
        proxy = URL(text if "://" in text else f"http://{text}")
    except ValueError:
        proxy = URL()
    if proxy.scheme not in {"http", "https"} or not proxy.host:
        raise ProxyError(f"{scheme.upper()}_PROXY is not the address of an HTTP proxy, such as http://proxy:3128")
    return proxy


def session(url: URL, *, traces: Sequence[aiohttp.TraceConfig] = (), **options: Any) -> aiohttp.ClientSession:
    """Return a client for requests to `url`, which follows no redirect: it raises `RedirectError`.

    `options` are aiohttp's. Raises `ProxyError`.
    """
    own = aiohttp.TraceConfig()
    own.on_request_redirect.append(_refuse)
    if options.get("connector") is None:
        options["connector"] = aiohttp.TCPConnector(ssl=trusting_system())
    return aiohttp.ClientSession(proxy=proxy_for(url), trace_configs=[*traces, own], **options)


def _is_excepted(url: URL, named: Mapping[str, str]) -> bool:
    """Tell whether `NO_PROXY` excepts a server: by its name, one above it, its address, or a network as pip has it."""
    host = url.host or ""
    if proxy_bypass(f"{host}:{url.port}" if url.port else host, named):
        return True
    with suppress(ValueError):
        address = ipaddress.ip_address(host)
        for one in named.get("no", "").split(","):
            with suppress(ValueError):
                if address in ipaddress.ip_network(one.strip()):
                    return True
    return False


async def _refuse(_session: aiohttp.ClientSession, _context: Any, params: aiohttp.TraceRequestRedirectParams) -> None:
    response = params.response
    location = response.headers.get("Location") or response.headers.get("URI") or ""
    try:
        target = params.url.join(URL(location)).origin()
    except ValueError:
        target = URL()
    response.close()
    raise RedirectError(response.status, str(target) if target.host else "an address that is none")
