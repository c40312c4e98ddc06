"""Cartesia's Sonic on the wire, `/tts/websocket`: JSON text frames, audio as base64.

Source: `GenerationRequest`, `WebsocketClientEvent` and `WebsocketResponse` of the SDK cartesia 4.2.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Struct, UnsetType, field

from device.wire.errors import Unknown, known

SLOWEST, FASTEST = 0.6, 1.5
"""Speeds that `GenerationConfig` takes."""


class OutputFormat(Struct, frozen=True):
    """What the audio shall be."""

    sample_rate: int
    container: str = "raw"
    encoding: str = "pcm_s16le"


class VoiceSpecifier(Struct, frozen=True):
    """Whose voice."""

    id: str
    mode: str = "id"


class GenerationConfig(Struct, frozen=True, omit_defaults=True):
    """How it is said; Sonic 3 and newer."""

    speed: float = 1.0


class GenerationRequest(Struct, kw_only=True, frozen=True):
    """Text for a context; all but the text must be the same throughout a context."""

    context_id: str
    model_id: str
    voice: VoiceSpecifier
    output_format: OutputFormat
    transcript: str
    more: bool = field(name="continue")
    """Whether text follows in this context."""
    language: str | UnsetType = UNSET
    generation_config: GenerationConfig | UnsetType = UNSET
    max_buffer_delay_ms: int = 0
    """How long to wait for more text before speaking; 0 for whole sentences."""
    add_timestamps: bool = True


class CancelContextRequest(Struct, frozen=True):
    """Ends a context; what is being generated still comes."""

    context_id: str
    cancel: Literal[True] = True


class Event(Struct, tag_field="type", kw_only=True):
    """What the server says."""

    context_id: str | None = None


class Chunk(Event, tag="chunk"):
    """A piece of audio."""

    data: bytes = b""


class WordTimestamps(Struct):
    """Words with their times in the context, in seconds."""

    words: list[str]
    start: list[float]
    end: list[float]


class Timestamps(Event, tag="timestamps"):
    """When words are spoken."""

    word_timestamps: WordTimestamps | None = None


class FlushDone(Event, tag="flush_done"):
    """All audio of a flush has been sent."""


class PhonemeTimestamps(Event, tag="phoneme_timestamps"):
    """When sounds are spoken."""


class Done(Event, tag="done"):
    """All audio of a context has been sent."""


class Error(Event, tag="error"):
    """A context, or the connection without `context_id`, failed."""

    title: str | None = None
    message: str | None = None
    error_code: str | None = None
    status_code: int | None = None


ServerEvent: TypeAlias = Chunk | Timestamps | FlushDone | PhonemeTimestamps | Done | Error

_encoder: Final = msgspec.json.Encoder()
_server: Final[msgspec.json.Decoder[ServerEvent]] = msgspec.json.Decoder(ServerEvent)


def encode(message: GenerationRequest | CancelContextRequest | Event) -> str:
    """Return a message as JSON text."""
    return _encoder.encode(message).decode()


def decode_server(text: str | bytes) -> ServerEvent | Unknown:
    """Read a server's event; what cannot be read is `Unknown`. Raises `WireError` if it is no JSON object."""
    return known(text, _server)
