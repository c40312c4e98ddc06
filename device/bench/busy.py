"""Other programs that want the processor."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Ends with whoever started it, however that ends. Its priority is an ordinary one, whatever its parent's is.
_BUSY = """
import os
parent = os.getppid()
os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
while os.getppid() == parent:
    for _ in range(1_000_000):
        pass
"""


@contextlib.contextmanager
def busy(cores: int) -> Iterator[None]:
    """Keep so many cores busy during a block, each by a process of its own."""
    processes = [subprocess.Popen([sys.executable, "-P", "-c", _BUSY]) for _ in range(cores)]  # noqa: S603 - our own interpreter
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))
