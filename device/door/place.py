"""Where the door is: a socket in the daemon's state folder, for its user, root and the group that may use it."""

from __future__ import annotations

import errno
import grp
import os
import socket
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from device.system import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

FILE: Final = "door.socket"
GROUP: Final = "parley"
"""Who may use the door beside its owner and root, where there is such a group and the daemon is in it."""
LONGEST_PATH: Final = 100
"""Bytes of a socket's address, which has 108 in all: unix(7)."""


def places(environ: Mapping[str, str] = os.environ) -> list[Path]:
    """Return where a door may be, in the order in which they are tried: one's own, and that of the machine's service.

    For root and the service's user that of the service comes first.
    """
    folders = (paths.own_or_service_dir(environ), paths.state_dir(environ), paths.SHARED)
    return [folder / FILE for folder in dict.fromkeys(folders)]


@contextmanager
def reached(path: Path) -> Iterator[str]:
    """Hold a way to a socket that fits into an address, however long its path is. Raises OSError."""
    if len(os.fsencode(path)) <= LONGEST_PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def group_of(path: Path) -> str:
    """Return the group that may use a door; empty if none may, or one may not even look."""
    with suppress(OSError, KeyError):
        found = path.stat()
        if found.st_mode & 0o020:
            return grp.getgrgid(found.st_gid).gr_name
    return ""


def listen(path: Path) -> socket.socket:
    """Return the socket of a door that is opened at `path`. Raises OSError, of which `strerror` says why not.

    What a daemon that died left there is replaced; nothing else is.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with reached(path) as way:
        _clear(path, way)
        door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            os.fchmod(door.fileno(), 0o600)  # what it is bound by: at no moment may others come in
            door.bind(way)
            _let_in_group(path)
            door.listen()
        except OSError:
            door.close()
            raise
    return door


def _clear(path: Path, way: str) -> None:
    """Take away a socket at which nobody listens. Raises OSError for anything else that is there."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        kind = "a link" if stat.S_ISLNK(found.st_mode) else "not a socket"
        raise OSError(errno.EEXIST, f"what is there is {kind}, and stays: move it away")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
        if probe.connect_ex(way) != errno.ECONNREFUSED:
            raise OSError(errno.EADDRINUSE, "somebody else listens there: is another Parley running?")
    path.unlink()


def _let_in_group(path: Path) -> None:
    """Let the group use a door, where there is such a group and this process is in it."""
    with suppress(KeyError, OSError):
        group = grp.getgrnam(GROUP).gr_gid
        if group in {os.getegid(), *os.getgroups()}:
            if path.lstat().st_gid != group:  # the service may not change owners, and need not
                os.chown(path, -1, group, follow_symlinks=False)
            path.chmod(0o660)


def shut(path: Path, door: socket.socket) -> None:
    """Close a door, and take it away unless somebody else has opened theirs there."""
    door.close()
    with suppress(OSError), reached(path) as way:
        _clear(path, way)
