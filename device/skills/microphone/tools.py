"""The tool that mutes the microphone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device.tools.registry import Nothing, Tool

if TYPE_CHECKING:
    from device.skills.skill import Device


def microphone_tools(device: Device) -> list[Tool]:
    """Return mute."""

    async def mute_microphone(_: Nothing) -> Any:
        device.mute()
        return {"muted": True}

    return [
        Tool(
            name="mute",
            description="Mute the microphone until the user holds the button down. Only when the user asks for it.",
            arguments=Nothing,
            handler=mute_microphone,
            reply=False,
        )
    ]
