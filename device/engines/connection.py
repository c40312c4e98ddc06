"""How to reach a server by a WebSocket, and the WebSocket itself, from the handshake to its close."""

from __future__ import annotations

import asyncio
import socket as sockets
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp import ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSServerHandshakeError
from msgspec import Struct

from device.engines import faults, unix_socket
from device.engines.faults import Endpoint
from device.settings.types import Secret
from device.system import network
from device.system.network import RedirectError

if TYPE_CHECKING:
    from yarl import URL

    from device.conversation.engine import Fault

MAX_FRAME: Final = 4 * 2**20
"""Bytes of the longest message that is taken from a server: a minute of audio, at 24 kHz and as base64."""
CLOSE_S: Final = 1.0
"""How long to wait for a server to say goodbye. A choice: a dead one holds nothing up for longer."""
MAX_REFUSAL: Final = 8192
"""Bytes that are read of a refused handshake's body. A choice: an error object is a few hundred."""
PROBE_S: Final = 1
"""When nothing is sent, the system asks the other end as often whether it is still there. A choice: the least that
Linux can count, for a few bytes a second."""


class Connection(Struct, frozen=True, kw_only=True):
    """How to reach a server."""

    url: str
    at: Endpoint
    """What messages may say of it; an address can hold secrets."""
    key: Secret = Secret()
    headers: Mapping[str, str] = {}
    """To be sent with the handshake; `{key}` stands for the key."""
    open_timeout_s: float = 10.0
    """For the connection, and again for each answer while the session opens."""
    stuck_s: float = 5.0
    """A socket that takes nothing for so long is dead."""
    heartbeat_s: float | None = 15.0
    """Between pings; half of it for the answer. None: no pings."""
    unheard_s: float = 2.0
    """A connection of which the other end acknowledges nothing for so long is dead (Linux only); 0: as the system has
    it, which is a quarter of an hour."""
    lifetime_s: float = 0
    """When the server ends the session; 0 if it does not."""


class Transport:
    """One WebSocket at a time, with whoever a `Connection` leads to."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._http: ClientSession | None = None
        self._socket: ClientWebSocketResponse | None = None

    @property
    def socket(self) -> ClientWebSocketResponse:
        """The present connection, or the last. Raises RuntimeError before the first."""
        if self._socket is None:
            raise RuntimeError("the session was never opened")
        return self._socket

    async def connect(self, url: URL) -> Fault | None:
        """Connect to `url`, after `close` if need be. Returns what went wrong, without the key."""
        connection = self._connection
        key = connection.key.reveal()
        headers = {name: value.replace("{key}", key) for name, value in connection.headers.items()}
        if "Authorization" in headers and url.user is not None:
            url = url.with_user(None)  # aiohttp admits one authorization only
        refusal = _Refusal()
        connector, url = unix_socket.way_to(url)
        try:
            self._http = network.session(url, traces=[refusal.trace], connector=connector)
            async with asyncio.timeout(connection.open_timeout_s):
                self._socket = await self._http.ws_connect(
                    url,
                    headers=headers or None,
                    heartbeat=connection.heartbeat_s,
                    max_msg_size=MAX_FRAME,
                    timeout=ClientWSTimeout(ws_close=CLOSE_S),
                )
        except RedirectError as error:
            return faults.redirected(error.status, error.target, connection.at)
        except WSServerHandshakeError as error:
            return faults.refused(error.status, refusal.body, connection.at, refusal.headers)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return faults.unreachable(error, connection.at)
        if connector is not None and not unix_socket.trusted(self._socket.get_extra_info("socket")):
            await self._socket.close()
            return faults.impostor(connection.at)
        _watch(self._socket, connection.unheard_s)
        return None

    async def close(self, farewell: str | None = None) -> None:
        """End the connection, after a last message if there is one; harmless when repeated."""
        if self._socket is not None:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(2 * CLOSE_S):
                    if farewell is not None:
                        await self._socket.send_str(farewell)
                    await self._socket.close()
        if self._http is not None:
            await self._http.close()


def _watch(socket: ClientWebSocketResponse, unheard_s: float) -> None:
    """Have the system notice soon that nobody is at the other end any more, also when no farewell came.

    What was sent must be acknowledged within `unheard_s`; when there is nothing to send, probes are. It is the other
    machine's system that answers, however busy its server is: pings could not be as strict.
    """
    plain = socket.get_extra_info("socket")
    if plain is None or unheard_s <= 0 or not hasattr(sockets, "TCP_USER_TIMEOUT"):
        return
    with suppress(OSError):
        plain.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_USER_TIMEOUT, round(1000 * unheard_s))
        plain.setsockopt(sockets.SOL_SOCKET, sockets.SO_KEEPALIVE, 1)
        plain.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_KEEPIDLE, PROBE_S)
        plain.setsockopt(sockets.IPPROTO_TCP, sockets.TCP_KEEPINTVL, PROBE_S)


class _Refusal:
    """What a server said when it refused the handshake: aiohttp drops it, but it tells a quota from a crowd."""

    def __init__(self) -> None:
        self.body = b""
        self.headers: dict[str, str] = {}
        """Names in lower case."""
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._read)

    async def _read(self, _session: ClientSession, _context: Any, params: aiohttp.TraceRequestEndParams) -> None:
        if params.response.status == 101:
            return
        self.headers = {name.lower(): value for name, value in params.response.headers.items()}
        if params.response.status >= 400:
            with suppress(aiohttp.ClientError):
                self.body = await params.response.content.read(MAX_REFUSAL)
