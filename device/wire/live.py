"""OpenAI GPT-Live on the wire, as the client of a primary WebSocket uses it.

Source: `openai.types.live` (openai 3.54). A class is named as its event type in camel case. Servers reject fields that
they do not know, and tell null from absent; we forgive: what cannot be read is `Unknown`.
"""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Struct

from device.wire.errors import Unknown, known
from device.wire.realtime_client import Message

RATES: Final = (16_000, 24_000)
"""Hz that `audio/pcm` may have; the same in both directions."""
MOST_INPUT: Final = 128
"""Messages of history that a session may begin with."""
MOST_INPUT_TOKENS: Final = 8192
"""Tokens that they may come to, as servers are configured by default."""
MOST_APPENDED_TOKENS: Final = 500
"""Tokens of what one message may append."""

IDLE: Final = frozenset(
    {
        "session.updated",
        "session.input_audio.append",
        "session.input_audio.muted",
        "session.input_audio.unmuted",
        "session.output_audio.fixture.playing",
        "session.output_audio.fixture.played",
        "session.instructions.appended",
        "session.thinking.appended",
        "session.commentary.appended",
        "decision.event",
        "decision.item.created",
        "decision.item.deleted",
        "info",
        "session.paused",
        "session.resumed",
        "transport.dtmf.received",
        "transport.dtmf.send",
        "transport.dtmf.sent",
        "transport.ringing",
        "transport.answered",
        "transport.failed",
    }
)
"""Server events that mean nothing to us; the rest of them have a class here."""


class Shape(Struct, omit_defaults=True, kw_only=True):
    """A part of an event."""


# What the session is asked to be


class AudioFormat(Shape):
    """Raw audio."""

    type: Literal["audio/pcm"]
    rate: int


class AudioOutput(Shape):
    """The voice."""

    voice: str | None = None


class Audio(Shape):
    """How the session sounds, in both directions."""

    format: AudioFormat | None = None
    output: AudioOutput | None = None


class FunctionTool(Shape):
    """A function that the backend may call."""

    type: Literal["function"]
    name: str
    description: str
    parameters: dict[str, Any]


class ResponsesConfig(Shape):
    """The backend to which a session delegates: a model of the Responses API."""

    model: str
    instructions: str | None = None
    tools: list[FunctionTool] | None = None


class Delegation(Shape):
    """Who does what the voice's model does not do by itself."""

    type: Literal["client", "responses"]
    responses: ResponsesConfig | None = None


class Content(Shape):
    """The one part of a message of the history."""

    type: Literal["input_text", "output_text"]
    text: str


class InitialMessage(Shape):
    """A message of the history."""

    type: Literal["message"]
    role: Literal["developer", "user", "assistant"]
    content: list[Content]


class Session(Shape):
    """What a session is asked to be; nothing of it can be changed later, but for the delegation's settings."""

    model: str
    instructions: str | None = None
    input: list[InitialMessage] | None = None
    audio: Audio | None = None
    delegation: Delegation | None = None


# What we say


class SessionStart(Message, tag="session.start"):
    """The first message."""

    session: Session


class SessionInputAudioAppend(Message, tag="session.input_audio.append"):
    """Microphone audio, or zeros: the session's clock."""

    audio: bytes


class Append(Message, kw_only=True):
    """Text for the model; at most 500 tokens."""

    content: str
    delegation_id: str | None
    """Must be there: null, or the client's delegation that it answers."""


class SessionInstructionsAppend(Append, tag="session.instructions.append"):
    """More instructions, which stay in the conversation."""


class SessionThinkingAppend(Append, tag="session.thinking.append"):
    """What to know and not to speak of."""


class SessionCommentaryAppend(Append, tag="session.commentary.append"):
    """What to speak of."""


class CallOutput(Shape):
    """What a function returned."""

    type: Literal["function_call_output"]
    call_id: str
    output: str


class ResponseItemCreate(Message, tag="response.item.create"):
    """Give the backend a function's output."""

    item: CallOutput


class ResponseCreate(Message, tag="response.create"):
    """Have the backend go on."""


class SessionClose(Message, tag="session.close"):
    """End the session in good order."""


