"""Servers that take a turn's audio and answer with audio and text, and know nothing else: vLLM-Omni's turns.

They have no instructions, history, tools, or way to end a reply, so the device does what can be done without them. What
their events mean is in `bare_turns`. Protocol: `wire.bare`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from device.engines.incoming import Incoming
from device.engines.realtime.bare_turns import BareTurns
from device.engines.realtime.session import RealtimeSession
from device.wire import bare, realtime
from device.wire.realtime_items import ErrorDetail, Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.engine import Fault, Said
    from device.engines.realtime.config import RealtimeConfig

EVENTS: Final[Incoming[bare.ServerEvent]] = Incoming(decode=bare.decode_server)


class BareSession(RealtimeSession):
    """An `EngineSession` with such a server; each turn stands alone."""

    def __init__(self, config: RealtimeConfig) -> None:
        super().__init__(config)
        self.capabilities = replace(self.capabilities, prompted=False)
        self._turns = BareTurns()

    async def hear(self, pcm: bytes) -> None:
        """Keep microphone audio, s16le mono, until the turn is over."""
        self._turns.hear(pcm)

    async def say(self, text: str, *, tools: bool = True) -> None:
        """Do nothing: the server cannot be asked to speak (`capabilities.prompted`)."""

    async def ask(self, text: str) -> None:
        """Do nothing: the server only hears (`capabilities.prompted`)."""

    def opening(self) -> str:
        """Return the message that names the model; there is nothing else to say."""
        return realtime.encode(bare.SessionUpdate(model=self.config.engine.model))

    async def greet(self, history: Sequence[Said]) -> Fault | None:  # noqa: ARG002 - there is no place for it
        """Name the model; whether it is a wrong one, the server says later, if at all."""
        return await self._await(self.opening(), *self._dialect.greetings)

    def seed(self, history: Sequence[Said]) -> None:
        """Do nothing: there is no place for it."""

    def receive(self, data: str | bytes) -> None:
        """Take an event."""
        event = EVENTS.understood(data, self.warn)
        if isinstance(event, bare.AudioDelta) and event.sample_rate_hz > 0:
            self._responses.rate = event.sample_rate_hz
        for one in self._turns.receive(event) if event is not None else ():
            self._take(one)

    def _decoded(self, data: str | bytes) -> realtime.ServerEvent | None:
        """Return what comes while the session opens."""
        event = EVENTS.understood(data, self.warn)
        if isinstance(event, bare.Error):
            return realtime.ErrorEvent(ErrorDetail(code=event.code, message=event.error))
        return realtime.SessionCreated(Session()) if isinstance(event, bare.SessionCreated) else None

    def _say(self, message: realtime.ClientEvent) -> None:
        for one in self._turns.messages(message):
            self.send(realtime.encode(one))
