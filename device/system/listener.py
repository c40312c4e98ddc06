"""Which user listens at a TCP port of this machine, as the kernel tells."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
"""Their format is told in proc(5): local address and port, state and uid are the columns 1, 3 and 7."""
_LISTENS: Final = "0A"
_LOOPBACK: Final = ("0100007F", "00000000", "0" * 24 + "01000000", "0" * 32, "0000000000000000FFFF00000100007F")
"""127.0.0.1 and ::1, all addresses of either kind, and 127.0.0.1 as a mapped one."""
PEOPLE: Final = 1000
"""The first uid of people; those below are services, which only root installs: `UID_MIN` of login.defs(5)."""
DYNAMIC: Final = range(61_184, 65_520)
"""The uids of services with `DynamicUser=`, as systemd.exec(5) has them."""


def listeners(port: int, tables: tuple[Path, ...] = TABLES) -> Iterator[int]:
    """Yield the uids of those that listen at a port for connections from this machine."""
    for table in tables:
        try:
            lines = table.read_text("ascii").splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            address, _, hexadecimal = columns[1].partition(":")
            if columns[3] == _LISTENS and address in _LOOPBACK and int(hexadecimal, 16) == port:
                yield int(columns[7])


def trusted(port: int, tables: tuple[Path, ...] = TABLES) -> bool:
    """Return whether none but root, a service or this process's own user listens at a port of this machine.

    Another person's program could sit there in place of the one that is expected. Where nobody is seen to listen, as
    at a port that leads into a container, nothing can be told, and it is trusted.
    """
    return all(uid < PEOPLE or uid in DYNAMIC or uid == os.getuid() for uid in listeners(port, tables))
