"""The messages of Cartesia's agents, as its AsyncAPI of 2026-08-14 has them."""

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from support.messages import messages

from device.wire import cartesia as wire
from device.wire.errors import Unknown, WireError

LOG = Path(__file__).parents[1] / "engines" / "logs" / "cartesia.jsonl"
KEYS = {
    "session_create": ({"audio"}, {"dynamic_variables"}),
    "audio_input": ({"audio"}, set()),
    "client_tool_result": ({"tool_call_id", "result"}, {"is_error", "error_type"}),
    "session_ready": ({"call_id", "agent_id", "agent_version_id", "audio"}, set()),
    "audio_output": ({"audio"}, set()),
    "audio_output_clear": (set(), set()),
    "client_tool_call": ({"tool_call_id", "tool_name", "parameters", "expects_response"}, set()),
    "turn_started": ({"turn", "role", "start_time"}, set()),
    "turn_output_text_delta": ({"turn", "role", "text"}, set()),
    "turn_ended": (
        {"turn", "role", "text", "interrupted", "start_time", "end_time", "tool_calls"},
        {"eager_end_timestamp"},
    ),
    "error": ({"code", "message", "fatal"}, set()),
}
"""For each type the keys that it must have, and those that it may have."""


def test_a_whole_conversation_has_the_shapes_that_cartesia_documents() -> None:
    seen = set()
    for line in LOG.read_text().splitlines():
        message = json.loads(line)["message"]
        must, may = KEYS[message["type"]]
        keys = set(message) - {"type"}
        assert must <= keys <= must | may, message
        seen.add(message["type"])
    assert seen == set(KEYS) - {"error"}


@pytest.mark.parametrize(
    ("event", "text"),
    [
        (
            wire.ClientToolResult(tool_call_id="c", result="r"),
            '{"type":"client_tool_result","tool_call_id":"c","result":"r"}',
        ),
        (wire.AudioInput(audio=b"\x00\x01"), '{"type":"audio_input","audio":"AAE="}'),
        (wire.ErrorEvent(code="c", message="m"), '{"type":"error","code":"c","message":"m","fatal":false}'),
        (wire.AudioOutputClear(), '{"type":"audio_output_clear"}'),
    ],
)
def test_what_is_written(event: wire.ClientEvent | wire.ServerEvent, text: str) -> None:
    assert wire.encode(event) == text


def test_a_client_forgives_what_it_need_not_know() -> None:
    turn = '{"type":"turn_ended","turn":3,"role":"user","text":"hi","eager_end_timestamp":1.5,"new":[]}'
    assert wire.decode_server(turn) == wire.TurnEnded(turn=3, role="user", text="hi")
    got = wire.decode_server('{"type":"turn_started","turn":"three"}')
    assert isinstance(got, Unknown)
    assert got.type == "turn_started"
    with pytest.raises(WireError):
        wire.decode_server("[]")


def test_a_server_under_test_does_not() -> None:
    with pytest.raises(msgspec.DecodeError):
        wire.decode_client('{"type":"client_tool_result","tool_call_id":"c"}')


@given(messages(wire.ClientEvent))
def test_whatever_a_client_says_is_read_again(event: wire.ClientEvent) -> None:
    assert wire.decode_client(wire.encode(event)) == event
