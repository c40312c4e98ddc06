"""Cartesia's Managed Agents on the wire: JSON text frames with a `type`, audio as base64.

`encode` writes any event. `decode_server` forgives what it does not know; `decode_client` is for servers under test.
Source: Cartesia's AsyncAPI for `/v1/agents/websocket/{agent_id}`, version 2026-08-14; its SDK (cartesia 4.2) has no
types for it.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from device.wire.errors import Unknown, known

VERSION: Final = "2026-08-14"
MAX_RESULT: Final = 4096
"""Bytes of a tool's result; of a longer one the agent learns only that it was too long."""

Number: TypeAlias = int | float


class Message(Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """What a client says."""


class Event(Struct, tag_field="type", kw_only=True):
    """What a server says; a default stands for what need not have been received."""


class Audio(Struct, omit_defaults=True, frozen=True, kw_only=True):
    """How audio is sent."""

    input_format: str
    """`pcm_16000`, `pcm_24000`, `pcm_44100` or `mulaw_8000`, in both directions."""
    output_delivery: str | None = None
    """`speaking_pace`, as fast as it is spoken, or `as_available`."""


class SessionCreate(Message, tag="session_create"):
    """The first event of a client; unknown fields are refused."""

    audio: Audio
    dynamic_variables: dict[str, str | Number | bool] = {}
    """What stands for {{name}} in the agent's texts; at most 64."""


class AudioInput(Message, tag="audio_input"):
    """Microphone audio, 20 to 100 ms of it."""

    audio: bytes


class ClientToolResult(Message, tag="client_tool_result"):
    """What a call came to."""

    tool_call_id: str
    result: str
    is_error: bool | None = None
    error_type: str | None = None


class SessionReady(Event, tag="session_ready"):
    """The agent listens."""

    call_id: str = ""
    agent_id: str = ""
    agent_version_id: str = ""
    audio: Audio = Audio(input_format="")


class AudioOutput(Event, tag="audio_output"):
    """The agent's voice."""

    audio: bytes


class AudioOutputClear(Event, tag="audio_output_clear"):
    """The agent heard the user: what is queued is to be dropped. May come when nothing is."""


class ClientToolCall(Event, tag="client_tool_call"):
    """The agent calls a function of the client's."""

    tool_call_id: str
    tool_name: str
    parameters: dict[str, Any] = {}
    expects_response: bool = True


class TurnStarted(Event, tag="turn_started"):
    """A side begins to speak."""

    turn: int
    role: str
    """`user` or `assistant`."""
    start_time: Number = 0.0


class TurnOutputTextDelta(Event, tag="turn_output_text_delta"):
    """Words of the agent's, as they are spoken; with their spaces."""

    turn: int
    role: str
    text: str


class TurnEnded(Event, tag="turn_ended"):
    """A side has spoken."""

    turn: int
    role: str
    text: str = ""
    """What was really said, as far as Cartesia knows."""
    interrupted: bool = False
    start_time: Number = 0.0
    end_time: Number = 0.0
    tool_calls: list[Any] = []


class DtmfOutput(Event, tag="dtmf_output"):
    """A key of a telephone."""

    digit: str


class ErrorEvent(Event, tag="error"):
    """Something went wrong; if it is fatal, the connection closes."""

    code: str = ""
    message: str = ""
    fatal: bool = False


ClientEvent: TypeAlias = SessionCreate | AudioInput | ClientToolResult
ServerEvent: TypeAlias = (
    SessionReady
    | AudioOutput
    | AudioOutputClear
    | ClientToolCall
    | TurnStarted
    | TurnOutputTextDelta
    | TurnEnded
    | DtmfOutput
    | ErrorEvent
)

_encoder: Final = msgspec.json.Encoder()
_server: Final[msgspec.json.Decoder[ServerEvent]] = msgspec.json.Decoder(ServerEvent)
_client: Final[msgspec.json.Decoder[ClientEvent]] = msgspec.json.Decoder(ClientEvent)


def encode(event: ClientEvent | ServerEvent) -> str:
    """Return an event as JSON text."""
    return _encoder.encode(event).decode()


def decode_server(data: str | bytes) -> ServerEvent | Unknown:
    """Read a server's event; what we cannot read is `Unknown`. Raises `WireError` if it is no JSON object."""
    return known(data, _server)


def decode_client(data: str | bytes) -> ClientEvent:
    """Read a client's event. Raises `msgspec.DecodeError`."""
    return _client.decode(data)
