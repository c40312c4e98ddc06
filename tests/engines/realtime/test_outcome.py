"""How a response ended."""

from __future__ import annotations

import pytest

from device.conversation.engine import ReplyEnded, Usage
from device.engines.realtime.outcome import outcome
from device.wire.realtime_items import ErrorDetail, Response, ResponseUsage, StatusDetails, TokenDetails


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (None, "completed"),
        ("completed", "completed"),
        ("in_progress", "completed"),
        ("cancelled", "cancelled"),
        ("failed", "failed"),
        ("incomplete", "incomplete"),
    ],
)
def test_a_status_that_says_nothing_else_is_completed(status: str | None, told: str) -> None:
    assert outcome("r", Response(status=status)).status == told


@pytest.mark.parametrize(
    ("details", "message"),
    [
        (None, ""),
        (StatusDetails(), ""),
        (StatusDetails(reason="turn_detected"), "turn_detected"),
        (StatusDetails(error=ErrorDetail(code="server_error", message="")), "server_error"),
        (StatusDetails(error=ErrorDetail(code="server_error", message="Sorry")), "Sorry"),
        (StatusDetails(reason="x", error=ErrorDetail(code=None, message="")), ""),
    ],
)
def test_the_reason_is_the_servers(details: StatusDetails | None, message: str) -> None:
    assert outcome("r", Response(status="failed", status_details=details)) == ReplyEnded(
        "r", "failed", Usage(), message
    )


def test_what_it_cost_is_told_as_far_as_it_is_known() -> None:
    usage = ResponseUsage(
        input_tokens=9,
        output_tokens=8,
        input_token_details=TokenDetails(audio_tokens=7, cached_tokens=6),
        output_token_details=TokenDetails(audio_tokens=5),
    )
    known = Usage(input_tokens=9, output_tokens=8, input_audio_tokens=7, output_audio_tokens=5, cached_tokens=6)
    assert outcome("r", Response(usage=usage)).usage == known
    assert outcome("r", Response(usage=ResponseUsage(input_tokens=9))).usage == Usage(input_tokens=9)
