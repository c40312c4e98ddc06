"""Checks of what keeps an appliance alive: access to devices, keys, disk, clock; and its units, see `units`.

They tell what holds for the user who runs them; of root they tell what holds for the service's user.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.daemon import mute
from device.doctor.finding import Finding
from device.doctor.units import check_egress, check_units, show_units
from device.settings.last_good import KEYS
from device.settings.loading import KEY_VARIABLES
from device.settings.mcp import token_variable
from device.settings.panel import used_pins
from device.system import inputs, paths, wall_clock
from device.system.typed import of_service, typed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from device.settings.tree import Settings

    Access = tuple[Callable[[Path], bool], str]
    """What tells whether a device is for a user, and the user's name."""

USER: Final = "parley"
"""Whom the service runs as."""
GROUPS: Final = ("audio", "gpio", "spi")
"""The groups that it is in."""
LITTLE: Final = 200_000_000
"""Bytes free from which on a disk is fine: a choice that warns while there is time."""
FULL: Final = 20_000_000
"""Below that nothing is counted on: the journal alone may take as much in between."""


def check_appliance(settings: Settings) -> Iterator[Finding]:
    """Run all of them."""
    if os.geteuid() == 0 and _service_uid() is not None:
        yield Finding("user", "ok", f"root; what the service's user may: {of_service('doctor', user=USER)}")
    yield from check_access(settings)
    yield from check_keys(settings)
    yield check_state()
    yield from check_mute()
    yield check_clock()
    units = show_units()
    yield from check_units(units)
    yield from check_egress(settings, units)


def check_access(settings: Settings, root: Path = Path("/"), access: Access | None = None) -> Iterator[Finding]:
    """Say which devices are there and not for this user; as root, not for the service's."""
    kinds = [("sound", "snd/pcm*", "audio")]
    if settings.panel.leds in ("apa102", "ws2812"):
        kinds.append(("lights", "spidev*", "spi"))
    if os.geteuid() == 0 and used_pins(settings.panel):  # of others, the check of GPIO tells
        kinds.append(("lights and buttons", "gpiochip*", "gpio"))
    may, user = access or _access()
    for name, pattern, group in kinds:
        nodes = sorted((root / "dev").glob(pattern))
        if nodes and not any(may(node) for node in nodes):
            fix = f"sudo usermod -aG {group} {user}, then log in again; of a service: restart it"
            yield Finding(name, "fail", f"{nodes[0]} is there, but not for {user}", fix)


def check_keys(settings: Settings, folder: Path = KEYS) -> Iterator[Finding]:
    """Look at the folder of keys that systemd hands to the services."""
    try:
        if not folder.exists():
            if (folder.parent / "parley.toml").exists():
                fix = f"sudo install -d -m 700 {folder}"
                yield Finding("keys", "fail", f"there is no folder {folder}: the service does not start without", fix)
            return
        files = sorted(folder.iterdir())
    except PermissionError:
        yield Finding(
            "keys", "ok", f"{folder} is for root alone, as it should be; to look at it: {of_service('doctor')}"
        )
        return
    known = {getattr(engine, "key_variable", "") for engine in settings.engine.values()} | set(KEY_VARIABLES)
    known |= {name for server, one in settings.mcp.items() for name in (token_variable(server), *one.variables)}
    faults = [found for file in files if (found := _key_fault(file, known)) is not None]
    yield from faults
    if folder.stat().st_mode & 0o077:
        yield Finding("keys", "warn", f"{folder} is not for root alone", f"sudo chmod 700 {folder}")
    elif not faults:
        yield Finding("keys", "ok", ", ".join(file.name for file in files) or "none")


def machine_keys(environ: Mapping[str, str], folder: Path = KEYS) -> dict[str, str]:
    """Return the environment with the machine's keys as the service gets them, as far as this user may read them."""
    keys = {}
    if not environ.get("CREDENTIALS_DIRECTORY"):
        with suppress(OSError):
            for file in folder.iterdir():
                with suppress(OSError, UnicodeDecodeError):
                    keys[file.name] = inputs.text(file).strip()
    return keys | dict(environ)


