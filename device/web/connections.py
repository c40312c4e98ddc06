"""How many connections a web server has at once, and how long one may take to ask for something."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Final

from aiohttp.http_exceptions import HttpProcessingError

from device.web.answers import error

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

REQUEST_S: Final = 10.0
"""How long a connection may take to ask for something whole. A choice: a slow link takes a second."""
MOST: Final = 64
"""Connections that are no session. A choice: a program that asks for the engine's health needs one for a moment."""
IDLE_S: Final = 15.0
"""How long one that has been answered is kept for the next question; aiohttp's clients keep theirs as long."""


class Connections:
    """Makes protocols as the server of aiohttp does; each that is no session gives way when there are too many."""

    def __init__(self, most: int = MOST, request_s: float = REQUEST_S) -> None:
        self._most = most
        self._request_s = request_s
        self._others: dict[asyncio.Protocol, Guarded] = {}
        """Those that hold no session, by aiohttp's protocol, the oldest first."""
        self._leaving: dict[Guarded, None] = {}
        """Those that were told to go and have not, the oldest first: they read nothing, or say no goodbye in TLS."""

    def guard(self, make: Callable[[], asyncio.Protocol]) -> Callable[[], asyncio.Protocol]:
        """Return a factory of protocols as `make` is, for `create_server`."""
        return lambda: Guarded(make(), self)

    def asked(self, request: web.Request) -> None:
        """Take note that a whole request has come."""
        if guarded := self._others.get(request.protocol):
            guarded.asked()

    def hold(self, request: web.Request) -> None:
        """Take note that a connection is a session's from now on, of which the server itself keeps count."""
        self._others.pop(request.protocol, None)

    def opened(self, guarded: Guarded) -> float:
        """Take a connection; return how long it may take to ask, in seconds."""
        if len(self._others) >= self._most:
            self._others.pop(next(iter(self._others))).end(
                503, "too_many_connections", f"There are more than {self._most} connections at once: close some."
            )
        self._others[guarded.inner] = guarded
        return self._request_s

    def leaves(self, guarded: Guarded) -> None:
        """Wait until a connection has gone, but not for more of them than there may be."""
        if len(self._leaving) >= self._most:
            oldest = next(iter(self._leaving))
            del self._leaving[oldest]
            oldest.abort()
        self._leaving[guarded] = None

    def closed(self, guarded: Guarded) -> None:
        """Forget a connection."""
        self._others.pop(guarded.inner, None)
        self._leaving.pop(guarded, None)


class Guarded(asyncio.Protocol):
    """A connection: hands all on to aiohttp's protocol, `inner`."""

    def __init__(self, inner: asyncio.Protocol, connections: Connections) -> None:
        self.inner = inner
        self._connections = connections
        self._transport: asyncio.Transport | None = None
        self._late: asyncio.TimerHandle | None = None
        # Nothing stands between the two: this is called for every packet.
        self.data_received = inner.data_received  # type: ignore[method-assign]
        self.eof_received = inner.eof_received  # type: ignore[method-assign]
        self.pause_writing = inner.pause_writing  # type: ignore[method-assign]
        self.resume_writing = inner.resume_writing  # type: ignore[method-assign]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream server's
        self._transport = transport
        self.inner.connection_made(transport)
        patience = self._connections.opened(self)
        message = f"The request did not come whole within {patience:g} s."
        self._late = asyncio.get_running_loop().call_later(patience, self.end, 408, "request_timeout", message)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self.asked()
        self._connections.closed(self)
        self.inner.connection_lost(exc)

    def asked(self) -> None:
        """Stop to wait for a request."""
        if self._late:
            self._late.cancel()
            self._late = None

    def end(self, status: int, code: str, message: str) -> None:
        """End the connection, and say why to whoever still listens."""
        self.asked()
        if not self._transport:
            return
        self._connections.leaves(self)
        if self._transport.is_closing():
            return
        body = json.dumps(error(status, code, message))
        self._transport.write(
            f"HTTP/1.1 {status} {code}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
            f"Connection: close\r\n\r\n{body}".encode()
        )
        self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport:
            self._transport.abort()


def http_log() -> logging.Logger:
    """Return the log for aiohttp's server: without what is no HTTP, which it would quote, keys and all, at length."""
    logger = logging.getLogger("device.web.http")
    logger.addFilter(_not_theirs)
    return logger


def _not_theirs(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))
