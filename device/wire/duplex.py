"""vLLM-Omni's realtime duplex on the wire: what it adds to the Realtime protocol.

Source: `vllm_omni` 0.30.0, `protocol/duplex` and `clients/duplex.py`. The events that it shares with the Realtime
protocol are in `realtime`; this is the head that all of a server's events have, and the events of its own.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import msgspec
from msgspec import Struct

from device.wire.realtime_client import Message


class SessionResume(Message, tag="session.resume"):
    """Go on with a session over a new connection; the first message on it."""

    session_id: str
    resume_token: str
    last_received_server_event_seq: int


class SessionHeartbeat(Message, tag="session.heartbeat"):
    """Keep the session though nothing is said."""


class SessionEventAck(Message, tag="session.event_ack"):
    """Say up to which event all came, so that the server need not keep them."""

    server_event_seq: int


class SessionClose(Message, tag="session.close"):
    """End the session."""


class PlaybackAck(Message, tag="playback.ack"):
    """Say how much of an item was played so far."""

    response_id: str
    item_id: str
    played_ms: int
    committed_ms: int


ClientEvent: TypeAlias = SessionResume | SessionHeartbeat | SessionEventAck | SessionClose | PlaybackAck


class Abilities(Struct):
    """`session.capabilities`, as far as a client goes by it; a server that says nothing of one cannot do it."""

    supports_model_native_turn_policy: bool = False
    """The model decides when it speaks, from the sound alone."""
    supports_barge_in: bool = False
    supports_playback_ack: bool = False
    supports_audio_truncate: bool = False
    supports_session_resume: bool = False
    supports_text_only_turn: bool = False


class Resource(Struct):
    """A session, as the server tells of it."""

    id: str = ""
    capabilities: Abilities | None = None
    """None: it is no duplex session."""


class Head(Struct):
    """What a client must know of any event before it reads the rest of it; loose, since it is of them all."""

    type: str = ""
    server_event_seq: int | None = None
    """Counts the events of a session; those after the last one received come again when it is resumed."""
    session: Any = None
    resume_token: str | None = None
    """A new one with each connection."""
    sample_rate_hz: int | None = None
    """Of the audio in the event."""
    reason: Any = None
    response_id: str | None = None
    error: Any = None
    """An object, or before there is a session, text; then `code` is beside it."""
    code: Any = None

    @property
    def resource(self) -> Resource | None:
        """The session, if the event has one that is duplex."""
        try:
            found = msgspec.convert(self.session, Resource)
        except msgspec.ValidationError:
            return None
        return found if found.capabilities is not None else None


OWN: Final = frozenset(
    {
        "session.heartbeat_ack",
        "response.speak",
        "overlap.decision",
        "turn.event",
        "playback.acknowledged",
        "duplex.raw",
    }
)
"""Events of the server's own that ask nothing of a client."""

_head: Final = msgspec.json.Decoder(Head)


def head(text: str | bytes) -> Head:
    """Return the head of an event; one that is not like any is as good as empty."""
    try:
        return _head.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return Head()


def flat_error(text: str | bytes) -> tuple[str, str] | None:
    """Return code and text of an error in the shape that it has before there is a session; None if it is none."""
    found = head(text)
    if found.type != "error" or not isinstance(found.error, str):
        return None
    return str(found.code or ""), found.error
