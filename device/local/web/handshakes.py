"""TLS handshakes of the local engine's connections: a bounded number at once, for a bounded time.

asyncio's own `ssl=` bounds the time alone. Each connection that says nothing has a third of a megabyte meanwhile, and
thousands of them have all of a service's memory and files.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from device.web.connections import MOST, REQUEST_S

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable


GOODBYE_S: Final = 2.0
"""How long a client may take to say goodbye, for which a connection that is closed waits. A choice, as for sessions."""


class Handshakes:
    """Makes protocols that encrypt a connection and then hand it to one that `make` makes; the oldest gives way."""

    def __init__(
        self,
        make: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        most: int = MOST,
        patience_s: float = REQUEST_S,
    ) -> None:
        self._make = make
        self._context = context
        self._most = most
        self._patience_s = patience_s
        self._shaking: dict[Handshake, None] = {}
        """The oldest first."""

    def __call__(self) -> asyncio.Protocol:
        """Return a protocol for a new connection."""
        return Handshake(self)

    async def encrypt(self, transport: asyncio.Transport, shaking: Handshake) -> None:
        """Shake hands, and hand the connection over; it ends if that does not come off."""
        if len(self._shaking) >= self._most:
            oldest = next(iter(self._shaking))
            del self._shaking[oldest]
            oldest.end()
        self._shaking[shaking] = None
        loop = asyncio.get_running_loop()
        try:
            encrypted = await loop.start_tls(
                transport,
                shaking,
                self._context,
                server_side=True,
                ssl_handshake_timeout=self._patience_s,
                ssl_shutdown_timeout=GOODBYE_S,
            )
        except OSError:  # what ssl and a client that hangs up raise, and who is too slow
            transport.abort()
            return
        finally:
            self._shaking.pop(shaking, None)
        if encrypted is not None:
            shaking.hand_over(encrypted, self._make())


class Handshake(asyncio.Protocol):
    """A connection that is being encrypted. What comes with the handshake's last packet is kept for who takes it."""

    def __init__(self, handshakes: Handshakes) -> None:
        self._handshakes = handshakes
        self._transport: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None
        self._early: Final[list[bytes]] = []
        self._ended = False
        self._lost: list[Exception | None] = []
        self._taken_by: asyncio.Protocol | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a stream server's
        self._transport = transport
        transport.pause_reading()  # until it is known how to read
        self._task = asyncio.get_running_loop().create_task(self._handshakes.encrypt(transport, self))

    def data_received(self, data: bytes) -> None:
        """Keep it."""
        self._early.append(data)

    def eof_received(self) -> None:
        """Keep that the client says no more."""
        self._ended = True

    def connection_lost(self, exc: Exception | None) -> None:
        """Keep that it is over, or say so, if this was on its way while the connection was handed over."""
        if self._taken_by is not None:
            self._taken_by.connection_lost(exc)
        else:
            self._lost.append(exc)

    def end(self) -> None:
        """Give way to another."""
        if self._transport is not None:
            self._transport.abort()

    def hand_over(self, encrypted: asyncio.Transport, protocol: asyncio.Protocol) -> None:
        """Let `protocol` have the connection from now on."""
        self._taken_by = protocol
        encrypted.set_protocol(protocol)
        protocol.connection_made(encrypted)
        for data in self._early:
            protocol.data_received(data)
        if self._ended:
            protocol.eof_received()
        for error in self._lost:
            protocol.connection_lost(error)
