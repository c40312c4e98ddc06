"""vLLM's realtime on the wire, as vLLM-Omni has it for turns (`/v1/realtime?duplex=0`): audio in, audio and text out.

Source: `vllm_omni` 0.30.0, `entrypoints/openai/realtime_connection.py`, of which the base is in `vllm`,
`entrypoints/speech_to_text/realtime/{connection,protocol}.py`. The server takes three messages:

- `{"type": "session.update", "model": NAME}`, not answered unless the model is wrong;
- `{"type": "input_audio_buffer.append", "audio": BASE64}`, s16le mono at the model's rate, 16 kHz;
- `{"type": "input_audio_buffer.commit", "final": false}` begins a reply, and with `true` the audio for it is complete.

It says, without ids:

- `{"type": "session.created", "id": "sess-…", "created": UNIX TIME}`, before anything is asked;
- `{"type": "transcription.delta", "delta": TEXT}` and `{"type": "transcription.done", "text": TEXT, "usage": {…}}`: the
  words of the reply, whatever the name says; those of the user never come;
- `{"type": "response.output_audio.delta", "audio": BASE64, "format": "pcm16", "sample_rate_hz": 24000}`;
- `{"type": "response.output_audio.done", "has_audio": BOOL}`, the last of each reply, also of one that failed;
- `{"type": "error", "error": TEXT, "code": CODE OR null}`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from device.wire.errors import Unknown, known
from device.wire.realtime_client import Message


class SessionUpdate(Message, tag="session.update"):
    """Name the model; nothing is taken from a client that has not."""

    model: str


class Commit(Message, tag="input_audio_buffer.commit"):
    """Begin a reply to what was and will be appended, or (`final`) say that all of it was."""

    final: bool


class Event(Struct, tag_field="type"):
    """What a server says."""


class SessionCreated(Event, tag="session.created"):
    """The server is there."""


class Usage(Struct):
    """What a reply cost, in tokens of the model that thinks; those of the one that speaks are not counted."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class TranscriptionDelta(Event, tag="transcription.delta"):
    """A piece of the reply's words."""

    delta: str


class TranscriptionDone(Event, tag="transcription.done"):
    """All of the reply's words; its audio may go on."""

    text: str
    usage: Usage | None = None


class AudioDelta(Event, tag="response.output_audio.delta"):
    """A piece of the reply's audio."""

    audio: bytes
    """Base64 on the wire."""
    sample_rate_hz: int = 24_000


class AudioDone(Event, tag="response.output_audio.done"):
    """The reply is over."""


class Error(Event, tag="error"):
    """Something went wrong; the session goes on unless the server closes it."""

    error: str
    code: str | None = None


ServerEvent: TypeAlias = SessionCreated | TranscriptionDelta | TranscriptionDone | AudioDelta | AudioDone | Error

_server: Final[msgspec.json.Decoder[ServerEvent]] = msgspec.json.Decoder(ServerEvent)


def decode_server(text: str | bytes) -> ServerEvent | Unknown:
    """Read a server's event; what we cannot read is `Unknown`. Raises `WireError` if it is no JSON object."""
    return known(text, _server)
