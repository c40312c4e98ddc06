"""Which model files are known to be what they should be: each is read once, and again when it has changed.

A model is code in all but name. What proves it unchanged is where it lies and what the file system says of it; that is
kept in the state folder, which is its user's own.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import msgspec

from device.system import inputs
from device.system.paths import state_dir

if TYPE_CHECKING:
    from pathlib import Path

    from device.model_files.download import Checked

FILE: Final = "models.json"
MOST: Final = 500
"""Files that are remembered; a choice beyond what anybody has."""


def fault(path: Path, want: Checked) -> str:
    """Say what is wrong with a file, read to its end unless it is known to be right; empty if nothing is."""
    key, stamp = str(path.resolve()), _stamp(path, want)
    known = _known()
    if known.get(key) == stamp:
        return ""
    if wrong := want.fault(path):
        return wrong
    if _stamp(path, want) == stamp:  # nobody wrote to it meanwhile
        _keep({**known, key: stamp})
    return ""


def _stamp(path: Path, want: Checked) -> str:
    found = path.stat()
    # The time of the last change of any kind, too: that of the content can be set.
    return f"{want.sha256} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_dev}:{found.st_ino}"


def _known() -> dict[str, str]:
    with suppress(OSError, msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode(inputs.read(state_dir() / FILE), type=dict[str, str])
    return {}


def _keep(known: dict[str, str]) -> None:
    """Write what is known; a disk that does not allow it costs time at each start, no more."""
    folder = state_dir()
    newest = dict(list(known.items())[-MOST:])
    part = folder / f"{FILE}.{os.getpid()}.part"
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        part.write_bytes(msgspec.json.encode(newest))
        part.replace(folder / FILE)
