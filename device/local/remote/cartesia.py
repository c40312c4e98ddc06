"""Cartesia's sockets, for the stages that are there: reaching them, reading them, and what went wrong, to act on."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final, TypeVar

import aiohttp
from aiohttp import ClientSession, ClientWebSocketResponse, ClientWSTimeout, WSMsgType, WSServerHandshakeError
from yarl import URL

from device.local.stages import StageError
from device.system import network
from device.wire.errors import Unknown, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aiohttp import WSMessage

    from device.settings.local import CartesiaSettings

log = logging.getLogger(__name__)

Event = TypeVar("Event")
HEARTBEAT_S: Final = 15.0
"""Between pings, which find out sockets whose other end vanished; half of it for the answer.

Seldom enough to cost nothing, and often enough that a turn does not go to a socket that is long dead.
"""
MAX_FRAME: Final = 4 * 2**20
"""Bytes of the longest message that is taken: a minute of Sonic's audio in base64, which comes in parts of a second."""
QUOTED: Final = 300
"""Characters of a server's text that are passed on: what fits a line or two of a log."""
CLOSE_S: Final = 1.0
"""How long the server may take to answer a close frame; nobody waits for what it could still say."""
REMEDIES: Final = {
    401: "set the right key in CARTESIA_API_KEY",
    402: "its credits are used up",
    403: "set a key that may use this in CARTESIA_API_KEY",
    404: "check cartesia.url",
    429: "its limit is reached: wait, or raise the quota",
}
"""What to do about a handshake that is refused, by its status."""


class CartesiaError(StageError):
    """Cartesia does not do its part."""

    code = "cartesia_error"

    def __init__(self, message: str, *, idle: bool = False) -> None:
        super().__init__(message)
        self.idle = idle
        """Whether it means nothing unless something was going on: the server closed a connection."""


class Cartesia:
    """Connects to Cartesia's servers."""

    def __init__(self, settings: CartesiaSettings) -> None:
        self._settings = settings
        self._host = URL(settings.url).host or "Cartesia"

    def http(self) -> ClientSession:
        """Return what its sockets are opened with. Raises `CartesiaError`."""
        try:
            return network.session(URL(self._settings.url))
        except network.ProxyError as error:
            raise self.error(f"is out of reach: {error}") from None

    async def connect(
        self, http: ClientSession, path: str, query: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    ) -> ClientWebSocketResponse:
        """Open a socket at `path`. Raises `CartesiaError`."""
        settings = self._settings
        headers = {"Cartesia-Version": settings.version}
        if settings.api_key:
            headers["Authorization"] = f"Bearer {settings.api_key.reveal()}"
        url = URL(settings.url.rstrip("/") + path).update_query(query)
        try:
            return await http.ws_connect(
                url,
                headers=headers,
                heartbeat=HEARTBEAT_S,
                max_msg_size=MAX_FRAME,
                timeout=ClientWSTimeout(ws_close=CLOSE_S),
            )
        except WSServerHandshakeError as error:
            other = "try again later" if error.status >= 500 else "check cartesia.url and the models"
            fix = REMEDIES.get(error.status, other)
            # From None: aiohttp's own error shows the headers.
            raise self.error(f"refused the connection ({error.status}): {fix}") from None
        except (aiohttp.ClientError, OSError) as error:
            reason = self.clean(str(error) or type(error).__name__)
            raise self.error(f"is out of reach ({reason}): check the network and cartesia.url") from None

    async def connect_in_time(
        self, http: ClientSession, path: str, query: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    ) -> ClientWebSocketResponse:
        """Open a socket at `path` within `cartesia.timeout_s`. Raises `CartesiaError`."""
        try:
            async with asyncio.timeout(self._settings.timeout_s):
                return await self.connect(http, path, query)
        except TimeoutError:
            raise self.silent("answer to a handshake") from None

    async def receive(
        self, socket: ClientWebSocketResponse, decode: Callable[[str | bytes], Event | Unknown], service: str
    ) -> Event:
        """Return the next event that `decode` understands; others are logged as sent by `service`, and passed over.

        Raises `CartesiaError` when the socket is closed.
        """
        while True:
            message = await socket.receive()
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                raise self.closed(message)
            try:
                event = decode(message.data)
            except WireError as error:
                log.warning("%s sends what is no JSON object (%s); it is passed over", service, error.code)
                continue
            if not isinstance(event, Unknown):
                return event
            log.debug("%s sent an event that is not understood: %s", service, event.type)

    def closed(self, message: WSMessage) -> CartesiaError:
        """Return the error for the last that came from a socket, which is no event."""
        code = message.data if message.type is WSMsgType.CLOSE else None
        reason = ", ".join(str(part) for part in (code, self.clean(str(message.extra or ""))) if part)
        return self.error(f"closed the connection{f' ({reason})' if reason else ''}", idle=True)

    def said(self, title: str | None, message: str | None, code: str | None) -> CartesiaError:
        """Return the error that a server told of."""
        return self.error(f"reports: {self.clean(': '.join(p for p in (title, message, code) if p) or 'no reason')}")

    def silent(self, what: str) -> CartesiaError:
        """Return the error for something that did not come in time."""
        return self.error(
            f"sent no {what} within {self._settings.timeout_s:g} s: check the network, or raise cartesia.timeout_s"
        )

    def error(self, text: str, *, idle: bool = False) -> CartesiaError:
        """Return an error of the server's, `text` being what it does; `idle` as in `CartesiaError`."""
        return CartesiaError(f"{self._host} {text}", idle=idle)

    def clean(self, text: str) -> str:
        """Return what a server says without our key, and fit for one line of a log."""
        if key := self._settings.api_key.reveal():
            text = text.replace(key, "***")
        return "".join(c if c.isprintable() else " " for c in text[:QUOTED])
