"""What Home Assistant tells of its devices (`GetLiveContext`), which it writes for models: lists of YAML, in a text."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

_DEVICE: Final = re.compile(r"^- names: ", re.MULTILINE)
"""Where each begins (homeassistant/helpers/llm.py, GetLiveContextTool, 2026-10)."""
_LINE: Final = re.compile(r"^ +(\w+): *'?([^'\n]*)'?$", re.MULTILINE)


class Device(Struct, frozen=True):
    """A device of the house, as far as questions go."""

    name: str
    """The first of its names."""
    domain: str = ""
    state: str = ""
    areas: tuple[str, ...] = ()
    degrees: float | None = None
    """How warm it is there: a thermostat's, or a thermometer's."""


def told_devices(text: str) -> list[Device]:
    """Return the devices that a text tells of; lines of it that are something else are passed over."""
    return [_device(part) for part in _DEVICE.split(text)[1:]]


def _device(part: str) -> Device:
    names, _, rest = part.partition("\n")
    found = dict(_LINE.findall(rest))
    thermometer = found.get("state", "") if found.get("device_class") == "temperature" else ""
    return Device(
        name=names.split(",")[0].strip().strip("'"),
        domain=found.get("domain", ""),
        state=found.get("state", ""),
        areas=tuple(area.strip() for area in found.get("areas", "").split(",")),
        degrees=_number(found.get("current_temperature") or thermometer),
    )


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d{1,3}(\.\d+)?", text) else None
