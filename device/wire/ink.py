"""Cartesia's Ink on the wire: audio in binary frames up, JSON text frames down.

`/stt/turns/websocket` finds the turns itself; on `/stt/websocket` the client says `finalize`, as a bare text frame.
Source: `types.stt` of the SDK cartesia 4.2.
"""

from __future__ import annotations

from typing import Final, TypeAlias

import msgspec
from msgspec import Struct

from device.wire.errors import Unknown, known

CLOSE_TURNS: Final = '{"type":"close"}'
"""Ends a stream of turns in good order."""
FINALIZE, CLOSE = "finalize", "close"
"""What a client says beside audio where it says itself when to write down."""


class Event(Struct, tag_field="type", kw_only=True):
    """What the server says."""


class Connected(Event, tag="connected"):
    """The connection stands; audio may be sent before."""


class TurnStart(Event, tag="turn.start"):
    """The user began to speak."""


class TurnUpdate(Event, tag="turn.update"):
    """What the turn says so far."""

    transcript: str = ""


class TurnEagerEnd(Event, tag="turn.eager_end"):
    """The turn may be over."""

    transcript: str = ""


class TurnResume(Event, tag="turn.resume"):
    """It was not."""


class TurnEnd(Event, tag="turn.end"):
    """The turn is over."""

    transcript: str = ""


class Transcript(Event, tag="transcript"):
    """Words; those that are final are to be joined as they are."""

    text: str = ""
    is_final: bool = False


class FlushDone(Event, tag="flush_done"):
    """All that was sent before `finalize` has been written down."""


class Done(Event, tag="done"):
    """The same for `close`; the connection ends."""


class Error(Event, tag="error"):
    """Something failed."""

    title: str | None = None
    message: str | None = None
    error_code: str | None = None
    status_code: int | None = None


ServerEvent: TypeAlias = (
    Connected | TurnStart | TurnUpdate | TurnEagerEnd | TurnResume | TurnEnd | Transcript | FlushDone | Done | Error
)

_encoder: Final = msgspec.json.Encoder()
_server: Final[msgspec.json.Decoder[ServerEvent]] = msgspec.json.Decoder(ServerEvent)


def encode(event: Event) -> str:
    """Return a server's event as JSON text."""
    return _encoder.encode(event).decode()


def decode_server(text: str | bytes) -> ServerEvent | Unknown:
    """Read a server's event; what cannot be read is `Unknown`. Raises `WireError` if it is no JSON object."""
    return known(text, _server)
