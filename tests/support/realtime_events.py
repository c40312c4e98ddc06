"""The wire of OpenAI Realtime beside the vendor's own types: both by event type, and an event of ours of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, get_args

from openai.types.realtime import RealtimeClientEvent, RealtimeServerEvent

from device.wire import realtime as wire
from device.wire import realtime_items as items

if TYPE_CHECKING:
    from pydantic import BaseModel


def _classes(union: Any) -> list[type[BaseModel]]:
    """Return the members of one of the vendor's unions."""
    found: list[type[BaseModel]] = []
    for part in get_args(union):
        if isinstance(part, type):
            found.append(part)
        else:
            found += _classes(part)
    return found


def _theirs(union: Any) -> dict[str, type[BaseModel]]:
    return {get_args(kind.model_fields["type"].annotation)[0]: kind for kind in _classes(union)}


def _ours(union: Any) -> dict[str, type[wire.Message]]:
    return {str(kind.__struct_config__.tag): kind for kind in get_args(union)}


SERVER, CLIENT = _ours(wire.ServerEvent), _ours(wire.ClientEvent)
THEIR_SERVER, THEIR_CLIENT = _theirs(RealtimeServerEvent), _theirs(RealtimeClientEvent)
MESSAGE: Final = items.Item("message", id="i", object="realtime.item", status="completed", role="assistant", content=[])
RESPONSE: Final = items.Response(
    id="r",
    object="realtime.response",
    status="failed",
    status_details=items.StatusDetails(type="failed", error=items.ErrorDetail(type="server_error", code="x")),
    output=[MESSAGE],
    output_modalities=["audio"],
    metadata={"k": "v"},
    max_output_tokens="inf",
    audio=items.AudioConfig(output=items.AudioOutput(format=items.AudioFormat(rate=24_000), voice="marin")),
    usage=items.ResponseUsage(
        total_tokens=3, input_token_details=items.TokenDetails(cached_tokens_details=items.TokenDetails(text_tokens=1))
    ),
)
SESSION: Final = items.Session(
    type="realtime",
    model="gpt-realtime-2.1",
    instructions="",
    output_modalities=["audio"],
    audio=items.AudioConfig(
        input=items.AudioInput(
            format=items.AudioFormat(rate=24_000),
            noise_reduction=items.NoiseReduction(type="far_field"),
            transcription=items.Transcription(model="gpt-live-transcribe", language="en"),
            turn_detection=items.TurnDetection(threshold=0.5, silence_duration_ms=500, interrupt_response=False),
        ),
        output=items.AudioOutput(format=items.AudioFormat(type="audio/pcmu"), voice=items.VoiceId(id="v"), speed=1.0),
    ),
    tools=[items.Tool(name="f", description="d", parameters={"type": "object"})],
    tool_choice=items.ToolChoice(type="function", name="f"),
    truncation=items.Truncation(retention_ratio=0.8),
    tracing=None,
    reasoning=items.Reasoning(effort="low"),
    max_output_tokens=100,
)
_VALUES: Final[dict[str, Any]] = {
    "session": SESSION,
    "item": MESSAGE,
    "response": RESPONSE,
    "conversation": items.Conversation(id="c", object="realtime.conversation"),
    "error": items.ErrorDetail(message="m", code="c", param="p", event_id="e"),
    "part": items.Part(type="audio", transcript="t"),
    "rate_limits": [items.RateLimit(name="tokens", limit=1, remaining=1, reset_seconds=0.5)],
    "usage": items.TranscriptionUsage(type="duration", seconds=1.5),
    "audio": b"\x01\x02",
    "received_at": 5,
    "audio_end_ms": 40,
    "audio_start_ms": 20,
    "content_index": 0,
    "output_index": 0,
    "start": 0.5,
    "end": 1.5,
    "logprobs": [items.LogProb(token="t", bytes=[1], logprob=-1.0)],
    "languages": [items.Language(code="en")],
}


def sample(kind: type[wire.Message]) -> wire.Message:
    """Return an event with a value in every field."""
    values = {name: _VALUES.get(name, name) for name in kind.__struct_fields__}
    if kind is wire.ResponseOutputAudioDelta:
        values["delta"] = b"\x00\x01\x02\x03"
    if kind is wire.ResponseCreate:
        values["response"] = items.ResponseParams(conversation="none", input=[], metadata={"a": "b"})
    return kind(**values)