ClientEvent: TypeAlias = (
    SessionStart
    | SessionInputAudioAppend
    | SessionInstructionsAppend
    | SessionThinkingAppend
    | SessionCommentaryAppend
    | ResponseItemCreate
    | ResponseCreate
    | SessionClose
)

# What the server says


class Resource(Shape):
    """A session, as the server has it."""

    id: str = ""
    expires_at: float | None = None
    """Seconds since 1970."""


class SessionUsage(Shape):
    """What the session has cost since it began.

    The parts, of sessions that pause, add up to the whole; a pause costs less. Ours do not: WebRTC alone can.
    """

    seconds: float | None = None
    active_seconds: float | None = None
    paused_seconds: float | None = None

    @property
    def billed(self) -> float:
        """What is charged, in seconds."""
        return (self.active_seconds or 0.0) + (self.paused_seconds or 0.0) if self.seconds is None else self.seconds


class LiveError(Shape):
    """What went wrong."""

    code: str | None = None
    message: str = ""
    type: str | None = None
    param: str | None = None
    client_event_id: str | None = None
    """Of our message that it answers."""


class DelegationInfo(Shape):
    """A piece of work that the voice's model handed over; what it is about is not said."""

    id: str
    target: str


class NestedUsage(Shape):
    """Tokens of a response."""

    input_tokens: int | None = None
    output_tokens: int | None = None


class NestedError(Shape):
    """Why a response failed."""

    code: str | None = None
    message: str | None = None


class NestedReason(Shape):
    """Why a response is incomplete."""

    reason: str | None = None


class NestedResponse(Shape):
    """A response of the backend, of which the output comes in events of its own."""

    id: str = ""
    usage: NestedUsage | None = None
    error: NestedError | None = None
    incomplete_details: NestedReason | None = None


class NestedItem(Shape):
    """An output item of the backend."""

    type: str = ""
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    status: str | None = None


class Nested(Shape):
    """An event of the Responses API's stream; `item` and `response` where the type has one."""

    type: str = ""
    item: NestedItem | None = None
    response: NestedResponse | None = None


class Fragment(Message, kw_only=True):
    """A piece of a transcript; times are on the session's clock. Nobody says when a turn is complete."""

    delta: str
    start_ms: float
    end_ms: float


class SessionStarted(Message, tag="session.started"):
    """The session is ready."""

    session: Resource


class SessionOutputAudioDelta(Message, tag="session.output_audio.delta"):
    """The next piece of what the model says, its silence included."""

    delta: bytes


class SessionInputTranscriptDelta(Fragment, tag="session.input_transcript.delta"):
    """What the user said."""


class SessionOutputTranscriptDelta(Fragment, tag="session.output_transcript.delta"):
    """What the model said."""


class SessionDelegationCreated(Message, tag="session.delegation.created"):
    """The model handed work over."""

    delegation: DelegationInfo


class ResponseEvent(Message, tag="response.event"):
    """The backend said something."""

    event: Nested
    delegation_id: str | None = None


class SessionUsageUpdated(Message, tag="session.usage.updated"):
    """What the session has cost."""

    usage: SessionUsage


class SessionClosed(Message, tag="session.closed"):
    """The session is over."""

    reason: str
    """close_requested, expired, content, remote_hangup, connection_lost."""
    usage: SessionUsage | None = None


class ErrorEvent(Message, tag="error"):
    """Something went wrong; the session goes on unless it is closed."""

    error: LiveError


ServerEvent: TypeAlias = (
    SessionStarted
    | SessionOutputAudioDelta
    | SessionInputTranscriptDelta
    | SessionOutputTranscriptDelta
    | SessionDelegationCreated
    | ResponseEvent
    | SessionUsageUpdated
    | SessionClosed
    | ErrorEvent
)

_encoder: Final = msgspec.json.Encoder()
_server: Final[msgspec.json.Decoder[ServerEvent]] = msgspec.json.Decoder(ServerEvent)


def encode(message: ClientEvent) -> str:
    """Return an event as JSON text."""
    return _encoder.encode(message).decode()


def decode_server(text: str | bytes) -> ServerEvent | Unknown:
    """Read a server's event; what we cannot read is `Unknown`. Raises `WireError` if it is no JSON object."""
    return known(text, _server)
