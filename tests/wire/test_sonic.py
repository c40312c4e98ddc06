"""What is said to Cartesia's Sonic and what it says, as the SDK's types have it."""

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from support.messages import messages

from device.wire import sonic as wire
from device.wire.errors import Unknown

SENTENCE = {
    "context_id": "c",
    "model_id": "sonic-3",
    "voice": {"id": "v", "mode": "id"},
    "output_format": {"sample_rate": 24_000, "container": "raw", "encoding": "pcm_s16le"},
    "transcript": "Hello.",
    "continue": True,
    "max_buffer_delay_ms": 0,
    "add_timestamps": True,
}


def request(**more: Any) -> wire.GenerationRequest:
    return wire.GenerationRequest(
        context_id="c",
        model_id="sonic-3",
        voice=wire.VoiceSpecifier("v"),
        output_format=wire.OutputFormat(24_000),
        transcript="Hello.",
        more=True,
        **more,
    )


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (request(), SENTENCE),
        (request(language="de"), SENTENCE | {"language": "de"}),
        (
            request(generation_config=wire.GenerationConfig(speed=1.2)),
            SENTENCE | {"generation_config": {"speed": 1.2}},
        ),
        (request(generation_config=wire.GenerationConfig()), SENTENCE | {"generation_config": {}}),
        (wire.CancelContextRequest("c"), {"context_id": "c", "cancel": True}),
    ],
)
def test_what_a_client_says(
    message: wire.GenerationRequest | wire.CancelContextRequest, written: dict[str, Any]
) -> None:
    assert json.loads(wire.encode(message)) == written


@pytest.mark.parametrize(
    ("text", "event"),
    [
        (
            '{"type": "chunk", "context_id": "c", "data": "AAE=", "done": false, "step_time": 1.5, "status_code": 206}',
            wire.Chunk(context_id="c", data=b"\x00\x01"),
        ),
        ('{"type": "chunk"}', wire.Chunk(context_id=None, data=b"")),
        (
            '{"type": "timestamps", "word_timestamps": {"words": ["a"], "start": [0], "end": [0.5]}}',
            wire.Timestamps(word_timestamps=wire.WordTimestamps(["a"], [0.0], [0.5])),
        ),
        ('{"type": "timestamps"}', wire.Timestamps()),
        ('{"type": "flush_done", "context_id": "c", "flush_id": 1}', wire.FlushDone(context_id="c")),
        ('{"type": "phoneme_timestamps", "context_id": "c"}', wire.PhonemeTimestamps(context_id="c")),
        ('{"type": "done", "context_id": "c", "done": true}', wire.Done(context_id="c")),
        (
            '{"type": "error", "title": "Bad", "message": "no voice", "error_code": "x", "status_code": 400}',
            wire.Error(title="Bad", message="no voice", error_code="x", status_code=400),
        ),
    ],
)
def test_what_a_server_says(text: str, event: wire.ServerEvent) -> None:
    assert wire.decode_server(text) == event


@given(messages(wire.ServerEvent))
def test_what_a_server_under_test_writes_is_read_again(event: wire.ServerEvent) -> None:
    assert wire.decode_server(wire.encode(event)) == event


@given(messages(wire.GenerationRequest))
def test_a_request_is_read_again_whatever_its_text(message: wire.GenerationRequest) -> None:
    assert msgspec.json.decode(wire.encode(message), type=wire.GenerationRequest) == message


@pytest.mark.parametrize("text", ['{"type": "viseme"}', '{"type": "chunk", "data": "no base64"}'])
def test_what_cannot_be_read_is_unknown(text: str) -> None:
    got = wire.decode_server(text)
    assert isinstance(got, Unknown)
    assert got.type == json.loads(text)["type"]
