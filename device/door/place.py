"""Where the door is: a socket in the daemon's state folder, for its user, root and the group that may use it."""

from __future__ import annotations

import grp
import os
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


def own(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where the door of this user's own daemon is; for root and the service's user it is the service's."""
    return paths.own_or_service_dir(environ) / FILE


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
