"""How hot the machine is."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

ZONES: Final = Path("/sys/class/thermal")
PLAUSIBLE: Final = (-40.0, 150.0)
"""°C: what a sensor of a machine that runs can say; those that are broken say -273 or 65535."""


def celsius(zones: Path = ZONES) -> float | None:
    """Return the temperature of the hottest part that is measured, in °C; None if none is, as in a virtual machine."""
    found = []
    for zone in zones.glob("thermal_zone*/temp"):
        with suppress(OSError, ValueError):
            found.append(int(zone.read_text("ascii")) / 1000)
    return max((one for one in found if PLAUSIBLE[0] <= one <= PLAUSIBLE[1]), default=None)
