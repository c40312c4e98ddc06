"""Cartesia's Managed Agents: a whole speech-to-speech engine, set up at Cartesia's.

The agent's voice, language model, instructions and tools belong to it; a session says who speaks and what was said
before, as the agent's dynamic variables. The agent decides by itself when a turn ends and what interrupts it.
What events mean is in `turns`. Protocol: `wire.cartesia`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from yarl import URL

from device.conversation.engine import Capabilities, EngineEvent, Fault
from device.engines.cartesia.turns import Turns
from device.engines.config import Config
from device.engines.incoming import Incoming
from device.engines.websocket import WebSocketSession
from device.settings.engines import CartesiaEngine
from device.wire import cartesia as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.engine import Said
    from device.conversation.events import Heard
    from device.engines.faults import Endpoint

RATE: Final = 24_000
"""Hz, in both directions: the protocol has one format."""
SHORTEST: Final = 2 * RATE * 20 // 1000
LONGEST: Final = 2 * RATE * 100 // 1000
"""Bytes of the shortest and longest audio that a message should have."""
EVENTS: Final[Incoming[wire.ServerEvent]] = Incoming(decode=wire.decode_server)
HISTORY: Final = 4000
"""Characters of what was said before that the agent is told, the newest. A choice: some five minutes of talk; more is
read by the agent's model, and paid for, with every turn."""


class CartesiaConfig(Config[CartesiaEngine], frozen=True, kw_only=True):
    """Where a session is to be had, and what it shall be like."""

    section: str = "engine.cartesia"
    name: str = ""
    """What the assistant calls itself."""

    @property
    def model(self) -> str:
        """The agent's id."""
        return self.engine.agent


class CartesiaSession(WebSocketSession):
    """An `EngineSession` with a Cartesia agent; for one conversation, opened once."""

    rate = RATE

    def __init__(self, config: CartesiaConfig) -> None:
        url = URL(config.engine.url) / config.model
        super().__init__(
            config.connection({"X-API-Key": "{key}"}, url=str(url.update_query(cartesia_version=wire.VERSION)))
        )
        # An agent closes after 120 s without audio, and ends a turn only by hearing silence.
        self.capabilities = Capabilities(truncation=False, continuous=True, prompted=False)
        self.config = config
        """Where it is to be had, and what it shall be like."""
        self._turns = Turns()
        self._unsent_pcm = bytearray()

    async def hear(self, pcm: bytes) -> None:
        """Send microphone audio, s16le mono at 24 kHz; never waits for the network."""
        self._unsent_pcm += pcm
        while len(self._unsent_pcm) >= SHORTEST:
            self.send(wire.encode(wire.AudioInput(audio=bytes(self._unsent_pcm[:LONGEST]))))
            del self._unsent_pcm[:LONGEST]

    async def commit(self) -> None:
        """Do nothing: the agent finds the ends of turns by itself."""

    async def interrupt(self, heard: Sequence[Heard]) -> None:  # noqa: ARG002 - the protocol cannot tell
        """Drop what still comes of the reply; the agent stops when it hears the user."""
        self._turns.interrupt()

    async def discard(self) -> None:
        """Do nothing: the protocol cannot take audio back."""

    async def say(self, text: str, *, tools: bool = True) -> None:
        """Do nothing: an agent cannot be asked to speak (`capabilities.prompted`)."""

    async def ask(self, text: str) -> None:
        """Do nothing: an agent only hears (`capabilities.prompted`)."""

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:  # noqa: ARG002 - the agent decides
        """Return a tool's output; the agent speaks of it as its instructions have it."""
        for event in self._turns.tool_result(call_id, output):
            self.tell(event)
        for message in self._turns.drain():
            self.send(wire.encode(message))

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event is of a reply that was interrupted."""
        return self._turns.stale(event)

    def opening(self, history: Sequence[Said] = ()) -> str:
        """Return the message that says what the session is to be like."""
        audio = wire.Audio(input_format=f"pcm_{RATE}", output_delivery=self.config.engine.output_delivery)
        return wire.encode(wire.SessionCreate(audio=audio, dynamic_variables=variables(self.config, history)))

    async def greet(self, history: Sequence[Said]) -> Fault | None:
        """Say what the session is to be like, and wait until the agent is ready."""
        return await self.agree(self.opening(history), "session_ready", self._ready)

    def receive(self, data: str | bytes) -> None:
        """Take an event."""
        event = EVENTS.understood(data, self.warn)
        if isinstance(event, wire.ErrorEvent):
            if event.fatal:
                self.fail(failed(event, self._at))
            else:
                self.warn(f"error {event.code}", f"The agent complains: {event.code}: {event.message}")
        elif event is not None:
            for one in self._turns.receive(event):
                self.tell(one)

    def _ready(self, data: str | bytes) -> Fault | bool:
        event = EVENTS.understood(data, self.warn)
        if isinstance(event, wire.ErrorEvent):
            # One that is not fatal is as bad here: nothing but our first event can have caused it.
            return failed(event, self._at, opening=True)
        return isinstance(event, wire.SessionReady)


def variables(config: CartesiaConfig, history: Sequence[Said]) -> dict[str, str | int | float | bool]:
    """Return what the agent's texts can refer to as {{assistant_name}}, {{language}} and {{history}}."""
    said = "\n".join(f"{'User' if one.role == 'user' else 'You'}: {one.text}" for one in history)
    return {"assistant_name": config.name, "language": config.wanted.language, "history": said[-HISTORY:]}


def failed(error: wire.ErrorEvent, at: Endpoint, *, opening: bool = False) -> Fault:
    """Return the fault for an error that ends the session."""
    text = f"{at.host} ended the session: {error.message or error.code or 'no reason given'}"
    if opening:
        text = f"{at.host} did not open a session with the agent {at.model}: {error.message or error.code}"
    name = error.code.lower()
    if "auth" in name or "key" in name or "permission" in name:
        return Fault(error.code, f"{text}; {at.key}", retry=False)
    if "not_found" in name or "agent" in name:
        return Fault(error.code, f"{text}; check {at.section}.agent", retry=False)
    if opening and "invalid" in name:
        return Fault(error.code, f"{text}; see [{at.section}]", retry=False)
    return Fault(error.code or "session_failed", text, retry=True)
