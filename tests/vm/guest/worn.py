"""A card whose data partition is full, and then one that takes no more writes: the assistant listens all the same."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from checks import Checks, must, until
from machine import DAEMON, active, run, shown

SHARE = Path("/run/share")
OUT = SHARE / "out"
DATA = Path("/data")
SETTLED = 60
"""Seconds after which what a fault brings about has come about."""


def listens() -> str:
    """Wait until the assistant listens."""
    until(lambda: "Listening" in shown(DAEMON, "StatusText"), 100_000, "the assistant listening after the start", 2)
    return f"after {float(Path('/proc/uptime').read_text().split()[0]):.0f} s"


def fill() -> str:
    """Fill the data partition to the last byte that root has."""
    with (DATA / "ballast").open("wb") as file:
        size = os.statvfs(DATA).f_bfree * os.statvfs(DATA).f_frsize
        try:
            os.posix_fallocate(file.fileno(), 0, size - (64 << 20))
            file.seek(0, os.SEEK_END)
            while True:
                file.write(bytes(65_536))
                file.flush()
        except OSError as full:
            must(full.errno in {27, 28}, f"filling has ended by {full}")
    os.sync()
    left = os.statvfs(DATA)
    must(left.f_bfree * left.f_frsize < 1 << 20, f"{left.f_bfree} blocks are left")
    return "no byte is left"


def full() -> str:
    """See that it is full, and that the slot was called good for all that."""
    must((DATA / "ballast").exists(), "the data partition is another")
    told = listens()
    until(lambda: active("parley-slot-good.service"), 100_000, "the slot is called good", 2)
    return told


def empties() -> str:
    """Have room again."""
    (DATA / "ballast").unlink()
    os.sync()
    return ""


def wears_out() -> str:
    """Have every write to the card fail from now on; the assistant does not mind."""
    (SHARE / "worn").touch()
    try:
        (DATA / "probe").write_bytes(b"x" * 4096)
        os.sync()
        time.sleep(SETTLED)
        (DATA / "probe2").write_bytes(b"x")
        fails = "none"
    except OSError as error:
        fails = str(error)
    time.sleep(SETTLED)
    must("Listening" in shown(DAEMON, "StatusText") and active(DAEMON), shown(DAEMON, "StatusText"))
    where = next(
        line.split()[3].split(",")[0] for line in Path("/proc/mounts").read_text().splitlines() if " /data " in line
    )
    return f"/data is {where}; a write to it says: {fails}"


def worn() -> str:
    """See what a start without a single write makes of it."""
    told = listens()
    kind = next(line.split()[2] for line in Path("/proc/mounts").read_text().splitlines() if " /data " in line)
    return f"{told}; /data is {kind}"


def first(checks: Checks) -> bool:
    """As it was flashed; then full."""
    return checks("it listens", listens) and checks("its data partition is filled", fill)


def second(checks: Checks) -> bool:
    """Full; then worn out."""
    return (
        checks("with no byte left it listens", full)
        and checks("there is room again", empties)
        and checks("it listens while the card takes no more writes", wears_out)
    )


def third(checks: Checks) -> bool:
    """Worn out."""
    return checks("a card that takes no writes starts, and it listens", worn)


def main() -> None:
    """Do the part that comes next, and start anew for the one after it."""
    note = OUT / "parts"
    done = int(note.read_text()) if note.exists() else 0
    parts = (first, second, third)
    checks = Checks(OUT / "results")
    passed = parts[done](checks)
    note.write_text(str(done + 1))
    if passed and done + 1 < len(parts):
        os.sync()
        # A card that cannot be written is not waited for.
        run("systemctl", "--no-block", "reboot", *(["--force", "--force"] if done else []))
        return
    checks.summary()
    run("systemctl", "--no-block", "poweroff", *(["--force", "--force"] if done else []))
    sys.exit(0 if passed else 1)


main()
