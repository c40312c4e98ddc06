"""How the units are doing that keep Parley running as a service, by what systemd says of them."""

from __future__ import annotations

import ipaddress
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from yarl import URL

from device.doctor.finding import Finding
from device.system.loopback import is_loopback
from device.system.network import ProxyError, proxy_for
from device.system.paths import HANDED
from device.system.service_status import Doing, Status
from device.system.systemctl import ask, blocks
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from device.settings.tree import Settings
    from device.system.systemctl import Ask


UNITS: Final = (
    *("parley.service", "parley-engine.service", "parley-engine.socket"),
    *("parley-retention.timer", "parley-update.timer", "parley-update.path", "parley-switch.path"),
    "parley-reset.path",
)
ONCE: Final = (
    "parley-retention.service",
    "parley-update.service",
    "parley-switch.service",
    "parley-reset.service",
    "parley-fleet.service",
)
"""Units that run now and then, and otherwise rest."""
OPTIONAL: Final = (
    *("parley-page.service", "parley-kiosk.service", "parley-wifi.service", "parley-mqtt.service"),
    "parley-fleet.timer",
)
"""Units that are off unless somebody switches them on."""
PROPERTIES: Final = (
    *("Id", "LoadState", "ActiveState", "SubState", "UnitFileState", "Result", "NRestarts", "StatusText"),
    *("IPAddressDeny", "IPAddressAllow", "ExecMainStatus", "Environment"),
)
UNIT_FAILED: Final = "d9b373ed55a64feb8242e02dbe79a49c"
"""What systemd marks its message of a unit that failed with: SD_MESSAGE_UNIT_FAILURE_RESULT in sd-messages.h."""
LATER: Final = "75"
"""The status of an update that was put off."""
LOUD: Final = (
    "until then only the wake word and the button interrupt: turn the loudspeaker down, or away from the microphone; "
    'set listen.echo_canceller = "device" unless it is a headset'
)
OLDER_FAULTS: Final = "what went wrong: journalctl -u {unit} -n 20"


def show_units(asked: Ask = ask, root: Path = Path("/")) -> dict[str, dict[str, str]]:
    """Return the properties of the units that are installed, by the unit's name; none where no systemd runs."""
    if not (root / "run/systemd/system").is_dir():
        return {}
    shown = asked(["systemctl", "show", "--no-pager", f"--property={','.join(PROPERTIES)}", *UNITS, *ONCE, *OPTIONAL])
    return {unit["Id"]: unit for unit in blocks(shown)}


def environment(unit: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a unit gives its program."""
    try:
        words = shlex.split(unit.get("Environment", ""))
    except ValueError:  # a quote without an end: nothing that a unit can have
        return {}
    return dict(word.partition("=")[::2] for word in words)


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
    for name in OPTIONAL:
        unit = units.get(name, {})
        if unit.get("UnitFileState") == "enabled" or unit.get("ActiveState", "inactive") != "inactive":
            yield _unit_check(name, unit, asked)
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
    urls = {"brain.host" if settings.brain.url == "auto" else "brain.url": settings.brain.address}
    if local.stt == "endpoint":
        urls["transcription.url"] = settings.transcription.url
    if "cartesia" in (local.stt, local.tts):
        urls["cartesia.url"] = settings.cartesia.url
    for key, url in urls.items():
        host, way = _way_to(url, environment(unit))
        if host and not _allowed(host, unit.get("IPAddressAllow", "").split()):
            drop_in = "/etc/systemd/system/parley-engine.service.d"
            fix = (
                f"sudo mkdir -p {drop_in} && printf '[Service]\\nIPAddressAllow=any\\n' | "
                f"sudo tee {drop_in}/network.conf && sudo systemctl daemon-reload && "
                "sudo systemctl restart parley-engine"
            )
            yield Finding("engine's network", "fail", f"{key} is {way}, which parley-engine.service may not reach", fix)


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
            fix = f"plug the card in, or name another as [card] in the settings: {typed('devices')} lists them"
            return Finding(name, "fail", text, fix)
        case Status(settings_fault=fault) if fault:
            by_hand = f"fix the settings, then: sudo systemctl restart {short}"
            anew = "sudo systemctl restart parley, which writes that file anew"
            return Finding(name, "warn", text, anew if str(HANDED) in fault else by_hand)
        case Status(engine_fault=why) if why:
            return Finding(name, "warn", text, "set what is missing, or take that engine out of `engines`")
        case Status(hears_itself=why) if why:
            return Finding(name, "warn", text, LOUD)
    if restarts not in ("", "0"):
        last = asked(["journalctl", "-q", f"--unit={name}", "-n1", "-o", "short-iso", f"MESSAGE_ID={UNIT_FAILED}"])
        why = f"; the last fault: {last.strip()}" if last.strip() else ""
        return Finding(name, "warn", f"{text}, after {restarts} restarts{why}", OLDER_FAULTS.format(unit=short))
    return Finding(name, "ok", text)


def _way_to(url: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Return which host must be reached for a server, a proxy perhaps, and how that is said; "" if none can be."""
    server = URL(url)
    try:
        proxy = proxy_for(server, environ)
    except ProxyError:  # of which the check of proxies tells
        return "", ""
    if proxy is None:
        return server.host or "", server.host or ""
    return proxy.host or "", f"{server.host}, by the proxy {proxy.host}"


def _allowed(host: str, networks: Sequence[str]) -> bool:
    if is_loopback(host):
        return True
    try:
        address = ipaddress.ip_address(host)
    except ValueError:  # a name: what looks it up must be reached, too
        return "0.0.0.0/0" in networks
    return any(address in ipaddress.ip_network(network, strict=False) for network in networks)
