"""The tool that tells the time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.system.wall_clock import FIRST
from device.tools.registry import Nothing, Tool, ToolError

if TYPE_CHECKING:
    from device.skills.skill import Device

WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
"""For models, which read English; not strftime's, which depend on the locale."""


def clock_tools(device: Device) -> list[Tool]:
    """Return get_time."""

    async def get_time(_: Nothing) -> Any:
        now = device.clock()
        if now.timestamp() < FIRST:
            raise ToolError("the device does not know the time: it has no clock of its own, and no network yet")
        return {"time": now.strftime("%H:%M"), "date": now.date().isoformat(), "weekday": WEEKDAYS[now.weekday()]}

    return [
        Tool(
            name="get_time",
            description="Tell the present local time, date and day of the week.",
            arguments=Nothing,
            handler=get_time,
        )
    ]
