"""Installed on a machine that never had it, and removed: what is there then, and that nothing is left."""

from __future__ import annotations

import re
import shutil
import time
from pathlib import Path

from checks import must
from machine import DAEMON, ENGINE, KEYS, SETTINGS, active, install, pid, run, shown

LINK = Path("/opt/parley")
ELSEWHERE = (
    *("/dev", "/proc", "/run/", "/share", "/srv", "/sys", "/tmp", "/usr/src/parley", "/var/log", "/var/tmp"),
    *("/root/.config", "/root/release-key", "vm-"),
)
"""Where others write meanwhile, and the tests do: the checkout, signed releases and their key, the sound server."""
ACCOUNTS = ("passwd", "group", "shadow", "gshadow")


def there_is() -> set[str]:
    """Return all that there is on this machine: files, users and groups, units."""
    files = run("find", "/", "-xdev", "-path", "/proc", "-prune", "-o", "-print").splitlines()
    files += [line.split()[0] for line in run("systemctl", "list-unit-files").splitlines() if line]
    found = {one for one in files if not one.startswith(ELSEWHERE)} | set(map(str, Path("/run").glob("*parley*")))
    return found | {line for name in ACCOUNTS for line in Path("/etc", name).read_text().splitlines()}


def fresh() -> str:
    """Install on a machine that has never had it."""
    must(not Path("/etc/systemd/system/parley.service").exists(), "it is installed already")
    install()
    paths = ("parley-update.path", "parley-switch.path", "parley-reset.path")
    for unit in (DAEMON, ENGINE, "parley-retention.timer", "parley-update.timer", *paths):
        must(active(unit), f"{unit} does not run")
        must(run("systemctl", "is-enabled", unit).strip() == "enabled", f"{unit} does not start at boot")
    told = shown(DAEMON, "StatusText")
    must(told.startswith("Listening"), f"its status is “{told}”")
    return told


def again() -> str:
    """Install the same once more: nothing must be disturbed."""
    before = pid(DAEMON), pid(ENGINE)
    began = time.monotonic()
    install()
    must((pid(DAEMON), pid(ENGINE)) == before, "a service was started anew")
    return f"{time.monotonic() - began:.1f} s"


def uninstalled() -> str:
    """Remove it, but not what is the user's."""
    SETTINGS.write_text(SETTINGS.read_text() + "\n# mine\n")
    install("--uninstall")
    must(not active(DAEMON) and not active(ENGINE), "it still runs")
    must(not LINK.exists() and not list(Path("/opt").glob("parley-*")), "something is left in /opt")
    left = [str(path) for path in Path("/etc/systemd/system").rglob("parley*") if path.name != "parley-check.service"]
    must(not left, f"units are left: {left}")
    must("# mine" in SETTINGS.read_text() and (KEYS / "OPENAI_API_KEY").exists(), "settings or keys are gone")
    must(shutil.which("parley") is None, "the command is still there")
    return ""


def purged(before: set[str]) -> str:
    """Remove it with all that there is of it: the machine is as it was `before` it was installed."""
    install("--purge")
    there = there_is()
    left = sorted(there - before - {"/var/lib/systemd/timers"})  # which systemd has made, for any timer's stamp
    must(not left, f"{len(left)} are left: {left[:20]}")
    accounts = sorted(re.findall(r"(?m)^((?:parley|parley-update|gpio|spi):.*)", "\n".join(there)))
    must(not accounts, f"users or groups are left: {accounts}")
    must("/root/.cache/parley" not in there, "a cache is left")
    return f"{len(before - there)} files of caches, which were there before, are gone"
