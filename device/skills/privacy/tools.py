"""The tools that tell what is kept of what was said, and delete it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta

from device.records.store import StoreError
from device.tools.registry import Arguments, Nothing, Tool, ToolError

if TYPE_CHECKING:
    from device.skills.skill import Device


class DeleteTranscripts(Arguments, frozen=True):
    """Arguments of delete_transcripts."""

    which: Annotated[Literal["today", "all"], Meta(description="Those of today, or all that are kept.")] = "today"


def privacy_tools(device: Device) -> list[Tool]:
    """Return get_privacy and delete_transcripts."""

    async def get_privacy(_: Nothing) -> Any:
        return {"transcripts_kept_days": device.keep_days, "sound_kept": False}

    async def delete_transcripts(arguments: DeleteTranscripts) -> Any:
        midnight = device.clock().replace(hour=0, minute=0, second=0, microsecond=0)
        try:
            count = await asyncio.to_thread(device.forget, midnight if arguments.which == "today" else None)
        except StoreError as fault:
            raise ToolError(str(fault)) from fault
        return {"which": arguments.which, "conversations_deleted": count, "transcripts_kept_days": device.keep_days}

    return [
        Tool(
            name="get_privacy",
            description="Tell what this device keeps of what is said: for how many days as text, and no sound.",
            arguments=Nothing,
            handler=get_privacy,
        ),
        Tool(
            name="delete_transcripts",
            description="Delete for good what was said today, or all that is kept. Only when the user asks for it.",
            arguments=DeleteTranscripts,
            handler=delete_transcripts,
        ),
    ]
