"""Why nothing listens where the settings have it: what is wrong, and which key to change."""

import errno
import os
import socket

import pytest

from device.web.ports import cannot_listen

LACKING = OSError(errno.EADDRNOTAVAIL, "x")
UNNUMBERED = OSError("could not bind on any address")
UNKNOWN = socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.EADDRINUSE, "x"), "Is another engine running? Choose another port with 'local.port'"),
        (OSError(errno.EACCES, "x"), "Ports below 1024 are for root: choose another with --port or 'local.port'"),
        (LACKING, "no such address: choose another with --host or 'local.host'"),
        (UNNUMBERED, os.strerror(errno.EADDRNOTAVAIL)),
        (UNKNOWN, "Name or service not known. This machine has no such address"),
    ],
    ids=str,
)
def test_it_says_what_is_wrong_and_what_to_change(error, told):
    said = cannot_listen("box", 8765, error, "engine", "local")
    assert said.startswith("cannot listen on box port 8765: ")
    assert told in said
