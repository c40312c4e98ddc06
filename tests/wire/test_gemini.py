"""The messages of Gemini Live."""

import json

import pytest
from hypothesis import given
from support.messages import messages

from device.wire import gemini as wire
from device.wire.errors import SHOWN, Unknown, WireError


def test_audio_is_written_in_camel_case_and_base64() -> None:
    audio = wire.sound(b"\x00\x01", 16_000)
    message = wire.ClientMessage(realtime_input=wire.RealtimeInput(audio=audio))
    text = '{"realtimeInput":{"audio":{"data":"AAE=","mimeType":"audio/pcm;rate=16000"}}}'
    assert wire.encode(message) == text
    assert wire.decode_client(text) == message


def test_marks_of_a_turn_are_empty_objects() -> None:
    message = wire.ClientMessage(realtime_input=wire.RealtimeInput(activity_start=wire.Activity()))
    assert wire.encode(message) == '{"realtimeInput":{"activityStart":{}}}'


def test_googles_binary_frames_are_read() -> None:
    data = b'{"serverContent":{"turnComplete":true,"interactionStatus":"IDLE"},"usageMetadata":{"promptTokenCount":3}}'
    got = wire.decode_server(data)
    assert got == wire.ServerMessage(
        server_content=wire.ServerContent(turn_complete=True), usage_metadata=wire.UsageMetadata(prompt_token_count=3)
    )


@pytest.mark.parametrize(
    "data", ['{"news":{}}', '{"serverContent":{"modelTurn":{"parts":[{"inlineData":{"data":"?"}}]}}}']
)
def test_what_is_not_understood_is_named(data: str) -> None:
    got = wire.decode_server(data)
    assert isinstance(got, Unknown)
    assert got.type in {"news", "serverContent"}


@pytest.mark.parametrize("data", ["[]", "{", b"\xff"])
def test_what_is_no_object_is_refused(data: str | bytes) -> None:
    with pytest.raises(WireError):
        wire.decode_server(data)


@pytest.mark.parametrize(
    ("text", "seconds"), [("9.5s", 9.5), ("50s", 50.0), ("", 0.0), (None, 0.0), ("soon", 0.0), ("-1s", 0.0)]
)
def test_durations(text: str | None, seconds: float) -> None:
    assert wire.seconds(text) == seconds


@given(messages(wire.ClientMessage))
def test_whatever_a_client_says_is_read_again(message: wire.ClientMessage) -> None:
    assert wire.decode_client(wire.encode(message)) == message


@given(messages(wire.ServerMessage))
def test_keys_are_in_camel_case_at_every_depth(message: wire.ServerMessage) -> None:
    # What a function is called with is the model's, not the protocol's.
    for call in (message.tool_call or wire.ToolCall()).function_calls:
        call.args = None
    written = json.loads(wire.encode(message))
    assert not [key for key in keys(written) if "_" in key or not key[0].islower()]


def keys(value: object) -> list[str]:
    if isinstance(value, list):
        return [key for one in value for key in keys(one)]
    if isinstance(value, dict):
        return [*value, *keys(list(value.values()))]
    return []


def test_words_are_content_of_whose_they_are() -> None:
    assert wire.text("user", "hi") == wire.Content(role="user", parts=[wire.Part(text="hi")])
    assert json.loads(
        wire.encode(
            wire.ClientMessage(
                client_content=wire.ClientContent(turns=[wire.text("model", "yes")], turn_complete=False)
            )
        )
    ) == {"clientContent": {"turns": [{"parts": [{"text": "yes"}], "role": "model"}], "turnComplete": False}}


def test_an_empty_message_is_none_that_we_know() -> None:
    got = wire.decode_server("{}")
    assert isinstance(got, Unknown)
    assert (got.type, got.raw, got.why) == ("", "{}", "none of its keys is known")


def test_of_many_keys_that_nobody_knows_the_first_are_named() -> None:
    got = wire.decode_server(json.dumps({f"key{n}": 1 for n in range(100)}))
    assert isinstance(got, Unknown)
    assert got.type.startswith("key0, key1, ")
    assert len(got.type) == SHOWN
