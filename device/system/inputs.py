"""Files that somebody names to be read: settings, profiles, rows, scenes. What is none is named and not waited for.

A pipe would be waited for without end, and a device has no end either. All that is wrong is an OSError of which the
`strerror` says what.
"""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path

MOST: Final = 16 * 1024 * 1024
"""Bytes of a file of text; a choice beyond any that a person writes."""
DEEPEST: Final = 64
"""Tables within tables, or lists within lists; a choice beyond any that means something."""
_KINDS: Final = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def expanded(path: Path) -> Path:
    """Return a path with the home that its `~` stands for; as it is, where there is none, and then no such file."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path


def is_there(path: Path, *, unknown: bool = False) -> bool:
    """Tell whether there is something at a path; `unknown` where one may not look, as in another user's home."""
    try:
        return path.exists()
    except OSError:
        return unknown


def is_file(path: Path) -> bool:
    """Tell whether there is a file at a path, as far as one may look."""
    try:
        return path.is_file()
    except OSError:
        return False


def check(path: Path, most: int | None = None) -> None:
    """See that a path leads to a file, of at most so many bytes. Raises OSError."""
    _check(path.stat(), most)


def read(path: Path, most: int = MOST) -> bytes:
    """Return what is in a file. Raises OSError."""
    # Without O_NONBLOCK, a pipe is waited for before it can be looked at.
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    with os.fdopen(number, "rb") as file:
        _check(os.fstat(number), most)
        data = file.read(most + 1)
    if len(data) > most:
        raise _too_large(most)
    return data


def text(path: Path, encoding: str = "utf-8") -> str:
    """Return what is in a file of text. Raises OSError and UnicodeDecodeError."""
    return read(path).decode(encoding)


def too_deep(value: Any) -> bool:
    """Tell whether tables and lists lie within one another more than `DEEPEST` times."""
    layer = [value]
    for _ in range(DEEPEST):
        inner = (one.values() if isinstance(one, dict) else one for one in layer if isinstance(one, (dict, list)))
        layer = [one for values in inner for one in values if isinstance(one, (dict, list))]
        if not layer:
            return False
    return True


def _check(found: os.stat_result, most: int | None) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    for is_kind, name in _KINDS:
        if is_kind(found.st_mode):
            raise OSError(errno.EINVAL, f"it is {name}, not a file")
    if most is not None and found.st_size > most:
        raise _too_large(most)


def _too_large(most: int) -> OSError:
    return OSError(errno.EFBIG, f"it is larger than {most // 2**20} MiB")
