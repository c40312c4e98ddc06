"""The tool that ends the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from device.tools.registry import Nothing, Tool

if TYPE_CHECKING:
    from device.skills.skill import Device


def farewell_tools(_device: Device) -> list[Tool]:
    """Return sleep."""

    async def sleep(_: Nothing) -> Any:
        return {"sleeping": True}

    return [
        Tool(
            name="sleep",
            description="End the conversation, when the user says goodbye or wants no more.",
            arguments=Nothing,
            handler=sleep,
            sleep=True,
            reply=False,
        )
    ]
