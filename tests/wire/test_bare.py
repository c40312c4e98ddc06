"""vLLM's messages for turns, as `vllm_omni` 0.30.0 takes and writes them."""

import json

import pytest

from device.wire import bare, realtime
from device.wire.errors import Unknown


@pytest.mark.parametrize(
    ("message", "written"),
    [
        (bare.SessionUpdate(model="m"), {"type": "session.update", "model": "m"}),
        (bare.Commit(final=False), {"type": "input_audio_buffer.commit", "final": False}),
        (bare.Commit(final=True), {"type": "input_audio_buffer.commit", "final": True}),
        (realtime.InputAudioBufferAppend(b"\x00\xff"), {"type": "input_audio_buffer.append", "audio": "AP8="}),
    ],
)
def test_what_a_client_says(message: realtime.Message, written: dict[str, object]) -> None:
    assert json.loads(realtime.encode(message)) == written


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ('{"type": "session.created", "id": "sess-1", "created": 1767225600}', bare.SessionCreated()),
        ('{"type": "transcription.delta", "delta": "Hel"}', bare.TranscriptionDelta("Hel")),
        (
            '{"type": "transcription.done", "text": "Hello.", "usage": {"prompt_tokens": 3, "total_tokens": 5}}',
            bare.TranscriptionDone("Hello.", bare.Usage(prompt_tokens=3)),
        ),
        ('{"type": "transcription.done", "text": "", "usage": null}', bare.TranscriptionDone("")),
        (
            '{"type": "response.output_audio.delta", "audio": "AAE=", "format": "pcm16", "sample_rate_hz": 16000}',
            bare.AudioDelta(b"\x00\x01", 16_000),
        ),
        ('{"type": "response.output_audio.delta", "audio": ""}', bare.AudioDelta(b"", 24_000)),
        ('{"type": "response.output_audio.done", "has_audio": false}', bare.AudioDone()),
        ('{"type": "error", "error": "no model", "code": null}', bare.Error("no model")),
        ('{"type": "error", "error": "no model", "code": "invalid_model"}', bare.Error("no model", "invalid_model")),
    ],
)
def test_what_a_server_says(text: str, event: bare.ServerEvent) -> None:
    assert bare.decode_server(text) == event


@pytest.mark.parametrize(
    "text",
    [
        '{"type": "error", "error": {"message": "as OpenAI has it"}}',
        '{"type": "response.output_audio.delta", "audio": "no base64"}',
        '{"type": "transcription.done"}',
        '{"type": "response.created", "response": {}}',
    ],
)
def test_what_a_server_of_another_kind_says_is_unknown(text: str) -> None:
    got = bare.decode_server(text)
    assert isinstance(got, Unknown)
    assert (got.type, got.raw) == (json.loads(text)["type"], text)
