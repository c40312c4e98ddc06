"""Gemini Live on the wire: the messages of both sides, of which each names its content by its one key.

`encode` writes any message. `decode_server` forgives what it does not know; `decode_client` is for servers under test.
Source: `LiveClientMessage` and `LiveServerMessage` of google-genai 3.4. Keys are in camel case, as the SDK sends them;
Google's server puts its JSON into binary frames.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct, field

from device.wire.errors import SHOWN, Unknown, envelope, forgiving

MIME: Final = "audio/pcm;rate={rate}"


class Shape(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """Anything of the protocol."""


class Blob(Shape):
    """Bytes of some kind."""

    data: bytes
    """Base64 on the wire."""
    mime_type: str = ""


class Part(Shape):
    """A piece of content: text or sound, or something that we do not ask for."""

    text: str | None = None
    inline_data: Blob | None = None
    thought: bool | None = None
    """The text is the model's thinking, not for the user."""


class Content(Shape):
    """What one side said."""

    parts: list[Part] | None = None
    role: str | None = None
    """`user` or `model`."""


# What a client says


class FunctionDeclaration(Shape):
    """A function that the model may call."""

    name: str
    description: str = ""
    parameters: dict[str, Any] | None = None
    """A schema of OpenAPI's kind: the Live API takes no JSON schemas. None if there are no parameters."""
    behavior: str | None = None
    """`BLOCKING` or `NON_BLOCKING`; the default differs from model to model."""


class Tool(Shape):
    """Functions."""

    function_declarations: list[FunctionDeclaration]


class PrebuiltVoice(Shape):
    """One of Google's voices."""

    voice_name: str


class Voice(Shape):
    """Which voice speaks."""

    prebuilt_voice_config: PrebuiltVoice


class Speech(Shape):
    """How the model speaks."""

    voice_config: Voice


class Thinking(Shape):
    """How much the model thinks."""

    thinking_level: str


class Generation(Shape):
    """How replies are made."""

    response_modalities: list[str]
    speech_config: Speech | None = None
    thinking_config: Thinking | None = None


class ActivityDetection(Shape):
    """How the server finds the ends of turns."""

    disabled: bool | None = None
    end_of_speech_sensitivity: str | None = None
    silence_duration_ms: int | None = None


class RealtimeInputConfig(Shape):
    """What the server makes of microphone audio."""

    automatic_activity_detection: ActivityDetection = field(default_factory=ActivityDetection)
    activity_handling: str | None = None
    """`START_OF_ACTIVITY_INTERRUPTS` or `NO_INTERRUPTION`."""


class Transcribe(Shape):
    """Write down what is said."""

    language_codes: list[str] | None = None


class Resumption(Shape):
    """Keep the session for a later connection; with `handle`, go on with one that was kept."""

    handle: str | None = None


class SlidingWindow(Shape):
    """Forget the oldest."""


class Compression(Shape):
    """What to do once the session outgrows the model; with this, it has no longest duration."""

    sliding_window: SlidingWindow


class HistoryConfig(Shape):
    """How the session gets to know what was said before it."""

    initial_history_in_client_content: bool
    """The first `clientContent`, up to `turnComplete`, is history, and nothing is answered to it."""


class Setup(Shape):
    """What the session is to be like; the first message."""

    model: str
    generation_config: Generation
    system_instruction: Content | None = None
    tools: list[Tool] | None = None
    realtime_input_config: RealtimeInputConfig | None = None
    session_resumption: Resumption | None = None
    context_window_compression: Compression | None = None
    input_audio_transcription: Transcribe | None = None
    output_audio_transcription: Transcribe | None = None
    history_config: HistoryConfig | None = None


class ClientContent(Shape):
    """Something for the conversation, which interrupts the reply in the making; to be answered if complete."""

    turns: list[Content]
    turn_complete: bool


class Activity(Shape):
    """The beginning or the end of the user's turn."""


class RealtimeInput(Shape):
    """Microphone audio, or whose turn it is where the server does not find out by itself."""

    audio: Blob | None = None
    activity_start: Activity | None = None
    activity_end: Activity | None = None


class FunctionResponse(Shape):
    """What a call came to."""

    name: str
    response: dict[str, Any]
    id: str | None = None
    scheduling: str | None = None
    """Of a call that does not block: when to speak of it, `WHEN_IDLE` or `SILENT`."""


class ToolResponse(Shape):
    """What calls came to."""

    function_responses: list[FunctionResponse]


class ClientMessage(Shape):
    """A client's message; one of these is set."""

    setup: Setup | None = None
    client_content: ClientContent | None = None
    realtime_input: RealtimeInput | None = None
    tool_response: ToolResponse | None = None


