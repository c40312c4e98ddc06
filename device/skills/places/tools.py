"""The tool that tells when the sun rises and sets where the device is."""

from __future__ import annotations

import logging
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from msgspec import Meta

from device.skills.places.sun import sun
from device.system.wall_clock import FIRST, local_time
from device.tools.registry import Arguments, Tool, ToolError

if TYPE_CHECKING:
    from datetime import datetime

    from device.skills.skill import Device

log = logging.getLogger(__name__)

UNKNOWN: Final = (
    "nobody has told this device where it is: its owner can, with place, or latitude and longitude, in [home]"
)
"""What models are told, and the log tells the owner."""


class SunArguments(Arguments, frozen=True):
    """Arguments of get_sun."""

    date: Annotated[str | None, Meta(description="Of which day, as YYYY-MM-DD; leave out for today.")] = None


def place_tools(device: Device) -> list[Tool]:
    """Return get_sun."""

    async def get_sun(arguments: SunArguments) -> Any:
        if device.spot is None:
            log.info("Somebody asked when the sun rises or sets, but %s.", UNKNOWN)
            return {"place": None, "unknown": UNKNOWN}
        now = device.clock()
        if arguments.date is None and now.timestamp() < FIRST:
            raise ToolError("the device does not know the time: it has no clock of its own, and no network yet")
        day = _day(arguments.date) if arguments.date else now.date()
        there = sun(day, device.spot.latitude, device.spot.longitude)
        told = {"place": device.spot.name, "date": day.isoformat()}
        if there.rise is None or there.set is None:
            return {**told, "sun": "is up all day" if there.always_up else "does not rise"}
        light = round((there.set - there.rise) / timedelta(minutes=1))
        return {**told, "sunrise": _clock(there.rise), "sunset": _clock(there.set), "daylight_minutes": light}

    return [
        Tool(
            name="get_sun",
            description="Tell when the sun rises and sets on a day where this device is, by its local time.",
            arguments=SunArguments,
            handler=get_sun,
        )
    ]


def _day(said: str) -> date:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        raise ToolError(f"{said[:20]!r} is no date; it must be YYYY-MM-DD, and exist") from None
    if not 1970 <= day.year <= 2200:
        raise ToolError("the date must be between 1970 and 2200")
    return day


def _clock(at: datetime) -> str:
    """Return the nearest minute in the device's zone."""
    return local_time(at.timestamp() + 30).strftime("%H:%M")
