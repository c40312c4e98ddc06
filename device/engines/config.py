"""What a session over a WebSocket needs to know: the engine's settings, what the device wants, and how to get there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from msgspec import Struct
from yarl import URL

from device.conversation.engine import Wanted
from device.engines.connection import Connection
from device.engines.faults import Endpoint
from device.settings.engines import RemoteEngine

if TYPE_CHECKING:
    from collections.abc import Mapping

Engine = TypeVar("Engine", bound=RemoteEngine)


class Config(Struct, Generic[Engine], frozen=True, kw_only=True):
    """Where a session is to be had, and what it shall be like."""

    engine: Engine
    wanted: Wanted = Wanted()
    section: str
    """The table of the settings that the engine is from, for messages."""
    open_timeout_s: float = 10.0
    """For the connection, and again for each answer while the session opens."""
    stuck_s: float = 5.0
    """A socket that takes nothing for so long is dead."""
    heartbeat_s: float | None = 15.0
    """Between pings; half of it for the answer. None: no pings."""
    unheard_s: float = 2.0
    """A connection of which the other end acknowledges nothing for so long is dead."""

    @property
    def model(self) -> str:
        """What is asked of the server, by its name there."""
        return self.engine.model

    @property
    def endpoint(self) -> Endpoint:
        """What messages may say of the server; an address can hold secrets."""
        host = URL(self.engine.url).host or "The engine"
        return Endpoint(host, self.model, self.section, self.engine.key_variable)

    def connection(self, headers: Mapping[str, str], *, url: str = "", lifetime_s: float = 0) -> Connection:
        """Return how to reach the server; at another `url`, if it is given.

        Headers with `{key}` are sent only if there is a key, empty ones never.
        """
        key = self.engine.api_key
        return Connection(
            url=url or self.engine.url,
            at=self.endpoint,
            key=key,
            headers={name: text for name, text in headers.items() if text and (key or "{key}" not in text)},
            open_timeout_s=self.open_timeout_s,
            stuck_s=self.stuck_s,
            heartbeat_s=self.heartbeat_s,
            unheard_s=self.unheard_s,
            lifetime_s=lifetime_s,
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.endpoint.host!r}, model={self.model!r})"
