"""How a response ended, in the conversation's words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from device.conversation.engine import ReplyEnded, Usage
from device.wire.realtime_items import TokenDetails

if TYPE_CHECKING:
    from device.wire.realtime_items import Response, ResponseUsage


def outcome(name: str, response: Response) -> ReplyEnded:
    """Return the end of the reply `name`, as its `response.done` has it."""
    return ReplyEnded(name, _status(response), _usage(response.usage), _why(response))


def _status(response: Response) -> Literal["completed", "cancelled", "failed", "incomplete"]:
    match response.status:
        case "cancelled" | "failed" | "incomplete" as status:
            return status
        case _:
            return "completed"


def _usage(usage: ResponseUsage | None) -> Usage:
    if usage is None:
        return Usage()
    into, out = usage.input_token_details or TokenDetails(), usage.output_token_details or TokenDetails()
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        input_audio_tokens=into.audio_tokens,
        output_audio_tokens=out.audio_tokens,
        cached_tokens=into.cached_tokens,
    )


def _why(response: Response) -> str:
    details = response.status_details
    if details is None:
        return ""
    if details.error is not None:
        return details.error.message or details.error.code or ""
    return details.reason or ""
