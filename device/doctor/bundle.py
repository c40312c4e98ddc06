"""The support bundle: what somebody who helps needs to know of this machine, without secrets or words spoken."""

from __future__ import annotations

import io
import os
import platform
import tarfile
import tempfile
import time
from contextlib import suppress
from importlib import metadata
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from device.audio.card import devices, kernel
from device.audio.card.base import CardError
from device.doctor.service import machine_keys
from device.doctor.units import show_units
from device.records import store, transcripts
from device.records.costs import spent
from device.records.redact import SECRET_NAME, Redaction, secrets_in, secrets_in_text
from device.settings.prices import prices
from device.settings.text import in_force
from device.system import inputs, paths
from device.system.harmless import line
from device.system.systemctl import ask
from device.system.typed import of_service

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from device.doctor.finding import Finding
    from device.settings.last_good import InForce
    from device.system.systemctl import Ask

LOG_DAYS: Final = 2
COST_DAYS: Final = 31
"""Days of the log and of the costs that are packed. A choice: what went wrong is mostly recent, what it cost is billed
by the month."""
MOST_LINES: Final = 20_000
"""Of the log, the last ones; a choice that keeps a bundle small enough for a mail."""
JOURNAL: Final = (
    *("journalctl", "--output=json", "--no-pager", "--quiet", f"--since=-{LOG_DAYS}d", f"--lines={MOST_LINES}"),
    *("--unit=parley", "--unit=parley-engine", "--unit=parley-update", "--unit=parley-switch", "--unit=parley-page"),
    "--unit=parley-mqtt",
    "--unit=parley-fleet",
    "--unit=parley-wifi",
)
CONTENTS: Final = {
    "doctor.txt": "what the doctor found",
    "settings.toml": "the settings in force and where each comes from, without keys",
    "log.txt": f"the services' log of the last {LOG_DAYS} days, without what was said",
    "units.txt": "the state of the services",
    "costs.json": f"what was sent to engines and what it cost in the last {COST_DAYS} days, without what was said",
    "cards.txt": "sound cards",
    "machine.txt": "board, kernel, memory, disk",
    "versions.txt": "versions of Parley and of what it is made of",
}
"""What is in a bundle."""


def default_name(now: float | None = None) -> Path:
    """Return the name of a bundle that is made now."""
    return Path(time.strftime("parley-bundle-%Y%m%d-%H%M%S.tar.gz", time.localtime(now)))


def gather(
    found: InForce,
    findings: Sequence[Finding],
    environ: Mapping[str, str] = os.environ,
    asked: Ask = ask,
    log: bytes = b"",
) -> dict[str, str]:
    """Return the text of each of `CONTENTS`; what cannot be had says why not.

    `log` is what to pack where the system's log cannot be read, as journalctl would print it for `JOURNAL`.
    """
    settings = found.settings
    redaction = Redaction([*secrets_in(settings), *_keys(found, environ), *_written(found)], _said())
    return {
        "doctor.txt": redaction.text("\n".join(_told(findings))),
        "settings.toml": redaction.secrets(in_force(settings, found.loaded.origins)),
        "log.txt": "\n".join(_journal(asked, redaction, log.decode(errors="replace"))),
        "units.txt": redaction.text(
            "\n\n".join(_properties(unit) for unit in show_units(asked).values()) or "no units"
        ),
        "costs.json": _or_why(
            lambda: msgspec.json.format(msgspec.json.encode(spent(prices(settings.prices), COST_DAYS))).decode()
        ),
        "cards.txt": redaction.secrets(_or_why(_cards)),
        "machine.txt": redaction.secrets("\n".join(_machine(asked))),
        "versions.txt": "\n".join(_versions(asked)),
    }


def packed(parts: Mapping[str, str]) -> bytes:
    """Return a bundle as it is in its file: tar.gz."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name, text in parts.items():
            encoded = text.encode(errors="replace") + b"\n"
            entry = tarfile.TarInfo(f"parley-bundle/{name}")
            entry.size, entry.mtime, entry.mode = len(encoded), int(time.time()), 0o600
            tar.addfile(entry, io.BytesIO(encoded))
    return data.getvalue()


def pack(parts: Mapping[str, str], path: Path) -> None:
    """Write a bundle that only its owner can read. Raises OSError."""
    # A new file, put in its place: what is there may be a link that somebody else has laid.
    number, part = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(number, "wb") as file:
            file.write(packed(parts))
        Path(part).replace(path)
    except OSError:
        Path(part).unlink(missing_ok=True)
        raise


def _written(found: InForce) -> Iterator[str]:
    """Yield secrets that stand in files of settings, though they are broken, or others are in force."""
    for file in {*found.looked_in, *found.loaded.files}:
        with suppress(OSError):
            yield from secrets_in_text(inputs.read(file).decode(errors="replace"))


def _keys(found: InForce, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield keys that the environment and the machine have, in use or not."""
    variables = {getattr(engine, "key_variable", "") for engine in found.settings.engine.values()}
    everything = machine_keys(environ)
    for name, value in everything.items():
        if name in variables or SECRET_NAME.search(name) or (name not in environ and value):
            yield value.strip()


