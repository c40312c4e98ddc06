"""What the messages of OpenAI Realtime (GA) are made of: sessions, items, responses, usage, errors.

Field by field as in `openai.types.realtime` (openai 3.54). The shapes are flat where the protocol has unions, so that
an item or tool of a compatible server that has more kinds still decodes; unknown fields are passed over.
Absent is None; where null has a meaning of its own ("none of this"), absent is `UNSET`.
"""

from __future__ import annotations

from types import NoneType
from typing import Any, Literal

from msgspec import UNSET, Struct, UnsetType, field

from device.wire.errors import missing, not_one_of

Modality = Literal["audio", "text"]


class Shape(Struct, omit_defaults=True, kw_only=True):
    """A part of a message; what is not set is not sent."""


class AudioFormat(Shape):
    """How audio is coded: `audio/pcm` is s16le mono at 24 kHz, `audio/pcmu` and `audio/pcma` are G.711 at 8 kHz."""

    type: str = field(default_factory=lambda: "audio/pcm")
    rate: int | None = None


class VoiceId(Shape):
    """A voice of one's own."""

    id: str


class NoiseReduction(Shape):
    """Cleaning of the input before turn detection and model."""

    type: Literal["near_field", "far_field"] | None = None
    strength: float | None = None


class Transcription(Shape):
    """What writes down the user's words."""

    model: str | None = None
    language: str | None = None
    languages: list[str] | None = None
    keywords: list[str] | None = None
    prompt: str | None = None
    delay: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None


class TurnDetection(Shape):
    """How the server finds the ends of turns: by silence (the fields up to `idle_timeout_ms`), or by meaning."""

    type: Literal["server_vad", "semantic_vad"] = field(default_factory=lambda: "server_vad")
    threshold: float | None = None
    prefix_padding_ms: int | None = None
    silence_duration_ms: int | None = None
    idle_timeout_ms: int | None = None
    eagerness: Literal["low", "medium", "high", "auto"] | None = None
    create_response: bool | None = None
    interrupt_response: bool | None = None


class AudioInput(Shape):
    """`session.audio.input`."""

    format: AudioFormat | None = None
    noise_reduction: NoiseReduction | UnsetType | None = UNSET
    transcription: Transcription | UnsetType | None = UNSET
    turn_detection: TurnDetection | UnsetType | None = UNSET


class AudioOutput(Shape):
    """`session.audio.output` and `response.audio.output`."""

    format: AudioFormat | None = None
    voice: str | VoiceId | None = None
    speed: float | None = None


class AudioConfig(Shape):
    """`session.audio` and `response.audio`."""

    input: AudioInput | None = None
    output: AudioOutput | None = None


class Tool(Shape):
    """A function of the client, or an MCP server (`type` "mcp")."""

    type: str = field(default_factory=lambda: "function")
    name: str | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    server_label: str | None = None
    server_url: str | None = None
    server_description: str | None = None
    connector_id: str | None = None
    tunnel_id: str | None = None
    authorization: str | None = None
    headers: dict[str, str] | None = None
    allowed_tools: Any = None
    allowed_callers: list[str] | None = None
    require_approval: Any = None
    defer_loading: bool | None = None


class ToolChoice(Shape):
    """A tool that the model must use."""

    type: Literal["function", "mcp"]
    name: str | None = None
    server_label: str | None = None


class Reasoning(Shape):
    """How hard a reasoning model thinks."""

    effort: Literal["minimal", "low", "medium", "high", "xhigh"] | None = None


class Prompt(Shape):
    """A prompt stored at the server."""

    id: str
    version: str | None = None
    variables: dict[str, Any] | None = None


class TokenLimits(Shape):
    """Limits of a `Truncation`."""

    post_instructions: int | None = None


class Truncation(Shape):
    """How much of a too long conversation the server keeps."""

    retention_ratio: float
    type: Literal["retention_ratio"] = field(default_factory=lambda: "retention_ratio")
    token_limits: TokenLimits | None = None


class Session(Shape):
    """A session, of type "realtime" or "transcription"; in `session.update` what is absent stays as it is."""

    type: str | None = None
    object: str | None = None
    id: str | None = None
    expires_at: int | None = None
    model: str | None = None
    instructions: str | None = None
    output_modalities: list[Modality] | None = None
    audio: AudioConfig | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | Literal["inf"] | None = None
    reasoning: Reasoning | None = None
    truncation: Literal["auto", "disabled"] | Truncation | None = None
    prompt: Prompt | UnsetType | None = UNSET
    tracing: Literal["auto"] | dict[str, Any] | UnsetType | None = UNSET
    include: list[str] | None = None


class Content(Shape):
    """A part of a message item: input_text, input_audio, input_image, output_text or output_audio."""

    type: str | None = None
    text: str | None = None
    transcript: str | None = None
    audio: bytes | None = None
    """Base64 on the wire."""
    image_url: str | None = None
    detail: str | None = None


class SpokenContent(Content, kw_only=True):
    """An input_audio part as a server tells of it: `transcript` is always there, null until it is known.

    @openai/agents-realtime 0.20 takes no other.
    """

    transcript: str | None = field(default_factory=NoneType)


