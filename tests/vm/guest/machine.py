"""The machine under test: its services, what they log, and what is installed."""

from __future__ import annotations

import re
import subprocess
import threading
from pathlib import Path

from checks import Failed, until

SOURCE = Path("/usr/src/parley")
SETTINGS = Path("/etc/parley/parley.toml")
KEYS = Path("/etc/parley/keys")
STATE = Path("/var/lib/parley")
DAEMON, ENGINE = "parley.service", "parley-engine.service"


def run(*command: str, within: float = 300, fails: bool = False) -> str:
    """Run a command and return what it said; fail if it does, unless it `fails` as it must."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=within, check=False)
    except subprocess.TimeoutExpired:
        raise Failed(f"{' '.join(command)}: not done within {within:.0f} s") from None
    told = done.stdout + done.stderr
    if bool(done.returncode) is not fails:
        raise Failed(f"{' '.join(command)}: status {done.returncode}: {told[-400:]}")
    return told


def install(*arguments: str, fails: bool = False) -> str:
    """Run scripts/install from the checkout."""
    return run(str(SOURCE / "scripts" / "install"), *arguments, fails=fails)


def shown(unit: str, key: str) -> str:
    """Return a property of a unit."""
    return run("systemctl", "show", "--value", "-p", key, unit).strip()


def pid(unit: str) -> int:
    """Return the main process of a service; 0 if there is none."""
    return int(shown(unit, "MainPID") or 0)


def active(unit: str) -> bool:
    """Whether a unit runs."""
    return shown(unit, "ActiveState") == "active"


def up(unit: str, other_than: int, within: float) -> float:
    """Wait until a service is ready in a process of another number than the one before; return how long that took."""
    return until(lambda: active(unit) and pid(unit) not in (0, other_than), within, f"{unit} up again")


def restart(within: float = 60) -> None:
    """Start the assistant anew, with the settings as they are now."""
    run("systemctl", "restart", DAEMON, within=within)


class Log:
    """What a unit logs from now on: lines with the time at which each was logged, on the monotonic clock."""

    def __init__(self, unit: str = DAEMON) -> None:
        self.lines: list[tuple[float, str]] = []
        self._follower = subprocess.Popen(
            ["journalctl", "-q", "-f", "-n", "0", "-o", "short-monotonic", "-u", unit],
            stdout=subprocess.PIPE, text=True, errors="replace",
        )  # fmt: skip
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._follower.stdout or ():
            # [   12.345678] parley-vm parley[123]: what it says
            if found := re.match(r"\[ *([\d.]+)\] \S+ [^:]+: (.*)", line):
                self.lines.append((float(found[1]), found[2].rstrip()))

    def since(self, begin: float, pattern: str) -> list[tuple[float, str]]:
        """Return the lines since `begin` that match."""
        return [(at, line) for at, line in self.lines if at >= begin and re.search(pattern, line)]

    def wait(self, pattern: str, begin: float, within: float) -> float:
        """Wait for a line that matches and return when it came."""
        try:
            until(lambda: self.since(begin, pattern), within, f"a line like “{pattern}”")
        except Failed as failed:
            last = " / ".join(line.strip() for _, line in self.lines[-4:])
            raise Failed(f"{failed}; the last lines are: {last}") from None
        return self.since(begin, pattern)[0][0]

    def close(self) -> None:
        """Follow no more."""
        self._follower.kill()
        self._follower.wait()
