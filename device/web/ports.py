"""Why a web server cannot listen where the settings have it."""

from __future__ import annotations

import errno
import os
import socket


def cannot_listen(host: str, port: int, error: OSError, what: str, section: str) -> str:
    """Say why `what`, a server, cannot listen there, and which key of its `section` of the settings to change."""
    # From Python 3.12 on, an address that no card has is an error without a number.
    lacking = error.errno in (None, errno.EADDRNOTAVAIL)
    unknown = isinstance(error, socket.gaierror)
    number = errno.EADDRNOTAVAIL if lacking else error.errno or 0
    told = f"cannot listen on {host} port {port}: {error.strerror if unknown else os.strerror(number)}."
    if lacking or unknown:
        return (
            f"{told} This machine has no such address: choose another with --host or '{section}.host' (127.0.0.1 is "
            "for this machine alone, 0.0.0.0 for every network)."
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"{told} Ports below 1024 are for root: choose another with --port or '{section}.port'."
    return f"{told} Is another {what} running? Choose another port with '{section}.port' (0 takes a free one)."
