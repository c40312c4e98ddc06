"""A file of state: replaced wholly or not at all, also when the power fails."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write(path: Path, data: bytes, mode: int = 0o600) -> None:
    """Put `data` in place of what is in a file; its folder is made if need be. Raises OSError.

    By `mode` it is for its owner alone.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def delete(path: Path) -> None:
    """Delete a file for good; harmless if it is not there. Raises OSError."""
    path.unlink(missing_ok=True)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have what a folder lists reach the disk. Raises OSError."""
    listed = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(listed)
    finally:
        os.close(listed)
