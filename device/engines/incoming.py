"""How a server's messages are read: what is not understood is warned of and passed over, and ends no session."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Generic, TypeVar

from msgspec import Struct

from device.wire.errors import Unknown, WireError

Message = TypeVar("Message")


class Incoming(Struct, Generic[Message], frozen=True, kw_only=True):
    """The messages of one protocol's server.

    `warn(what, text)` gets what is wrong, as `WebSocketSession.warn` does: the kind of it, and what to say of it.
    """

    decode: Callable[[str | bytes], Message | Unknown]
    """Reads a message; raises `WireError` if it is no JSON object."""
    called: str = "an event"
    text_only: bool = False
    """The protocol has no binary frames."""
    idle: Collection[str] = ()
    """Types that are not understood and need not be: nobody is told of them."""

    def read(self, data: str | bytes, warn: Callable[[str, str], None]) -> Message | Unknown | None:
        """Return a message, understood or not; None if it is none at all."""
        if self.text_only and isinstance(data, bytes):
            warn("binary", "The engine sends binary frames, which are no part of the protocol")
            return None
        try:
            found = self.decode(data)
        except WireError as error:
            warn("json", f"The engine sends what is no JSON object ({error.code}); it is passed over")
            return None
        if isinstance(found, Unknown) and found.type not in self.idle:
            warn(found.type, f"The engine sent {self.called} that is not understood: {found.type}: {found.why}")
        return found

    def understood(self, data: str | bytes, warn: Callable[[str, str], None]) -> Message | None:
        """Return a message if it is understood."""
        found = self.read(data, warn)
        return None if isinstance(found, Unknown) else found
