"""What would be right, in answer to what is no message."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Final, get_args

import msgspec
from msgspec import Struct

from device.door.messages import AnyRequest, Error

if TYPE_CHECKING:
    from device.door.messages import Message

KINDS: Final[dict[str, type[Message]]] = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyRequest)}


class _Head(Struct):
    """What is looked for in a line that is no request."""

    type: str = ""
    id: int | None = None


def refused(line: bytes, error: Exception) -> Error:
    """Return what to answer to a line that is no request, for `error` says so: what is wrong, what would be right."""
    try:
        head = msgspec.json.decode(line, type=_Head)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        head = _Head()
    number = head.id if head.id is not None and 0 <= head.id <= 2**53 else None
    if (kind := KINDS.get(head.type)) is not None:
        return Error("bad_message", f"{head.type}: {_told(error)}", f"say {example(kind)}", number)
    if not head.type:
        return Error("bad_message", _told(error), f"say a line of JSON such as {example(KINDS['get_status'])}", number)
    near = difflib.get_close_matches(head.type[:100], KINDS, 3)
    fix = f"did you mean {' or '.join(near)}?" if near else f"there are {', '.join(sorted(KINDS))}"
    return Error("unknown", f"there is no request {head.type[:100]!r}", fix, number)


def example(kind: type[Message]) -> str:
    """Return what a message of a kind looks like."""
    fields = [f'"type": "{kind.__struct_config__.tag}"']
    for field in msgspec.structs.fields(kind):
        if field.name == "id" or not field.required:
            continue
        fields.append(f'"{field.encode_name}": …')
    optional = [f.encode_name for f in msgspec.structs.fields(kind) if not f.required]
    may = f" and, if you like, {', '.join(optional)}" if optional else ""
    return f"{{{', '.join(fields)}}}{may}"


def _told(error: Exception) -> str:
    """Return what is wrong, without what the message held: it may be long, or a secret."""
    if isinstance(error, RecursionError):
        return "it lies too deep within itself"
    if isinstance(error, msgspec.ValidationError):
        return re.sub(r"\s*- at `\$\.?([^`]*)`", lambda at: f" (at {at[1]})" if at[1] else "", str(error))[:200]
    return f"it is no JSON: {str(error)[:200]}"
