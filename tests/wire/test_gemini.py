"""The messages of Gemini Live."""

import pytest

from device.wire import gemini as wire
from device.wire.errors import Unknown, WireError


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
