"""Signed releases, for the machine under test to update itself by: a repository, keys, and what offline builds need."""

from __future__ import annotations

import re
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from checks import must, until
from machine import SOURCE, run, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

UPDATER, SWITCH = "parley-update.service", "parley-switch.service"
STATE = Path("/var/lib/parley-update")
ETC = Path("/etc/parley")
REPOSITORY = Path("/srv/parley.git")
KEY = Path("/root/release-key")
CACHE = Path("/root/.cache/parley/packages")
PROJECT = SOURCE / "pyproject.toml"


def follow_releases() -> None:
    """Make a repository that the machine follows, and a key that it trusts."""
    run("git", "init", "-q", "--bare", str(REPOSITORY))
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(KEY))
    public = KEY.with_suffix(".pub").read_text()
    (ETC / "release-keys").write_text(f'releases namespaces="git" {public}')
    (ETC / "update.conf").write_text(f"{REPOSITORY}\n")
    drop_in = Path("/run/systemd/system", f"{UPDATER}.d", "offline.conf")
    drop_in.parent.mkdir(parents=True)
    drop_in.write_text("[Service]\nEnvironment=UV_OFFLINE=1\n")
    run("systemctl", "daemon-reload")


def release(version: str, *, signed: bool) -> None:
    """Make a release of the source as it is, but for its version."""
    before = PROJECT.read_text()
    PROJECT.write_text(re.sub(r'(?m)^version = ".*"$', f'version = "{version}"', before))
    try:
        _git("add", "-A")
        _git("commit", "-q", "-m", version)
    finally:
        PROJECT.write_text(before)
    _git("tag", *(["-s", "-u", str(KEY)] if signed else ["-a"]), "-m", version, f"v{version}")


def update(*, fails: bool = False) -> str:
    """Look for updates, as the timer does; return what is said about it."""
    cache = STATE / "cache"  # root's, since there is no network to fetch anything from
    shutil.rmtree(cache, ignore_errors=True)
    shutil.copytree(CACHE, cache, symlinks=True)
    run("chown", "-R", "parley-update:parley-update", str(cache))
    run("systemctl", "start", UPDATER, fails=fails, within=900)
    return said(UPDATER)


@contextmanager
def switched(result: str) -> Iterator[None]:
    """Do what makes a release ready, and wait until the switch to it is over and has come to this result."""
    before = shown(SWITCH, "InvocationID")
    yield
    over = {"inactive", "failed"}
    until(lambda: shown(SWITCH, "InvocationID") != before and shown(SWITCH, "ActiveState") in over, 240, "the switch")
    must(shown(SWITCH, "Result") == result, f"it came to {shown(SWITCH, 'Result')}: {said(SWITCH)}")


def said(unit: str) -> str:
    """Return the last line of what a unit has said in its last run."""
    run("journalctl", "--sync")
    number = shown(unit, "InvocationID")
    told = run("journalctl", "-q", "-o", "cat", f"_SYSTEMD_INVOCATION_ID={number}") if number else ""
    lines = [line for line in told.splitlines() if line.startswith("parley: ")]
    return lines[-1].removeprefix("parley: ") if lines else ""


def _git(*arguments: str) -> None:
    who = ("-c", "user.name=Release", "-c", "user.email=release@example.org", "-c", "gpg.format=ssh")
    run("git", "-C", str(SOURCE), f"--git-dir={REPOSITORY}", f"--work-tree={SOURCE}", *who, *arguments)
