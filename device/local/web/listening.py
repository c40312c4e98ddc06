"""Where the local engine listens, and how what is said there is encrypted."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from device.local.stages import EngineStartError
from device.local.web.handshakes import Handshakes
from device.web.ports import cannot_listen

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.settings.local import LocalSettings


async def listen(
    make: Callable[[], asyncio.Protocol], local: LocalSettings, given: Sequence[socket.socket] = ()
) -> list[asyncio.Server]:
    """Listen at the sockets that were given, else where the settings say, with protocols that `make` makes.

    A Unix socket is not encrypted. Raises `EngineStartError`.
    """
    tls = _tls(local)
    by_port = Handshakes(make, tls) if tls else make
    loop = asyncio.get_running_loop()
    if given:
        # Not create_unix_server: from Python 3.13 on, it takes the socket's file away at its end, which is systemd's.
        return [await loop.create_server(make if one.family == socket.AF_UNIX else by_port, sock=one) for one in given]
    try:
        server = await loop.create_server(by_port, local.host, local.port)
    except OSError as error:
        raise EngineStartError(cannot_listen(local.host, local.port, error, "engine", "local")) from error
    return [server]


def _tls(local: LocalSettings) -> ssl.SSLContext | None:
    """Return how to encrypt; None if the settings ask for no encryption. Raises `EngineStartError`."""
    if not local.tls_cert:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    cert, key = Path(local.tls_cert).expanduser(), Path(local.tls_key).expanduser()
    try:
        # Without a password: nobody is there to type one.
        context.load_cert_chain(cert, key, password=lambda: "")
    except (OSError, ssl.SSLError) as error:
        reason = os.strerror(error.errno) if not isinstance(error, ssl.SSLError) and error.errno else "no such pair"
        raise EngineStartError(
            f"cannot use 'local.tls_cert' ({cert}) with 'local.tls_key' ({key}): {reason}. Both must be PEM files, "
            "the key without a password, that the engine may read."
        ) from error
    return context
