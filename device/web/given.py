"""Sockets at which somebody else listens already, and hands them over: systemd, or who started this process."""

from __future__ import annotations

import fcntl
import os
import socket
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping, Sequence

FIRST: Final = 3
"""The number of the first file that systemd hands over: SD_LISTEN_FDS_START."""


class GivenError(Exception):
    """What was handed over is no socket; says which file it is."""


class Given(socket.socket):
    """A socket at which somebody else listens already."""

    def listen(self, backlog: int = 0, /) -> None:
        """Do nothing, where asyncio would listen once more.

        The system would then tell clients that this process's user listens, whoever that is, and not who did.
        """


def sockets_given(environ: MutableMapping[str, str] = os.environ, first: int = FIRST) -> list[socket.socket]:
    """Return the sockets that systemd hands over, and tell no child of them (sd_listen_fds(3)). Raises GivenError."""
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdigit():
        return []
    return [taken(number) for number in range(first, first + int(count))]


def handed_on(sockets: Sequence[socket.socket]) -> Callable[[], None]:
    """Return what lets the program that this process becomes by exec have the sockets, as systemd has handed them over.

    It is to be called right before that, also when they are closed by then.
    """
    # Beyond the numbers that they are to have.
    kept = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, FIRST + len(sockets)) for one in sockets]

    def hand_on() -> None:
        for number, one in enumerate(kept, FIRST):
            os.dup2(one, number)
        os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kept)))

    return hand_on


def taken(number: int) -> socket.socket:
    """Return the listening socket of a number that another process handed over. Raises GivenError."""
    try:
        given = Given(fileno=number)
        given.setblocking(False)  # noqa: FBT003 - the library's own
        os.set_inheritable(number, False)  # noqa: FBT003 - likewise
    except OSError as error:
        raise GivenError(f"file {number}, which was handed over, is no socket: {error.strerror}") from error
    return given
