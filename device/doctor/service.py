"""Checks of what keeps an appliance alive: access to devices, keys, disk, clock, units.

They tell what holds for the user who runs them; of root they tell what holds for the service's user.
"""

from __future__ import annotations

import grp
import ipaddress
import os
import pwd
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from device.doctor.finding import Finding
from device.settings.last_good import KEYS
from device.settings.panel import used_pins
from device.system import paths, wall_clock
from device.system.service_status import Doing, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from device.settings.tree import Settings

    Ask = Callable[[Sequence[str]], str]

USER: Final = "parley"
"""Whom the service runs as."""
GROUPS: Final = ("audio", "gpio", "spi")
"""The groups that it is in."""
UNITS: Final = (
    *("parley.service", "parley-engine.service"),
    *("parley-retention.timer", "parley-update.timer", "parley-switch.path"),
)
ONCE: Final = ("parley-retention.service", "parley-update.service", "parley-switch.service")
"""Units that run now and then, and otherwise rest."""
PROPERTIES: Final = (
    *("Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "NRestarts", "StatusText"),
    *("IPAddressDeny", "IPAddressAllow", "ExecMainStatus"),
)
UNIT_FAILED: Final = "d9b373ed55a64feb8242e02dbe79a49c"
"""What systemd marks its message of a unit that failed with: SD_MESSAGE_UNIT_FAILURE_RESULT in sd-messages.h."""
LATER: Final = "75"
"""The status of an update that was put off."""
LITTLE: Final = 200_000_000
"""Bytes free from which on a disk is fine: a choice that warns while there is time."""
FULL: Final = 20_000_000
"""Below that nothing is counted on: the journal alone may take as much in between."""
OLDER_FAULTS: Final = "what went wrong: journalctl -u {unit} -n 20"


def check_appliance(settings: Settings) -> Iterator[Finding]:
    """Run all of them."""
    if os.geteuid() == 0 and _service_uid() is not None:
        yield Finding("user", "ok", f"root; what the service's user may: sudo -u {USER} parley doctor")
    yield from check_access(settings)
    yield from check_keys(settings)
    yield check_state()
    yield check_clock()
    units = show_units()
    yield from check_units(units)
    yield from check_egress(settings, units)


def ask(command: Sequence[str]) -> str:
    """Return what a command of the system prints; nothing if it cannot."""
    with suppress(OSError, subprocess.SubprocessError):
        return subprocess.run(  # noqa: S603 - commands of ours
            command, capture_output=True, text=True, errors="replace", timeout=20, check=False
        ).stdout
    return ""


def check_access(settings: Settings, root: Path = Path("/")) -> Iterator[Finding]:
    """Say which devices are there and not for this user; as root, not for the service's."""
    kinds = [("sound", "snd/pcm*", "audio")]
    if settings.panel.leds in ("apa102", "ws2812"):
        kinds.append(("lights", "spidev*", "spi"))
    if os.geteuid() == 0 and used_pins(settings.panel):  # of others, the check of GPIO tells
        kinds.append(("lights and buttons", "gpiochip*", "gpio"))
    may, user = _may()
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
        yield Finding("keys", "ok", f"{folder} is for root alone, as it should be; to look at it: sudo parley doctor")
        return
    known = {getattr(engine, "key_variable", "") for engine in settings.engine.values()} | {
        *("PARLEY_BRAIN_API_KEY", "PARLEY_TRANSCRIPTION_API_KEY", "CARTESIA_API_KEY")
    }
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
                    keys[file.name] = file.read_text(encoding="utf-8").strip()
    return keys | dict(environ)


def check_state(folder: Path | None = None) -> Finding:
    """Say whether what is to be kept can be written, and how full its disk is."""
    folder = folder or _state()
    there = next(path for path in (folder, *folder.parents) if path.exists())
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
        owner = _name(there.stat().st_uid)
        return Finding("state", "fail", f"{there} belongs to {owner}: nothing is kept", f"sudo chown -R $USER {there}")
    if free < FULL or (disk.f_files and not disk.f_favail):
        return Finding("state", "fail", f"{text}: nothing more is kept", fix)
    return Finding("state", "warn" if free < LITTLE else "ok", text, fix if free < LITTLE else "")


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


def show_units(asked: Ask = ask, root: Path = Path("/")) -> dict[str, dict[str, str]]:
    """Return the properties of the units that are installed, by the unit's name; none where no systemd runs."""
    if not (root / "run/systemd/system").is_dir():
        return {}
    shown = asked(["systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", *UNITS, *ONCE])
    units = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in shown.split("\n\n")]
    return {unit["Id"]: unit for unit in units if unit.get("LoadState") not in (None, "not-found")}


