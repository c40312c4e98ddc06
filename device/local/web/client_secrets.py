"""Keys for a short time, which SDKs ask for before they connect; with each goes what its session shall be like.

The local engine asks nobody for a key: one that it has given out brings its session's settings, and any other brings
none.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from device.local.session.config import default_session, update_session
from device.local.session.items import fresh
from device.wire.errors import WireError, explained
from device.wire.realtime_items import Session

if TYPE_CHECKING:
    from collections.abc import Callable

PREFIX: Final = "ek_"
SHORTEST_S, USUAL_S, LONGEST_S = 10, 600, 7200
"""How long a key is good for: as OpenAI's reference of `expires_after.seconds` has it."""
MOST: Final = 64
"""Keys that are kept, the newest. A choice: each is used within moments, once."""
LARGEST: Final = 256 * 1024
"""Bytes of a request for one: more than any instructions and tools need."""


class ExpiresAfter(Struct):
    """When the key expires, counted from now."""

    anchor: str = "created_at"
    seconds: int = USUAL_S


class Wanted(Struct):
    """What a client sends."""

    expires_after: ExpiresAfter = field(default_factory=ExpiresAfter)
    session: Session = field(default_factory=Session)


class ClientSecrets:
    """The keys that were given out. `clock` tells the seconds since 1970."""

    def __init__(self, voice: str, clock: Callable[[], float] = time.time) -> None:
        self._voice = voice
        self._clock = clock
        self._given: OrderedDict[str, tuple[float, Session]] = OrderedDict()

    def give(self, body: bytes) -> dict[str, Any]:
        """Return the answer to a request for a key. Raises `WireError` for what no session can be like."""
        wanted = _read(body)
        seconds = wanted.expires_after.seconds
        if not SHORTEST_S <= seconds <= LONGEST_S:
            raise WireError(
                f"Invalid value for 'expires_after.seconds': {seconds} must lie between {SHORTEST_S} and {LONGEST_S}.",
                code="invalid_value",
                param="expires_after.seconds",
            )
        asked = replace(wanted.session, type=wanted.session.type or "realtime")
        session = update_session(default_session(fresh("sess"), asked.model or "parley", self._voice), asked)
        key, expires = f"{PREFIX}{secrets.token_hex(16)}", int(self._clock()) + seconds
        self._given[key] = expires, asked
        while len(self._given) > MOST:
            self._given.popitem(last=False)
        return {"value": key, "expires_at": expires, "session": msgspec.to_builtins(session)}

    def session(self, key: str) -> Session | None:
        """Return what the session shall be like of a client with that key; None if nothing is known of it."""
        expires, session = self._given.get(key, (0.0, None))
        return session if self._clock() < expires else None


def _read(body: bytes) -> Wanted:
    try:
        return msgspec.json.decode(body or b"{}", type=Wanted)
    except msgspec.ValidationError as error:
        raise explained(error, None) from error
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise WireError("The body must be a JSON object.", code="invalid_json") from error
