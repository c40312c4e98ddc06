"""Where the local engine listens, and how what is said there is encrypted."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from device.local.stages import EngineStartError
from device.local.web.connections import REQUEST_S

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.settings.local import LocalSettings


async def listen(make: Callable[[], asyncio.Protocol], local: LocalSettings) -> asyncio.Server:
    """Listen where the settings say, with protocols that `make` makes. Raises `EngineStartError`."""
    tls = _tls(local)
    loop = asyncio.get_running_loop()
    try:
        return await loop.create_server(
            make, local.host, local.port, ssl=tls, ssl_handshake_timeout=REQUEST_S if tls else None
        )
    except OSError as error:
        raise EngineStartError(_cannot_listen(local.host, local.port, error)) from error


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    """Say why the engine cannot listen there, and which setting to change."""
    # From Python 3.12 on, an address that no card has is an error without a number.
    lacking = error.errno in (None, errno.EADDRNOTAVAIL)
    unknown = isinstance(error, socket.gaierror)
    number = errno.EADDRNOTAVAIL if lacking else error.errno or 0
    told = f"cannot listen on {host} port {port}: {error.strerror if unknown else os.strerror(number)}."
    if lacking or unknown:
        return (
            f"{told} This machine has no such address: choose another with --host or 'local.host' (127.0.0.1 is for "
            "this machine alone, 0.0.0.0 for every network)."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{told} Ports below 1024 are for root: choose another with --port or 'local.port'."
    return f"{told} Is another engine running? Choose another port with 'local.port' (0 takes a free one)."


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
