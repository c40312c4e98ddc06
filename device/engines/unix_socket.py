"""The Unix socket of the local engine: where it is, and who is at its other end.

On a TCP port anybody of this machine can listen before the engine does, and would get the microphone. A socket in a
folder that nobody else can write to, whose listener the system vouches for, is the engine's and no one's else.
"""

from __future__ import annotations

import os
import socket as sockets
import struct
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from aiohttp import UnixConnector
from yarl import URL

if TYPE_CHECKING:
    from pathlib import Path

SCHEME: Final = "ws+unix"
PROBE_S: Final = 1.0
"""How long to wait for a listener of which the queue is full. A choice: a connection takes no time."""
_PEER: Final = struct.Struct("3i")
"""`struct ucred` of Linux: pid, uid, gid."""
_AT: Final = URL("ws://localhost/v1/realtime")
"""What is asked for at the other end of the socket, which has no host of its own."""


def address(path: object) -> str:
    """Return the address of the engine that listens at `path`."""
    return f"{SCHEME}://{path}"


def way_to(url: URL) -> tuple[UnixConnector | None, URL]:
    """Return how to connect to an address, None if as ever, and what to ask for there."""
    if url.scheme != SCHEME:
        return None, url
    return UnixConnector(url.path), _AT.with_query(url.query)


def listens(path: Path) -> bool:
    """Tell whether root or this user listens at a path to which this user may connect."""
    with suppress(OSError), sockets.socket(sockets.AF_UNIX, sockets.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_S)
        probe.connect(str(path))
        return trusted(probe)
    return False


def trusted(socket: Any) -> bool:
    """Tell whether root or this user listens at the other end of a connected socket, as systemd does for its units."""
    if socket is None or socket.family != sockets.AF_UNIX:
        return False
    _, uid, _ = _PEER.unpack(socket.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _PEER.size))
    return uid in {0, os.geteuid()}