def check_units(units: Mapping[str, Mapping[str, str]], asked: Ask = ask) -> Iterator[Finding]:
    """Say how the units are doing."""
    if "parley.service" not in units:
        yield Finding("service", "ok", "not installed: Parley runs while somebody runs it")
        return
    for name in UNITS:
        if name not in units:
            yield Finding(name, "warn", "not installed", "sudo scripts/install, in Parley's folder")
            continue
        yield _unit_check(name, units[name], asked)
    for name in ONCE:
        unit = units.get(name, {})
        if unit.get("ActiveState") == "failed":
            yield _unit_check(name, unit, asked)
        elif unit.get("ExecMainStatus") == LATER:
            text = "the last update was put off, for want of network, time or room"
            yield Finding(name, "warn", text, OLDER_FAULTS.format(unit=name.removesuffix(".service")))


def check_egress(settings: Settings, units: Mapping[str, Mapping[str, str]]) -> Iterator[Finding]:
    """Say whether the local engine's unit, which is shut off from the network, may reach what the settings name."""
    unit = units.get("parley-engine.service", {})
    if not unit.get("IPAddressDeny") or settings.local.url:
        return
    local = settings.local
    urls = {"brain.url": settings.brain.url}
    if local.stt == "endpoint":
        urls["transcription.url"] = settings.transcription.url
    if "cartesia" in (local.stt, local.tts):
        urls["cartesia.url"] = settings.cartesia.url
    for key, url in urls.items():
        host = urlsplit(url).hostname or ""
        if host and not _allowed(host, unit.get("IPAddressAllow", "").split()):
            drop_in = "/etc/systemd/system/parley-engine.service.d"
            fix = (
                f"sudo mkdir -p {drop_in} && printf '[Service]\\nIPAddressAllow=any\\n' | "
                f"sudo tee {drop_in}/network.conf && sudo systemctl daemon-reload && "
                "sudo systemctl restart parley-engine"
            )
            yield Finding(
                "engine's network", "fail", f"{key} is {host}, which parley-engine.service may not reach", fix
            )


def _unit_check(name: str, unit: Mapping[str, str], asked: Ask) -> Finding:
    active, sub, short = unit.get("ActiveState", ""), unit.get("SubState", ""), name.removesuffix(".service")
    status = unit.get("StatusText", "")
    text = f"{active} ({sub})" + (f": {status}" if status else "")
    if active == "failed" or sub == "auto-restart":
        why = f", because of {unit['Result']}" if unit.get("Result") not in (None, "", "success") else ""
        return Finding(name, "fail", f"{text}{why}", OLDER_FAULTS.format(unit=short))
    if active in ("inactive", "deactivating"):
        return Finding(name, "warn", text, f"sudo systemctl start {short}")
    if unit.get("UnitFileState") == "disabled":
        return Finding(name, "warn", f"{text}, but it does not start with the system", f"sudo systemctl enable {short}")
    return _running_check(name, unit, text, asked)


def _running_check(name: str, unit: Mapping[str, str], text: str, asked: Ask) -> Finding:
    """Say how a unit is doing that runs."""
    short, restarts = name.removesuffix(".service"), unit.get("NRestarts", "0")
    match Status.read(unit.get("StatusText", "")):
        case Status(doing=Doing.WAITING_FOR_CARD):
            fix = "plug the card in, or name another as [card] in the settings: parley devices lists them"
            return Finding(name, "fail", text, fix)
        case Status(settings_fault=fault) if fault:
            return Finding(name, "warn", text, f"mend the settings, then: sudo systemctl restart {short}")
    if restarts not in ("", "0"):
        last = asked(["journalctl", "-q", f"--unit={name}", "-n1", "-o", "short-iso", f"MESSAGE_ID={UNIT_FAILED}"])
        why = f"; the last fault: {last.strip()}" if last.strip() else ""
        return Finding(name, "warn", f"{text}, after {restarts} restarts{why}", OLDER_FAULTS.format(unit=short))
    return Finding(name, "ok", text)


def _allowed(host: str, networks: Sequence[str]) -> bool:
    if host == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name: what looks it up must be reached, too
        return "0.0.0.0/0" in networks
    return address.is_loopback or any(address in ipaddress.ip_network(network, strict=False) for network in networks)


def _key_fault(file: Path, known: set[str]) -> Finding | None:
    try:
        text = file.read_text(encoding="utf-8").strip()
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


def _may() -> tuple[Callable[[Path], bool], str]:
    """Return what tells whether a device is for the user, and the user's name."""
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


def _state() -> Path:
    """Return the folder for state: of root and of the service's user, the service's."""
    with suppress(OSError):
        if not os.environ.get("STATE_DIRECTORY") and os.geteuid() in (0, paths.SHARED.stat().st_uid):
            return paths.SHARED if paths.SHARED.exists() else paths.state_dir()
    return paths.state_dir()
