"""One assistant at a time: two would both answer, and both want the sound card.

Who runs holds a lock on a file in the folder for state. The kernel lets go of it however the process ends.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from device.system import paths

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

log = logging.getLogger(__name__)

FILE = "parley.lock"
ATTEMPTS = 5
"""How often the lock is tried, 20 ms apart: who looks whether it is held has it for less than that. A choice: more only
delay the message that it is held."""


class AlreadyRunning(Exception):  # noqa: N818 - it is no error of anybody's
    """Another assistant runs; says which, and how to stop it."""


class Lock:
    """The right to be the assistant, until it is closed or the process ends."""

    def __init__(self, fd: int | None) -> None:
        self._fd = fd

    def close(self) -> None:
        """Let another one run; harmless when repeated."""
        fd, self._fd = self._fd, None
        if fd is not None:
            os.close(fd)


def take(environ: Mapping[str, str] = os.environ) -> Lock:
    """Become the assistant of this user, or of the service. Raises AlreadyRunning.

    A user's gives way to the machine's service, too. Where a lock cannot be made, as on a full disk, there is none.
    """
    path, *others = _paths(environ)
    for other in others:
        if (pid := _holder(other)) is not None:
            raise AlreadyRunning(already_running(pid))
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = _open(path)
    except OSError as error:
        log.warning("%s cannot be made (%s): a second Parley would not notice this one.", path, error.strerror)
        return Lock(None)
    if not _locked(fd):
        os.close(fd)
        raise AlreadyRunning(already_running(_pid(path)))
    with suppress(OSError):  # on a disk that is full or read-only, the lock holds without a number in it
        os.fchmod(fd, 0o644)  # others may look, and see that it is held
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
    return Lock(fd)


def runs(environ: Mapping[str, str] = os.environ) -> str:
    """Say which assistant runs on this machine, as far as this user can see, and how to stop it; empty if none does."""
    pids = [pid for path in _paths(environ) if (pid := _holder(path)) is not None]
    return already_running(pids[0]) if pids else ""


def _paths(environ: Mapping[str, str]) -> Iterator[Path]:
    """Yield the lock of one's own, and for a user that of the service."""
    yield paths.state_dir(environ) / FILE
    if not environ.get("STATE_DIRECTORY"):
        yield paths.SHARED / FILE


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:  # a disk that is read-only now may have the file from before
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _locked(fd: int) -> bool:
    """Take the lock, also while somebody looks at it for a moment."""
    for _ in range(ATTEMPTS):
        with suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(0.02)
    return False


def _holder(path: Path) -> int | None:
    """Return the process that holds a lock, 0 if it is not known which; None if nobody does."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(path)
    else:
        return None
    finally:
        os.close(fd)


def _pid(path: Path) -> int:
    with suppress(OSError, ValueError):
        pid = int(path.read_text())
        if Path(f"/proc/{pid}").exists():
            return pid
    return 0


def already_running(pid: int) -> str:
    """Say that the assistant runs as a process, 0 if it is not known which, and how to stop it."""
    if not pid:
        return "Parley runs already; stop it with `sudo systemctl stop parley`, or close its terminal."
    groups = ""
    with suppress(OSError):
        groups = Path(f"/proc/{pid}/cgroup").read_text()
    stop = "sudo systemctl stop parley" if "parley.service" in groups else f"kill {pid}"
    return f"Parley runs already, as process {pid}; this stops it: {stop}"
