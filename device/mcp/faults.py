"""Why a server cannot be asked, told so that somebody knows what to do; no message holds a token."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import aiohttp

from device.mcp.messages import QUOTED, ExpiredError, McpError, RefusedError, StatusError
from device.settings.mcp import token_variable
from device.system.harmless import line
from device.system.network import ProxyError

if TYPE_CHECKING:
    from device.settings.types import Secret

_WHY: Final = {
    404: "it has nothing at this address (404): check {key}.url",
    405: "nobody takes requests at this address (405): check {key}.url",
    429: "it is asked too often (429)",
}


def refused(name: str, status: int, body: bytes, token: Secret, *, session: bool) -> McpError:
    """Return what an answer with `status` means that is no message of the protocol; `session` if one was named."""
    said = quoted(body, token)
    says = f". It says: {said}" if said else ""
    key, variable = f"mcp.{name}", token_variable(name)
    if status == 404 and session:
        return ExpiredError("it no longer knows the session")
    if status == 401 and token:
        return RefusedError(f"it refuses the token (401): set {variable}, or {key}.token, to one that is valid{says}")
    if status == 401:
        return RefusedError(f"it wants a token (401): set {variable}, or {key}.token")
    if status == 403:
        return RefusedError(f"it does not allow this (403): see what the token may do, and {key}.url{says}")
    why = _WHY.get(
        status, "it has a fault of its own ({status}): see its log" if status >= 500 else "it refuses ({status})"
    )
    return StatusError(status, why.format(key=key, status=status) + says)


def unreached(name: str, error: Exception) -> McpError:
    """Return why there was no answer; `error` is what aiohttp, or the system, raised."""
    key = f"mcp.{name}.url"
    match error:
        case ProxyError():
            told = f"it is not reached by the proxy: {error}. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        case aiohttp.ClientHttpProxyError() | aiohttp.ClientProxyConnectionError():
            told = "the proxy does not lead to it: check HTTPS_PROXY, HTTP_PROXY and NO_PROXY"
        case aiohttp.ClientConnectorCertificateError():
            told = f"its certificate cannot be trusted: check its date, this machine's clock, and {key}"
        case aiohttp.ClientSSLError():
            told = f"it does not speak TLS: check {key}, https:// or http://"
        case aiohttp.ClientConnectorDNSError():
            told = f"its name has no address: check the network and {key}"
        case aiohttp.InvalidURL() | ValueError():
            told = f"{key} is no address that can be asked"
        case aiohttp.ServerTimeoutError():
            told = f"it does not answer: check the network and {key}"
        case OSError(errno=int(number)) if number:
            told = f"it cannot be reached ({os.strerror(number)}): check that it runs, and {key}"
        case _:
            told = f"it cannot be reached ({type(error).__name__}): check that it runs, and {key}"
    return McpError(line(told))


def quoted(body: bytes, token: Secret) -> str:
    """Return what a server said, on one line, shortened, and without the token, which some repeat; no web page."""
    text = body[: 4 * QUOTED].decode("utf-8", "replace")
    if token:
        text = text.replace(token.reveal(), "***")
    text = line(" ".join(text.split()))[:QUOTED]
    return "" if text.startswith("<") else text
