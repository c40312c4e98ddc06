"""The way out to other machines: by the proxy that the environment names, and never on from where it leads.

`HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count for WebSockets as for what is downloaded (urllib reads them the same
way), and never for this machine itself. A key is for the server that the user named: no redirect is followed.
"""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any, Final
from urllib.request import getproxies, proxy_bypass

import aiohttp
from yarl import URL

if TYPE_CHECKING:
    from collections.abc import Sequence

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


def proxy_for(url: URL) -> URL | None:
    """Return the proxy by which `url` is reached; None without one. Raises `ProxyError`."""
    scheme = _LIKE.get(url.scheme, url.scheme)
    text = getproxies().get(scheme, "")
    if not text or _is_here(url.host or "") or proxy_bypass(f"{url.host}:{url.port}" if url.port else url.host or ""):
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
    return aiohttp.ClientSession(proxy=proxy_for(url), trace_configs=[*traces, own], **options)


async def _refuse(_session: aiohttp.ClientSession, _context: Any, params: aiohttp.TraceRequestRedirectParams) -> None:
    response = params.response
    location = response.headers.get("Location") or response.headers.get("URI") or ""
    try:
        target = params.url.join(URL(location)).origin()
    except ValueError:
        target = URL()
    response.close()
    raise RedirectError(response.status, str(target) if target.host else "an address that is none")


def _is_here(host: str) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
