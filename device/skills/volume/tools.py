"""The tools that set the loudspeaker's volume and tell it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from device.tools.registry import Arguments, Nothing, Tool, ToolError

if TYPE_CHECKING:
    from device.skills.skill import Device


class SetVolume(Arguments, frozen=True):
    """Arguments of set_volume."""

    percent: Annotated[int, Meta(ge=0, le=100, description="New volume.")] | None = None
    change: Annotated[int, Meta(ge=-100, le=100, description="How much to add to it.")] | None = None


def volume_tools(device: Device) -> list[Tool]:
    """Return set_volume and get_volume."""

    async def change_volume(arguments: SetVolume) -> Any:
        if (arguments.percent is None) == (arguments.change is None):
            raise ToolError("set_volume takes either percent or change")
        wanted = arguments.percent if arguments.percent is not None else device.volume() + (arguments.change or 0)
        device.set_volume(min(100, max(0, wanted)))
        return {"percent": device.volume()}

    async def get_volume(_: Nothing) -> Any:
        return {"percent": device.volume()}

    return [
        Tool(
            name="set_volume",
            description="Set the loudspeaker's volume: to percent, or by change (15 for louder, -15 for quieter).",
            arguments=SetVolume,
            handler=change_volume,
        ),
        Tool(
            name="get_volume",
            description="Tell how loud the loudspeaker is set, in percent.",
            arguments=Nothing,
            handler=get_volume,
        ),
    ]
