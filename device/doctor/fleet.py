"""Whether the settings of a fleet come, and are taken."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from device.doctor.finding import Finding
from device.settings.central import KEYS
from device.system import inputs, paths

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.settings.fleet import FleetSettings


def check_fleet(settings: FleetSettings, keys: Path = KEYS, kept: Path = paths.FLEET) -> Iterator[Finding]:
    """Say what keeps them from being taken, if they are to be; whether the last were refused, their unit tells."""
    if not settings.url:
        return
    if not inputs.is_file(keys):
        what = f"there is no {keys}: nobody may sign the settings of the fleet"
        yield Finding("fleet", "fail", what, 'put a line there: NAME namespaces="parley-settings" ssh-ed25519 …')
    elif shutil.which("ssh-keygen") is None:
        yield Finding(
            "fleet", "fail", "ssh-keygen is missing: no signature can be checked", "apt install openssh-client"
        )
    elif not inputs.is_file(kept):
        fix = "sudo systemctl enable --now parley-fleet.timer; sudo systemctl start parley-fleet"
        yield Finding("fleet", "warn", "no settings of the fleet have come yet", fix)
    else:
        days = max(0, (time.time() - kept.stat().st_mtime) / 86_400)
        yield Finding("fleet", "ok", f"settings {settings.serial} of the fleet are in force, for {days:.0f} days")