# What a server says


class SetupComplete(Shape):
    """The session is as `setup` wants it."""

    session_id: str | None = None


class Transcription(Shape):
    """A piece of what was said."""

    text: str | None = None
    finished: bool | None = None


class ServerContent(Shape):
    """What the model says, and how far it has come."""

    model_turn: Content | None = None
    generation_complete: bool | None = None
    """All of the reply was sent."""
    turn_complete: bool | None = None
    """The reply is over; by the server's reckoning it has been played."""
    turn_complete_reason: str | None = None
    interrupted: bool | None = None
    """The user interrupted the reply: what is queued is to be dropped. `turn_complete` follows."""
    input_transcription: Transcription | None = None
    output_transcription: Transcription | None = None


class FunctionCall(Shape):
    """The model calls a function."""

    name: str
    id: str | None = None
    args: dict[str, Any] | None = None


class ToolCall(Shape):
    """The model calls functions."""

    function_calls: list[FunctionCall] = field(default_factory=list)


class ToolCallCancellation(Shape):
    """Results of these calls are no longer wanted: the user interrupted."""

    ids: list[str] = field(default_factory=list)


class ModalityTokenCount(Shape):
    """Tokens of one kind."""

    modality: str | None = None
    """`TEXT`, `AUDIO` and others."""
    token_count: int | None = None


class UsageMetadata(Shape):
    """What it cost, in tokens."""

    prompt_token_count: int | None = None
    cached_content_token_count: int | None = None
    prompt_tokens_details: list[ModalityTokenCount] | None = None
    response_tokens_details: list[ModalityTokenCount] | None = None
    response_token_count: int | None = None
    thoughts_token_count: int | None = None
    total_token_count: int | None = None


class GoAway(Shape):
    """The connection ends soon."""

    time_left: str | None = None
    """A duration such as `9.5s`."""


class SessionResumptionUpdate(Shape):
    """How to go on in another connection; no handle where that is not possible for the time being."""

    new_handle: str | None = None
    resumable: bool | None = None


class VoiceActivity(Shape):
    """The server heard the user begin or stop speaking."""

    voice_activity_type: str | None = None


class ServerMessage(Shape):
    """A server's message; one or several of these are set."""

    setup_complete: SetupComplete | None = None
    server_content: ServerContent | None = None
    tool_call: ToolCall | None = None
    tool_call_cancellation: ToolCallCancellation | None = None
    usage_metadata: UsageMetadata | None = None
    go_away: GoAway | None = None
    session_resumption_update: SessionResumptionUpdate | None = None
    voice_activity: VoiceActivity | None = None


_encoder: Final = msgspec.json.Encoder()
_server: Final[msgspec.json.Decoder[ServerMessage]] = msgspec.json.Decoder(ServerMessage)
_client: Final[msgspec.json.Decoder[ClientMessage]] = msgspec.json.Decoder(ClientMessage)
_keys: Final[msgspec.json.Decoder[dict[str, msgspec.Raw]]] = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EMPTY: Final = ServerMessage()


def encode(message: ClientMessage | ServerMessage) -> str:
    """Return a message as JSON text."""
    return _encoder.encode(message).decode()


def decode_server(data: str | bytes) -> ServerMessage | Unknown:
    """Read a server's message; what we cannot read is `Unknown`. Raises `WireError` if it is no JSON object."""
    try:
        message = forgiving(data, _server)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        envelope(data)
        return _unknown(data, str(error))
    return _unknown(data, "none of its keys is known") if message == _EMPTY else message


def decode_client(data: str | bytes) -> ClientMessage:
    """Read a client's message. Raises `msgspec.DecodeError`."""
    return _client.decode(data)


def text(role: str, words: str) -> Content:
    """Return words as content."""
    return Content(role=role, parts=[Part(text=words)])


def sound(pcm: bytes, rate: int) -> Blob:
    """Return s16le mono audio at `rate` Hz as it is sent."""
    return Blob(data=pcm, mime_type=MIME.format(rate=rate))


def seconds(duration: str | None) -> float:
    """Return how long a duration such as `9.5s` is; 0 if it cannot be read."""
    try:
        return max(0.0, float((duration or "").removesuffix("s")))
    except ValueError:
        return 0.0


def _unknown(data: str | bytes, why: str) -> Unknown:
    keys = ", ".join(_keys.decode(data))
    raw = data if isinstance(data, str) else data.decode(errors="replace")
    return Unknown(keys[:SHOWN], raw, why)
