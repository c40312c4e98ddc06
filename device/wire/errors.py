"""What can be wrong with a message: unknown, malformed, or no JSON at all.

Shared by every protocol of which the messages are JSON objects with a `type`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterable

Shape = TypeVar("Shape")
SHOWN = 200
"""How many characters of a bad message an error or a log record may quote."""


class Unknown(Struct, frozen=True):
    """A message that is JSON but not one that we know, or one that we know in a shape that we do not."""

    type: str
    """Empty if the message has no type."""
    raw: str
    """The message as it came."""
    why: str


class WireError(Exception):
    """A message cannot be read; says what is wrong with it in terms that its sender understands."""

    def __init__(self, message: str, *, code: str, param: str | None = None, event_id: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        """As OpenAI's errors have it: `invalid_json`, `missing_required_parameter`, `invalid_type`, `invalid_value`."""
        self.param = param
        """Path of the wrong field, such as `session.audio.input`."""
        self.event_id = event_id
        """The `event_id` that the sender gave the message."""


class Envelope(Struct):
    """What every message has, whatever its type; read when the rest cannot be."""

    type: Any = None
    event_id: Any = None


_envelope: Final = msgspec.json.Decoder(Envelope)
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `(?:key in )?\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<field>.*)`$")


def envelope(text: str | bytes) -> Envelope:
    """Return type and event id of a message. Raises `WireError` if it is no JSON object."""
    try:
        return _envelope.decode(text)
    except msgspec.ValidationError as error:
        raise WireError("A message must be a JSON object.", code="invalid_json") from error
    except msgspec.DecodeError as error:
        raise WireError(f"The message is not valid JSON: {error}.", code="invalid_json") from error
    except UnicodeError as error:
        raise WireError("The message is not valid UTF-8.", code="invalid_json") from error
    except RecursionError as error:
        raise WireError("The message is nested too deeply.", code="invalid_json") from error


def known(text: str | bytes, decoder: msgspec.json.Decoder[Shape]) -> Shape | Unknown:
    """Read a message; what `decoder` cannot read is `Unknown`. Raises `WireError` if it is no JSON object."""
    try:
        return forgiving(text, decoder)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        kind = envelope(text).type
        raw = text if isinstance(text, str) else text.decode(errors="replace")
        return Unknown(kind if isinstance(kind, str) else "", raw, str(error))


def forgiving(text: str | bytes, decoder: msgspec.json.Decoder[Shape]) -> Shape:
    """Read a message in which a field that is null is as good as none, and an id may be a number.

    Raises what msgspec raises, and `RecursionError`.
    """
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        try:
            return decoder.decode(msgspec.json.encode(_plainer(msgspec.json.decode(text))))
        except msgspec.DecodeError:
            raise error from None


def _plainer(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _plainer(one, name) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [_plainer(one) for one in value if one is not None]
    is_id = key == "id" or key.endswith("_id")
    return str(value) if is_id and isinstance(value, int) and not isinstance(value, bool) else value


def missing(param: str, event_id: str | None) -> WireError:
    """Return the error for a field that must be there."""
    message = f"Missing required parameter: '{param}'."
    return WireError(message, code="missing_required_parameter", param=param, event_id=event_id)


def not_one_of(param: str, value: str | None, valid: Iterable[str], event_id: str | None) -> WireError:
    """Return the error for a field that must be one of the `valid`."""
    names = ", ".join(f"'{name}'" for name in valid)
    message = f"Invalid value for '{param}': '{(value or '')[:SHOWN]}'. Supported values are: {names}."
    return WireError(message, code="invalid_value", param=param, event_id=event_id)


def explained(error: msgspec.ValidationError, event_id: str | None) -> WireError:
    """Return what msgspec found wrong with a message's fields as a `WireError`."""
    found = _PATH.match(str(error))
    what, path = (found["what"], found["path"] or "") if found else (str(error), "")
    if absent := _MISSING.match(what):
        return missing(f"{path}.{absent['field']}" if path else absent["field"], event_id)
    code = "invalid_type" if what.startswith("Expected `") and ", got" in what else "invalid_value"
    where = f" for '{path}'" if path else ""
    return WireError(f"{what}{where}.".replace("`", "'"), code=code, param=path or None, event_id=event_id)
