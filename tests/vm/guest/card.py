"""A card with the image, in an emulated 64-bit ARM: what it is after its start, and that it answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from checks import Checks, must, until
from machine import DAEMON, active, run, shown
from talk import Visitor

SLOW = 8.0
"""By how much longer than on a Pi everything may take: each instruction is emulated."""
SMALL = Path("/boot/firmware")
SETTLED, ASLEEP = 60, 600
"""Seconds: after which the start's own writing is over; for which writing is counted."""
QUESTIONS = 3


def listens() -> str:
    """Wait until the assistant listens."""
    until(lambda: "Listening" in shown(DAEMON, "StatusText"), 1500, "the assistant listening after the start", 2)
    uptime = float(Path("/proc/uptime").read_text().split()[0])
    slot = Path("/run/parley-image/slot").read_text().strip()
    return f"slot {slot}, kernel {os.uname().release}, {uptime:.0f} s of the machine's clock after its start"


def mounts() -> str:
    """Compare what is mounted with what should be: a slot that is read-only, a data partition that has grown."""
    seen = {}
    for line in Path("/proc/mounts").read_text().splitlines():
        device, where, kind, options, *_ = line.split()
        seen[where] = (device, kind, options.split(","))
    must("ro" in seen["/"][2], f"/ is mounted {seen['/']}")
    must("rw" in seen["/data"][2] and seen["/data"][1] == "ext4", f"/data is mounted {seen['/data']}")
    must(seen["/etc"][1] == "overlay", f"/etc is {seen['/etc']}")
    must(seen["/var/log"][1] == "tmpfs", f"/var/log is {seen['/var/log']}")
    card = os.statvfs("/data")
    size = card.f_frsize * card.f_blocks / 1e9
    must(size > 0.5, f"the data partition has {size:.2f} GB")
    must(not (SMALL / "fresh").exists(), "the mark of a first start is still there")
    return f"data {size:.2f} GB"


def itself() -> str:
    """See that it is nobody else: a name, a number of its own; no password, no SSH."""
    name, number = Path("/etc/hostname").read_text().strip(), Path("/etc/machine-id").read_text().strip()
    must(re.fullmatch(r"parley-[0-9a-f]{4}", name), f"it is called {name}")
    must(re.fullmatch(r"[0-9a-f]{32}", number), f"its number is {number}")
    words = [line.split(":")[:2] for line in Path("/etc/shadow").read_text().splitlines()]
    open_doors = [user for user, word in words if not word.startswith(("!", "*"))]
    must(not open_doors, f"these have a password, or none: {open_doors}")
    must(not active("ssh.service") and not active("ssh.socket"), "SSH runs")
    return f"{name}, {number[:4]}…"


def taken() -> str:
    """See that what was on the small partition is in its place, and gone from there."""
    must((Path("/etc/parley/keys/EXAMPLE_KEY")).read_text() == "not-a-secret\n", "the key is another")
    must("Loopback" in Path("/etc/parley/parley.toml").read_text(), "the settings are others")
    profiles = list(Path("/etc/NetworkManager/system-connections").glob("parley-*.nmconnection"))
    must(len(profiles) == 1 and profiles[0].stat().st_mode & 0o777 == 0o600, f"Wi-Fi's files are {profiles}")
    left = [one.name for one in (*SMALL.iterdir(), *(SMALL / "keys").iterdir())]
    must(not {"wifi.txt", "parley.toml", "EXAMPLE_KEY.txt"} & set(left), f"on the small partition is {left}")
    disk = Path("/run/parley-image/card").read_text().strip()
    # Every byte of the small partition: what was read once must not be found there again.
    found = subprocess.run(["grep", "-c", "not-a-secret", f"/dev/{disk}1"], capture_output=True, text=True, check=False)
    must(found.stdout.strip() == "0", "the key can still be read from the small partition")
    return (SMALL / "result.txt").read_text().replace("\n", " ").replace("\r", "")


def healthy() -> str:
    """Have no unit failed."""
    failed = run("systemctl", "list-units", "--failed", "--no-legend", "--plain").split("\n")
    names = [line.split()[0] for line in failed if line.strip()]
    must(not names, f"failed: {names}")
    return ""


def good() -> str:
    """See that the slot has its tries back."""
    until(lambda: active("parley-slot-good.service"), 300, "the slot is called good", 2)
    told = run("fw_printenv")
    must("BOOT_A_LEFT=3" in told, told)
    return " ".join(sorted(told.split()))


def written() -> int:
    """Return how many bytes the card has been written since its start, what waits to be among them."""
    os.sync()
    disk = Path("/run/parley-image/card").read_text().strip()
    return int(Path(f"/sys/block/{disk}/stat").read_text().split()[6]) * 512


def wears(visitor: Visitor) -> str:
    """Tell what the card is written in an hour asleep, and what by a question and its answer."""
    time.sleep(SETTLED)
    before = written()
    time.sleep(ASLEEP)
    asleep = written() - before
    before = written()
    for _ in range(QUESTIONS):
        visitor.asks()
        visitor.asleep()
    talking = written() - before
    hour = asleep * 3600 / ASLEEP
    return f"asleep {hour / 1e6:.2f} MB an hour; a question and its answer {talking / QUESTIONS / 1e3:.0f} kB"


def main() -> None:
    """Make the checks."""
    checks = Checks(Path("/run/share/out/results"))
    plan = Path("/run/share/checks").read_text().split()
    if checks("it listens", listens):
        for name, check in (
            ("mounts", mounts),
            ("itself", itself),
            ("taken", taken),
            ("good", good),
            ("healthy", healthy),
        ):
            if name in plan:
                checks(name, check)
        if "talks" in plan:
            visitor = Visitor(SLOW)
            checks("it answers", visitor.asks)
            if "wears" in plan:
                checks("what the card is written", lambda: wears(visitor))
            visitor.close()
    sys.exit(0 if checks.summary() else 1)


main()