def _said() -> list[str]:
    """Return what was said, as far as it is kept and can be read here."""
    try:
        found = transcripts.stored()
    except store.StoreError:
        return []
    lines = [said for one in found for said in one.lines if said.kind in ("user", "assistant", "tool")]
    texts = [text for said in lines if said.kind != "tool" for text in (said.text, said.unheard)]
    texts += [text for said in lines if said.kind == "tool" for text in (said.arguments, *_values(said.arguments))]
    return texts + [msgspec.json.encode(one.result).decode() for one in found if one.result is not None]


def _values(arguments: str) -> Iterator[str]:
    """Yield the texts that a tool was called with."""
    with suppress(msgspec.DecodeError, RecursionError):
        given = msgspec.json.decode(arguments)
        yield from (value for value in given.values() if isinstance(value, str)) if isinstance(given, dict) else ()


def _told(findings: Sequence[Finding]) -> Iterator[str]:
    for finding in findings:
        yield line(f"{finding.status:<4}  {finding.name}: {finding.message}")
        if finding.fix and finding.status != "ok":
            yield line(f"      → {finding.fix}")


def _journal(asked: Ask, redaction: Redaction, own: str) -> Iterator[str]:
    """Yield the services' log: what systemd says of them, and what they say themselves as far as it may be shown."""
    entries = _entries(asked(JOURNAL))
    if not entries:
        entries = _entries(own)
        what = "Only the assistant's own log since it was started" if entries else "Nothing"
        yield f"{what} can be read here; this includes the log: {of_service('doctor --bundle')}"
    shown = ((begin, line) for entry in entries for begin, line in _lines(entry, redaction))
    for left_out, group in groupby(shown, key=lambda pair: pair[1] is None):
        if left_out:
            yield f"({sum(1 for _ in group)} lines left out)"
        else:
            yield from (f"{begin} {line}" for begin, line in group)


def _entries(printed: str) -> list[dict[str, Any]]:
    return [entry for line in printed.splitlines() if (entry := _entry(line))]


def _entry(printed: str) -> dict[str, Any]:
    """Return an entry of the journal; an empty one if it is no text."""
    try:
        entry = msgspec.json.decode(printed, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
    return entry if isinstance(entry.get("MESSAGE"), str) else {}


def _lines(entry: Mapping[str, Any], redaction: Redaction) -> Iterator[tuple[str, str | None]]:
    """Yield each line of an entry with what it begins with: when it was written, and by whom."""
    own = entry.get("SYSLOG_IDENTIFIER") != "systemd"
    at = int(entry.get("__REALTIME_TIMESTAMP", 0)) // 1_000_000
    by = str(entry.get("_SYSTEMD_UNIT", "")).removesuffix(".service") if own else "systemd"
    begin = f"{time.strftime('%Y-%m-%d %H:%M:%S', time.localtime(at))} {by}:"
    for said in entry["MESSAGE"].splitlines():
        yield begin, redaction.log(said) if own else redaction.text(said)


def _properties(unit: Mapping[str, str]) -> str:
    return "\n".join(f"{name}={value}" for name, value in unit.items())


def _cards() -> str:
    found = [
        f"{one.name}: {one.inputs} in, {one.outputs} out, rates {', '.join(map(str, one.rates)) or 'unknown'}"
        for one in devices.list_devices()
    ]
    return "\n".join([*(found or ["no device"]), "", _text(kernel.CARDS)])


def _machine(asked: Ask) -> Iterator[str]:
    system = platform.freedesktop_os_release() if Path("/etc/os-release").exists() else {}
    yield f"Board: {_text(Path('/proc/device-tree/model')) or platform.machine()}"
    yield f"System: {system.get('PRETTY_NAME', 'unknown')}"
    yield f"Kernel: {platform.release()} {platform.version()} {platform.machine()}"
    yield f"Up for: {time.clock_gettime(time.CLOCK_BOOTTIME) / 3600:.1f} h, load {_text(Path('/proc/loadavg'))}"
    yield from _text(Path("/proc/meminfo")).splitlines()[:3]
    yield f"Throttled: {_text(Path('/sys/devices/platform/soc/soc:firmware/get_throttled')) or 'unknown'}"
    yield from asked(["df", "-h", "/", "/var/lib"]).splitlines()
    for folder in dict.fromkeys((paths.SHARED, paths.state_dir())):
        yield f"{folder}:"
        yield from _listed(folder)


def _listed(folder: Path) -> Iterator[str]:
    try:
        for path in sorted(folder.iterdir()) if inputs.is_there(folder) else ():
            link = ", a link" if path.is_symlink() else ""
            yield line(f"  {path.name}  {path.lstat().st_size} bytes{link}")
    except OSError as error:
        yield f"  {error.strerror}"


def _versions(asked: Ask) -> Iterator[str]:
    yield f"Parley {metadata.version('parley')}, Python {platform.python_version()}"
    yield asked(["systemctl", "--version"]).partition("\n")[0] or "no systemd"
    yield from sorted(f"{one.name} {one.version}" for one in metadata.distributions())


def _or_why(get: Callable[[], str]) -> str:
    try:
        return get()
    except (OSError, store.StoreError, CardError) as error:
        return f"cannot be had: {error}"


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace").strip("\0\n ")
    except OSError:
        return ""
