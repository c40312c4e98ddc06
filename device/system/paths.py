"""Where state is kept."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARED = Path("/var/lib/parley")
"""Where the service of the machine keeps its state."""
ENGINE_SOCKET = Path("/run/parley-engine/engine.socket")
"""Where the local engine's unit listens, for root and the assistant's user alone: systemd/parley-engine.socket."""
HANDED = SHARED / "engine.toml"
"""What the assistant hands over of its settings to the local engine's unit."""
FLEET = Path("/var/lib/parley-fleet/settings.toml")
"""The settings of a fleet, as they came, signed: systemd/parley-fleet.service."""
PAGE = Path("/var/lib/parley-page")
"""Where the unit of the page keeps the kiosk link: systemd/parley-page.service."""

ENGINE = "parley-engine"
"""What the folder of state of the local engine's unit is called: systemd/parley-engine.service."""

WIFI = Path("/run/parley-wifi/wifi.socket")
"""Where `parley wifi` is asked: systemd/parley-wifi.service."""
WIFI_OPEN = WIFI.with_name("open")
"""A file that is there while its access point is: the lights show it."""


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where state is kept: what systemd says, else XDG_STATE_HOME/parley or ~/.local/state/parley."""
    if given := environ.get("STATE_DIRECTORY", "").partition(":")[0]:
        return Path(given)
    home = environ.get("XDG_STATE_HOME") or Path(environ.get("HOME") or Path.home(), ".local", "state")
    return Path(home, "parley")


def own_or_service_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where state is kept: for root and the service's user that of the machine's service, if there is one."""
    with suppress(OSError):
        if not environ.get("STATE_DIRECTORY") and os.geteuid() in (0, SHARED.stat().st_uid):
            return SHARED
    return state_dir(environ)


def find(name: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Return the file of that name that is to be read: the user's, else that of the machine's service if there is."""
    own, shared = state_dir(environ) / name, SHARED / name
    with suppress(OSError):
        return shared if shared.exists() and not own.exists() else own
    return own
