"""A card with the image that is updated: what it does at each of its starts, one after the other."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from checks import Checks, must, until
from machine import DAEMON, run, shown

SHARE = Path("/run/share")
OUT = SHARE / "out"
IMAGE = Path("/usr/lib/parley-image")
STATE = Path("/var/lib/parley-image")


def slot() -> str:
    """Return the slot that has started."""
    return Path("/run/parley-image/slot").read_text().strip()


def version() -> str:
    """Return what the slot calls itself."""
    return (IMAGE / "version").read_text().strip()


def comes_up(name: str, what: str) -> str:
    """See that a slot of a version listens, and is called good."""
    until(lambda: "Listening" in shown(DAEMON, "StatusText"), 100_000, "the assistant listening after the start", 2)
    must((slot(), version()) == (name, what), f"slot {slot()} has {version()}")
    until(lambda: f"BOOT_{name}_LEFT=3" in turns(), 100_000, "the slot is called good", 2)
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    return f"slot {name}, version {what}, after {uptime:.0f} s"


def brought(bundle: str) -> str:
    """Return where a bundle is: on a stick, since RAUC takes plain ones from a disk alone."""
    stick = Path("/run/stick")
    stick.mkdir(exist_ok=True)
    if not stick.is_mount():
        run("mount", "-o", "ro", "LABEL=updates", str(stick))
    return str(stick / bundle)


def turns() -> str:
    """Return the slots' turns; empty as long as the card cannot be asked."""
    done = subprocess.run(["fw_printenv"], capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def refused(bundle: str, *why: str) -> str:
    """See that a bundle is not taken, and that the other slot stays out of turn."""
    before = turns()
    told = run("rauc", "install", brought(bundle), fails=True, within=100_000)
    must(any(one in told for one in why), told[-400:])
    must(before and turns() == before, "the slots' turns have changed")
    return next(line for line in told.splitlines() if line.startswith("LastError"))[:120]


def installs(bundle: str, other: str, mark: str = "") -> str:
    """Install a bundle into the other slot, whose turn it then is; the host, which cuts the power, sees the marks."""
    path = brought(bundle)
    if mark:
        (OUT / "installing").touch()
    run("rauc", "install", path, within=100_000)
    if mark:
        (OUT / mark).touch()
    told = turns()
    must(f"BOOT_ORDER={other}" in told and f"BOOT_{other}_LEFT=3" in told, told)
    return " ".join(sorted(told.split()))


def first(checks: Checks) -> bool:
    """Slot A, as it was flashed: what is wrong is refused, what is right installed."""
    return (
        checks("the flashed slot listens", lambda: comes_up("A", "test-1"))
        and checks("another's signature is refused", lambda: refused("foreign.raucb", "signature"))
        and checks("half a bundle is refused", lambda: refused("half.raucb", "Invalid bundle", "signature"))
        and checks("one byte of another value is refused", lambda: refused("spoiled.raucb", "signature"))
        and checks("an update is installed", lambda: installs("good.raucb", "B", "installed"))
    )


def second(checks: Checks) -> bool:
    """Slot B, updated; then an update that will never listen."""
    (OUT / "trial").touch()
    listens = checks("the update listens", lambda: comes_up("B", "test-2"))
    (OUT / "tried").touch()
    return listens and checks("an update that does not talk is installed", lambda: installs("mute.raucb", "A"))


def third(checks: Checks) -> bool:
    """Slot B again, by itself."""
    return checks("the slot before is back by itself", lambda: comes_up("B", "test-2"))


def main() -> None:
    """Do the part that comes next, and start anew for the one after it; a slot that is mute does none."""
    if version() == "test-3":
        return
    note = OUT / "parts"
    done = int(note.read_text()) if note.exists() else 0
    parts = (first, second, third)
    checks = Checks(OUT / "results")
    passed = parts[done](checks)
    note.write_text(str(done + 1))
    if passed and done + 1 < len(parts):
        run("systemctl", "--no-block", "reboot")
        return
    checks.summary()
    run("systemctl", "--no-block", "poweroff")
    sys.exit(0 if passed else 1)


main()