def check_state(folder: Path | None = None) -> Finding:
    """Say whether what is to be kept can be written, and how full its disk is."""
    folder = folder or paths.own_or_service_dir()
    there = next(path for path in (folder, *folder.parents) if inputs.is_there(path))
    disk = os.statvfs(there)
    free = disk.f_bavail * disk.f_frsize
    text = f"{folder}: {free / 1e6:.0f} MB free"
    fix = "what takes room: sudo du -xh / | sort -h | tail; often this helps: sudo journalctl --vacuum-size=100M"
    if disk.f_flag & os.ST_RDONLY:
        return Finding(
            "state",
            "fail",
            f"{folder} is on a disk that is read-only: nothing is kept",
            "look for its fault: sudo dmesg",
        )
    if not os.access(there, os.W_OK | os.X_OK):
        text = f"{there} belongs to {_name(there.stat().st_uid)}: nothing is kept"
        mine = (
            f"sudo chown -R $USER {there}" if there == folder else "set HOME, or XDG_STATE_HOME, to a folder of yours"
        )
        return Finding("state", "fail", text, mine)
    if free < FULL or (disk.f_files and not disk.f_favail):
        return Finding("state", "fail", f"{text}: nothing more is kept", fix)
    return Finding("state", "warn" if free < LITTLE else "ok", text, fix if free < LITTLE else "")


def check_mute(folder: Path | None = None) -> Iterator[Finding]:
    """Say that the user has muted the microphone, which a restart does not undo."""
    with suppress(OSError):
        since = ((folder or paths.own_or_service_dir()) / mute.FILE).stat().st_mtime
        text = f"the microphone is muted since {wall_clock.local_time(since):%Y-%m-%d %H:%M}: nothing wakes it"
        fix = f"{typed('unmute', root=True)}, or hold the button for a second"
        yield Finding("mute", "warn", text, fix)


def check_clock(now: float | None = None, mark: Path = wall_clock.SYNCHRONISED) -> Finding:
    """Say whether the clock is right: without the time, no server's certificate is valid."""
    now = time.time() if now is None else now
    text = time.strftime("%Y-%m-%d %H:%M %Z", time.localtime(now))
    fix = "connect the network, and: sudo timedatectl set-ntp true; `timedatectl` shows what comes of it"
    if now < wall_clock.FIRST:
        return Finding(
            "clock", "fail", f"{text}: there is no time yet, and engines on the internet cannot be reached", fix
        )
    if wall_clock.synchronised(mark, now) or not mark.parent.is_dir():
        return Finding("clock", "ok", text)
    return Finding("clock", "warn", f"{text}, but the network has not told the time since the start", fix)


def _key_fault(file: Path, known: set[str]) -> Finding | None:
    try:
        text = inputs.text(file).strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        return Finding("keys", "fail", f"{file} cannot be read: {why}", "write the key anew, as text and nothing else")
    if not text or len(text.split()) > 1:
        fix = "a file holds one key, and nothing else"
        return Finding("keys", "fail", f"{file} is empty" if not text else f"{file} holds more than a key", fix)
    if file.name not in known:
        names = ", ".join(sorted(known - {""}))
        return Finding("keys", "warn", f"{file}: no engine has its key in {file.name}", f"rename it: {names}")
    return None


def _access() -> Access:
    if os.geteuid() == 0 and (uid := _service_uid()) is not None:
        groups = {one.gr_gid for one in grp.getgrall() if one.gr_name in GROUPS or USER in one.gr_mem}
        return (lambda path: open_to(path.stat(), uid, groups)), USER
    return (lambda path: os.access(path, os.R_OK | os.W_OK)), _name(os.geteuid())


def _service_uid() -> int | None:
    try:
        return pwd.getpwnam(USER).pw_uid
    except KeyError:
        return None


def open_to(found: os.stat_result, uid: int, groups: set[int]) -> bool:
    """Return whether a file may be read and written by the user `uid` in the groups `groups`."""
    mode = found.st_mode
    if found.st_uid == uid:
        return bool(mode & stat.S_IRUSR and mode & stat.S_IWUSR)
    if found.st_gid in groups:
        return bool(mode & stat.S_IRGRP and mode & stat.S_IWGRP)
    return bool(mode & stat.S_IROTH and mode & stat.S_IWOTH)


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
