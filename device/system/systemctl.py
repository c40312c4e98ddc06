"""What commands of the system print, and what systemd says of units."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress

Ask = Callable[[Sequence[str]], str]


def ask(command: Sequence[str]) -> str:
    """Return what a command of the system prints; nothing if it cannot."""
    # systemctl looks at /proc/1, which a service does not see, and would take itself to be in a chroot.
    environ = {**os.environ, "SYSTEMD_IGNORE_CHROOT": "1"}
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(  # noqa: S603 - commands of ours
            command, capture_output=True, text=True, errors="replace", timeout=20, check=False, env=environ
        ).stdout
    return ""


def blocks(shown: str) -> list[dict[str, str]]:
    """Return the properties of each unit that `systemctl show` has printed."""
    found = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in shown.split("\n\n")]
    return [unit for unit in found if unit.get("LoadState") not in (None, "not-found")]
