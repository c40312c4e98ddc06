"""Which version runs, what is new in it, and how it is with updates."""

from __future__ import annotations

import logging
import re
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Final

from device.door.upkeep import VersionIs
from device.system import asks, inputs
from device.system.systemctl import ask, blocks
from device.system.typed import CHECKOUT, typed

if TYPE_CHECKING:
    from device.door.upkeep import Updates
    from device.system.systemctl import Ask

log = logging.getLogger(__name__)

LONGEST_CHANGES: Final = 20_000
"""Characters of what changed that are told: a choice, more than anybody reads."""
LATER: Final = "75"
"""The status of an update that was put off: scripts/update."""
UPDATER, SWITCH = "parley-update.service", "parley-switch.service"
PROPERTIES: Final = ("Id", "LoadState", "ActiveState", "Result", "ExecMainStatus", "ExecMainExitTimestamp")
SETTINGS: Final = (Path("/etc/parley/release-keys"), Path("/etc/parley/update.conf"))
"""Who may sign releases, and where they are looked for: without a line in both, no release is."""
HOW: Final = "put the key that signs releases into {}, and where they are into {}: systemd/README.md has the steps"
TELLS: Final = "journalctl -u parley-update -u parley-switch -n 30, as root, says what came of it"


def look(asked: Ask = ask, settings: tuple[Path, ...] = SETTINGS) -> VersionIs:
    """Return all of it. Blocking: systemd is asked."""
    version = metadata.version("parley")
    changes = newest(resources.files("device").joinpath("CHANGES.md").read_text("utf-8"))[:LONGEST_CHANGES]
    if not asks.heard(asks.UPDATE):
        return VersionIs(version, changes, fix=by_hand())
    if not all(map(_says_something, settings)):
        return VersionIs(version, changes, "off", fix=HOW.format(*settings))
    shown = asked(["systemctl", "show", "--timestamp=unix", f"--property={','.join(PROPERTIES)}", UPDATER, SWITCH])
    units = {unit["Id"]: unit for unit in blocks(shown)}
    updates = _updates(units)
    at = units.get(UPDATER, {}).get("ExecMainExitTimestamp", "").removeprefix("@")
    fix = TELLS if updates in ("failed", "later") else ""
    return VersionIs(version, changes, updates, float(at) if at.isdigit() else None, fix)


def newest(changes: str) -> str:
    """Return the first section of the list of changes in which there is something."""
    sections = re.split(r"^## .*\n", changes, flags=re.MULTILINE)[1:]
    return next(filter(None, map(str.strip, sections)), "")


def by_hand() -> str:
    """Say how a Parley is updated that no service keeps up to date."""
    if asks.is_service():
        return "install it anew, in Parley's folder: git pull; sudo ./scripts/install"
    if (CHECKOUT / "scripts" / "run").exists():
        return f"in the folder {CHECKOUT}: git pull; then start it anew: {typed('run')}"
    return "install the new version as you have installed this one, and start it anew"


def _updates(units: dict[str, dict[str, str]]) -> Updates:
    updater, switch = units.get(UPDATER, {}), units.get(SWITCH, {})
    if switch.get("ActiveState") == "activating":
        return "switching"
    if updater.get("ActiveState") == "activating":
        return "looking"
    if "failed" in (updater.get("ActiveState"), switch.get("ActiveState")):
        return "failed"
    return "later" if updater.get("ExecMainStatus") == LATER else "idle"


def _says_something(path: Path) -> bool:
    """Tell whether there is more in a file than comments; of one that cannot be read, as if there were."""
    try:
        lines = inputs.read(path).decode(errors="replace").splitlines()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)