class Part(Shape):
    """A part of a reply in the making, in `response.content_part.*`: its type is "audio" or "text" there."""

    type: str | None = None
    text: str | None = None
    transcript: str | None = None
    audio: bytes | None = None


class Item(Shape):
    """An entry of a conversation: a message, a function_call, its function_call_output, or one of MCP's."""

    type: str
    id: str | None = None
    object: str | None = None
    status: str | None = None
    """`in_progress`, `completed` or `incomplete`."""
    role: str | None = None
    content: list[Content] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    output: str | None = None
    server_label: str | None = None
    tools: list[dict[str, Any]] | None = None
    approval_request_id: str | None = None
    approve: bool | None = None
    reason: str | None = None
    error: Any = None


class ErrorDetail(Shape):
    """What went wrong; `event_id` is that of the client's message that caused it."""

    message: str = field(default_factory=str)
    type: str = field(default_factory=lambda: "invalid_request_error")
    code: str | None = None
    param: str | None = None
    event_id: str | None = None


class StatusDetails(Shape):
    """Why a response ended as it did."""

    type: str | None = None
    reason: str | None = None
    error: ErrorDetail | None = None


class TokenDetails(Shape):
    """Tokens by kind."""

    text_tokens: int | None = None
    audio_tokens: int | None = None
    image_tokens: int | None = None
    cached_tokens: int | None = None
    cached_tokens_details: TokenDetails | None = None


class ResponseUsage(Shape):
    """What a response cost."""

    total_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: TokenDetails | None = None
    output_token_details: TokenDetails | None = None


class TranscriptionUsage(Shape):
    """What a transcription cost: `type` "tokens", or "duration" with `seconds`."""

    type: str
    seconds: float | None = None
    total_tokens: int | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_token_details: TokenDetails | None = None


class Response(Shape):
    """A reply of the server."""

    id: str | None = None
    object: str | None = None
    conversation_id: str | None = None
    status: str | None = None
    """`in_progress`, `completed`, `cancelled`, `incomplete` or `failed`."""
    status_details: StatusDetails | None = None
    output: list[Item] | None = None
    output_modalities: list[str] | None = None
    audio: AudioConfig | None = None
    max_output_tokens: int | str | None = None
    metadata: dict[str, Any] | None = None
    usage: ResponseUsage | None = None


class ResponseParams(Shape):
    """What a client may ask of one response."""

    conversation: str | None = None
    """`auto` or `none`."""
    input: list[Item] | None = None
    instructions: str | None = None
    metadata: dict[str, str] | None = None
    output_modalities: list[Modality] | None = None
    audio: AudioConfig | None = None
    tools: list[Tool] | None = None
    tool_choice: Literal["none", "auto", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | Literal["inf"] | None = None
    reasoning: Reasoning | None = None
    prompt: Prompt | None = None


class RateLimit(Shape):
    """How much of a limit is left."""

    name: str | None = None
    limit: int | None = None
    remaining: int | None = None
    reset_seconds: float | None = None


class Conversation(Shape):
    """A conversation, by its id."""

    id: str | None = None
    object: str | None = None


class LogProb(Shape):
    """How sure a transcription is of a token."""

    token: str
    bytes: list[int]
    logprob: float


class Language(Shape):
    """A language that was heard."""

    code: str


_NEEDS: dict[str, tuple[str, ...]] = {
    "message": ("role", "content"),
    "function_call": ("name", "arguments"),
    "function_call_output": ("call_id", "output"),
    "mcp_approval_response": ("approval_request_id", "approve"),
    "mcp_approval_request": ("server_label", "name", "arguments"),
    "mcp_list_tools": ("server_label", "tools"),
    "mcp_call": ("server_label", "name", "arguments"),
    "item_reference": ("id",),
}
_CONTENT: dict[str, tuple[str, ...]] = {
    "system": ("input_text",),
    "user": ("input_text", "input_audio", "input_image"),
    "assistant": ("output_text", "output_audio"),
}


def check_item(item: Item, path: str, event_id: str | None = None) -> None:
    """Check what a client's item of its type must have. Raises `WireError` naming the field below `path`."""
    if item.type not in _NEEDS:
        raise not_one_of(f"{path}.type", item.type, _NEEDS, event_id)
    for name in _NEEDS[item.type]:
        if getattr(item, name) is None:
            raise missing(f"{path}.{name}", event_id)
    if item.type == "message":
        if item.role not in _CONTENT:
            raise not_one_of(f"{path}.role", item.role, _CONTENT, event_id)
        for n, content in enumerate(item.content or ()):
            if content.type is None:
                raise missing(f"{path}.content[{n}].type", event_id)
            if content.type not in _CONTENT[item.role]:
                raise not_one_of(f"{path}.content[{n}].type", content.type, _CONTENT[item.role], event_id)


def check_session(session: Session, event_id: str | None = None) -> None:
    """Check that a client's session says of which type it is. Raises `WireError`."""
    if session.type is None:
        raise missing("session.type", event_id)
    if session.type not in {"realtime", "transcription"}:
        raise not_one_of("session.type", session.type, ("realtime", "transcription"), event_id)
