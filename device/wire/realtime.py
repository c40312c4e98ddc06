"""OpenAI Realtime (GA) on the wire: every client and server event, typed, for both ends of a connection.

`encode` writes any event. `decode_server` is for clients and forgives: unknown fields, absent indices, unknown events.
`decode_client` is for servers and explains what is wrong. A class is named as its event type in camel case.
Source: `openai.types.realtime` (openai 3.54); the shapes inside events are in `realtime_items`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, Union, get_args

import msgspec

from device.wire.errors import Unknown, WireError, envelope, explained, known, not_one_of
from device.wire.realtime_client import *  # noqa: F403 - the events are this module's vocabulary
from device.wire.realtime_client import ClientEvent, ConversationItemCreate, Message, ResponseCreate, SessionUpdate
from device.wire.realtime_items import check_item, check_session
from device.wire.realtime_server import *  # noqa: F403 - the events are this module's vocabulary
from device.wire.realtime_server import ServerEvent

if TYPE_CHECKING:
    from collections.abc import Mapping

Decoder: TypeAlias = "msgspec.json.Decoder[ServerEvent]"

_CLIENT_NAMES: Final = tuple(str(kind.__struct_config__.tag) for kind in get_args(ClientEvent))

BETA_FIELDS: Final = {
    "modalities": "output_modalities",
    "voice": "audio.output.voice",
    "speed": "audio.output.speed",
    "input_audio_format": "audio.input.format",
    "output_audio_format": "audio.output.format",
    "input_audio_transcription": "audio.input.transcription",
    "input_audio_noise_reduction": "audio.input.noise_reduction",
    "turn_detection": "audio.input.turn_detection",
    "max_response_output_tokens": "max_output_tokens",
}
"""What a session of the beta had, and what it is called since: OpenAI's guide from the beta to GA."""


class _BetaUpdate(msgspec.Struct):
    """A `session.update`, to see whether it is one of the beta."""

    session: dict[str, msgspec.Raw]


_beta: Final = msgspec.json.Decoder(_BetaUpdate)
_encoder: Final = msgspec.json.Encoder()
_server: Final[msgspec.json.Decoder[ServerEvent]] = msgspec.json.Decoder(ServerEvent)
_client: Final[msgspec.json.Decoder[ClientEvent]] = msgspec.json.Decoder(ClientEvent)


def encode(message: Message) -> str:
    """Return an event as JSON text."""
    return _encoder.encode(message).decode()


def server_decoder(names: Mapping[str, str]) -> Decoder:
    """Return a decoder for `decode_server` that also knows events by other names: theirs, and the protocol's.

    What is read by such a name is of a subclass of the protocol's event. Raises KeyError if there is no such event.
    """
    if not names:
        return _server
    kinds = {kind.__struct_config__.tag: kind for kind in get_args(ServerEvent)}
    others = [
        msgspec.defstruct(f"{kinds[name].__name__}Alias", [], bases=(kinds[name],), tag=other)
        for other, name in names.items()
    ]
    union: Any = Union[(*get_args(ServerEvent), *others)]
    return msgspec.json.Decoder(union)


def decode_server(text: str | bytes, decoder: Decoder = _server) -> ServerEvent | Unknown:
    """Read a server's event; what we cannot read is `Unknown`. Raises `WireError` if it is no JSON object."""
    return known(text, decoder)


def decode_client(text: str | bytes) -> ClientEvent:
    """Read a client's event. Raises `WireError` saying what is wrong with it, as the protocol's errors do."""
    try:
        message = _client.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        head = envelope(text)
        event_id = head.event_id if isinstance(head.event_id, str) else None
        if not isinstance(error, msgspec.ValidationError):
            raise WireError("The message cannot be read.", code="invalid_json", event_id=event_id) from error
        if isinstance(head.type, str) and head.type not in _CLIENT_NAMES:
            raise not_one_of("type", head.type, _CLIENT_NAMES, event_id) from error
        raise explained(error, event_id) from error
    event_id = message.event_id
    if isinstance(message, SessionUpdate):
        try:
            check_session(message.session, event_id)
        except WireError as error:
            raise _named_beta(error, text) from error
    elif isinstance(message, ConversationItemCreate):
        check_item(message.item, "item", event_id)
    elif isinstance(message, ResponseCreate) and message.response and message.response.input:
        for n, item in enumerate(message.response.input):
            check_item(item, f"response.input[{n}]", event_id)
    return message


def _named_beta(error: WireError, text: str | bytes) -> WireError:
    """Return what is wrong with a session so that a client of the beta knows why."""
    try:
        found = _beta.decode(text).session.keys() & BETA_FIELDS.keys()
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return error
    if not found:
        return error
    now = ", ".join(f"'{name}' is now '{BETA_FIELDS[name]}'" for name in sorted(found))
    message = f"{error.message} This is a session of the Realtime API's beta, which has ended: {now}."
    return WireError(message, code=error.code, param=error.param, event_id=error.event_id)
