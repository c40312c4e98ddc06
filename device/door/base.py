"""What every message at the door is made of; which there are is in `messages.py` and beside it."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

RequestId = Annotated[int, Meta(ge=0, le=2**53)]


def _tag(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()


class Message(Struct, frozen=True, tag_field="type", tag=_tag, omit_defaults=True):
    """Whatever is said."""


class Request(Message, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a client asks for; answered by one reply with the same `id`, or by an `Error`."""

    id: RequestId = 0


class Reply(Message, frozen=True, kw_only=True):
    """The answer to the request with this `id`."""

    id: RequestId = 0


class Event(Message, frozen=True):
    """What a subscriber is told."""
