"""What is said in the first steps: bounded, and silent about keys."""

from typing import get_args

import msgspec
import pytest

from device.door import first_steps
from device.door.first_steps import AnyStepReply, AnyStepRequest, TryEngine, UseEngine, VoiceHeard
from device.door.messages import AnyReply, AnyRequest, encode

REQUESTS = msgspec.json.Decoder(AnyStepRequest)


def test_they_are_messages_of_the_door():
    assert set(get_args(AnyStepRequest)) <= set(get_args(AnyRequest))
    assert set(get_args(AnyStepReply)) <= set(get_args(AnyReply))


@pytest.mark.parametrize("kind", [TryEngine, UseEngine])
def test_a_key_does_not_show_itself(kind):
    said = kind("openai", "wss://api.openai.com", key="s3cret")
    assert "s3cret" not in repr(said)
    assert b"s3cret" in encode(said)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ({"type": "try_engine", "engine": "x", "server": "y", "key": "k" * (first_steps.LONGEST_KEY + 1)}, "length"),
        ({"type": "hear_voice", "voice": ""}, "length"),
        ({"type": "hear_voice", "voice": "x", "text": "Say what I want"}, "unknown field"),
        ({"type": "show_light", "light": "fault", "seconds": 3600}, "<= 10"),
        ({"type": "await_button", "seconds": 0}, "> 0"),
        ({"type": "note_step", "step": "../x"}, "Invalid enum value"),
        ({"type": "get_voices", "language": "x" * 36}, "length"),
    ],
)
def test_what_is_too_much_is_refused(line, told):
    with pytest.raises(msgspec.ValidationError, match=told):
        REQUESTS.decode(msgspec.json.encode(line))


def test_a_sound_is_base64_in_json():
    line = encode(VoiceHeard("Hello", b"RIFF\x00\xff"))
    assert b'"wav":"UklGRgD/"' in line
    assert msgspec.json.decode(line, type=AnyReply) == VoiceHeard("Hello", b"RIFF\x00\xff")
