"""What a machine does while its power is cut, again and again: it talks, and is muted and no longer muted."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from checks import Failed, until
from farend import say
from machine import DAEMON, SETTINGS, active, pid

OUT = Path("/share/out")


def main() -> None:
    """Go on until the host has seen enough."""
    until(lambda: active(DAEMON), 900, "the assistant up after boot")
    (OUT / "busy").touch()
    settings = SETTINGS.read_text()
    for turn in range(1000):
        if (OUT / "enough").exists():
            return
        with contextlib.suppress(Failed, OSError):
            say("time.wav")
            time.sleep(3)
            for _ in range(2):
                os.kill(pid(DAEMON), signal.SIGUSR2)
                time.sleep(0.7)
            # As a careful editor does it: whole, or not at all.
            fresh = SETTINGS.with_suffix(".new")
            with fresh.open("w") as file:
                file.write(f"{settings}\n# {turn}\n")
                file.flush()
                os.fsync(file.fileno())
            fresh.replace(SETTINGS)


main()
