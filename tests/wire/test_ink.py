"""What Cartesia's Ink says, as the SDK's types have it."""

import json

import pytest
from hypothesis import given
from support.messages import messages

from device.wire import ink as wire
from device.wire.errors import Unknown


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ('{"type": "connected", "request_id": "r"}', wire.Connected()),
        ('{"type": "turn.start", "request_id": "r"}', wire.TurnStart()),
        ('{"type": "turn.update", "transcript": "what", "request_id": "r"}', wire.TurnUpdate(transcript="what")),
        ('{"type": "turn.eager_end", "transcript": "what is"}', wire.TurnEagerEnd(transcript="what is")),
        ('{"type": "turn.resume"}', wire.TurnResume()),
        ('{"type": "turn.end", "transcript": "what is it"}', wire.TurnEnd(transcript="what is it")),
        ('{"type": "turn.end"}', wire.TurnEnd(transcript="")),
        (
            '{"type": "transcript", "text": " it", "is_final": true, "duration": 0.5, "words": []}',
            wire.Transcript(text=" it", is_final=True),
        ),
        ('{"type": "transcript"}', wire.Transcript(text="", is_final=False)),
        ('{"type": "flush_done"}', wire.FlushDone()),
        ('{"type": "done"}', wire.Done()),
        (
            '{"type": "error", "title": "Bad", "message": "no key", "error_code": "unauthorized", "status_code": 401}',
            wire.Error(title="Bad", message="no key", error_code="unauthorized", status_code=401),
        ),
        ('{"type": "error"}', wire.Error()),
    ],
)
def test_what_a_server_says(text: str, event: wire.ServerEvent) -> None:
    assert wire.decode_server(text) == event


@given(messages(wire.ServerEvent))
def test_what_a_server_under_test_writes_is_read_again(event: wire.ServerEvent) -> None:
    assert wire.decode_server(wire.encode(event)) == event


@pytest.mark.parametrize("text", ['{"type": "turn.paused"}', '{"type": "transcript", "is_final": "yes"}'])
def test_what_cannot_be_read_is_unknown(text: str) -> None:
    got = wire.decode_server(text)
    assert isinstance(got, Unknown)
    assert got.type == json.loads(text)["type"]


def test_a_stream_of_turns_is_ended_by_an_object_with_a_type() -> None:
    assert json.loads(wire.CLOSE_TURNS) == {"type": "close"}
