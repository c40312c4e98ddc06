"""What is done about memory: what stays is not gone through again, and what was freed goes back to the system."""

from __future__ import annotations

import ctypes
import gc
import math
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGE = 1 << 20
"""Bytes from which on a block is one of the system's. Models' weights and onnxruntime's arenas are larger; what is
made and freed at every frame is smaller, for a block of the system's has to be wiped each time."""
KEPT = 2 * LARGE
"""Bytes that a heap keeps at its end when they are freed: twice that, as glibc has it."""
SMALL_MB = 1700
"""Below it a machine is a small one: a Raspberry Pi of 2 GB has 1850 left of it for Linux, one of 1 GB 900."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Of glibc's malloc.h."""


def settle() -> None:
    """Keep the collector from ever looking at what is there now, and give back what is not used.

    To be called once everything is imported and loaded, which is what stays: to go through it, with Python's lock
    held, takes the collector a tenth of a second (Raspberry Pi: several). What loading has left unused are 2 MB in the
    card's process.
    """
    gc.collect()
    gc.freeze()
    give_back()


def large_blocks_go_back() -> None:
    """From now on, have every large block go back to the system as soon as it is freed, in whatever thread.

    By itself glibc takes the largest block that was ever freed, up to 32 MB, for small: the next such one comes out of
    a heap, and each thread's heap keeps twice as much at its end, where malloc_trim does not look. A recogniser that is
    loaded and dropped again and again, in a thread, left up to 58 MB so.
    """
    set_option = _libc("mallopt")
    set_option(_MMAP_THRESHOLD, LARGE)
    set_option(_TRIM_THRESHOLD, KEPT)


def give_back() -> None:
    """Return to the system what was freed and lies between what is still used."""
    _libc("malloc_trim")(0)


def free_mb(meminfo: Path = Path("/proc/meminfo")) -> tuple[float, float]:
    """Return how much memory there is and how much of it is to be had, MB of 1,000,000 bytes.

    Where the system does not say, or says what cannot be, it is without end.
    """
    found = {}
    with suppress(OSError, ValueError, IndexError):
        for line in meminfo.read_text("utf-8").splitlines():
            key, _, value = line.partition(":")
            found[key] = int(value.split()[0]) * 1024 / 1e6
    return found.get("MemTotal", math.inf), found.get("MemAvailable", math.inf)


def of_machine_mb(root: Path = Path("/")) -> float:
    """Return the MB of memory that this process may have at most: the machine's, or what its control group is given."""
    return min([free_mb(root / "proc/meminfo")[0], *(given for given, _ in _of_groups(root))])


def available_mb(root: Path = Path("/")) -> float:
    """Return the MB of memory that this process can have without anything else being put out of it."""
    left = (max(0.0, given - used) for given, used in _of_groups(root))
    return min([free_mb(root / "proc/meminfo")[1], *left])


def _of_groups(root: Path) -> Iterator[tuple[float, float]]:
    """Yield the MB that each control group of this process is given, and those that are used and cannot be had back."""
    own = root / f"sys/fs/cgroup{_group(root)}"
    now = [(one, "memory.current") for one in dict.fromkeys((own, root / "sys/fs/cgroup"))]
    for group, usage in (*now, (root / "sys/fs/cgroup/memory", "memory.usage_in_bytes")):
        used = max(0.0, _mb(group / usage, 0.0) - _files_mb(group))
        for limit in ("memory.max", "memory.high", "memory.limit_in_bytes"):
            if (given := _mb(group / limit, math.inf)) < math.inf:
                yield given, used


def _mb(file: Path, otherwise: float) -> float:
    """Return the bytes that a file of a control group holds, in MB; `otherwise` if it has none, "max" being none."""
    with suppress(OSError, ValueError):
        return int(file.read_text()) / 1e6
    return otherwise


def _files_mb(group: Path) -> float:
    """Return the MB of a group that hold files which were not used of late: the kernel drops them when it needs to."""
    with suppress(OSError, ValueError):
        pairs = (line.partition(" ") for line in (group / "memory.stat").read_text().splitlines())
        return {key: int(value) for key, _, value in pairs}.get("inactive_file", 0) / 1e6
    return 0.0


def _group(root: Path) -> str:
    """Return the path of this process's control group (version 2); empty if it cannot be known."""
    with suppress(OSError):
        for line in (root / "proc/self/cgroup").read_text().splitlines():
            if line.startswith("0::"):
                return line[3:]
    return ""


def _libc(name: str) -> Any:
    return getattr(ctypes.CDLL(None), name, lambda *_: 0)  # another C library may have none
