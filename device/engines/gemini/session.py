"""Google's Gemini Live.

A connection lives some ten minutes, a session as long as one likes: when the server says that it will close
(`goAway`), the next connection is opened beside it, and in a pause the session goes on there by its handle. Audio
that the handle does not cover is sent again. Where that fails, the session says that it expires.

What messages mean is in `turns`, what is kept for the next connection in `resume`.
Protocol: `wire.gemini`. Key in a header, handle, durations: google-genai 3.4.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from device.conversation.engine import Capabilities, EngineError, Expiring, Fault, ReplyStarted
from device.engines import faults
from device.engines.gemini.config import HEAR_RATE, RATE, GeminiConfig, setup_of
from device.engines.gemini.resume import Resumption
from device.engines.gemini.turns import Turns
from device.engines.incoming import Incoming
from device.engines.websocket import WebSocketSession
from device.wire import gemini as wire

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from device.conversation.engine import EngineEvent, Said
    from device.conversation.events import Heard
    from device.engines.faults import Endpoint

MESSAGES: Final[Incoming[wire.ServerMessage]] = Incoming(decode=wire.decode_server, called="a message")
SUCCESSOR_SHARE: Final = 0.5
"""The part of the time that is left to a connection in which its successor must be there. A choice: the other half is
for further attempts."""
ORPHANED_S: Final = 1.5
"""How long to wait for the next connection once the present one is gone. A choice: longer is silence for the user,
where a new session, without the old one's memory, would be there."""


class GeminiSession:
    """An `EngineSession` with Gemini Live, in as many connections as it takes; for one conversation, opened once."""

    rate = RATE

    def __init__(self, config: GeminiConfig) -> None:
        self.capabilities = Capabilities(truncation=False, server_vad=not config.manual, hear_rate=HEAR_RATE)
        self.config = config
        """Where it is to be had, and what it shall be like."""
        self._turns = Turns(manual=config.manual, blocking=config.blocking)
        self._resumption = Resumption()
        self._connection = _Connection(config, "", self._take, self._turns.stale)
        self._left: _Connection | None = None
        self._moving: asyncio.Task[None] | None = None
        self._pause = asyncio.Event()

    def __repr__(self) -> str:
        return f"GeminiSession({self.config.endpoint.host!r}, model={self.config.model!r})"

    def opening(self) -> str:
        """Return the message that says what the session is to be like, without what was said before."""
        return opening(self.config)

    async def open(self, history: Sequence[Said]) -> None:
        """Connect, configure and seed with what was said before. Raises `EngineError`."""
        await self._connection.open(history)

    async def hear(self, pcm: bytes) -> None:
        """Send microphone audio, s16le mono at 16 kHz; never waits for the network."""
        self._turns.hear(pcm)
        self._flush()

    async def commit(self) -> None:
        """End the user's turn, where the server does not find out by itself, and have the engine reply."""
        self._turns.commit()
        self._flush()

    async def interrupt(self, heard: Sequence[Heard]) -> None:
        """Cut the reply off, and tell by text what was heard of it; what still comes of it is dropped."""
        self._turns.interrupt(heard)
        self._flush()

    async def played(self, heard: Heard) -> None:
        """Do nothing: the protocol has no use for it."""

    async def discard(self) -> None:
        """Do nothing: the protocol cannot take audio back."""

    async def say(self, text: str, *, tools: bool = True) -> None:  # noqa: ARG002 - the text says so
        """Have the engine speak about `text`, at once or after the reply in the making."""
        self._turns.say(text)
        self._flush()

    async def ask(self, text: str) -> None:
        """Have the engine answer `text`: what is said to it by text is the user's, whoever said it."""
        await self.say(text)

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return a tool's output; with `reply`, the engine speaks of it when it is silent, else not at all.

        A model that waits for its tools speaks in any case.
        """
        self._turns.tool_result(call_id, output, reply=reply)
        self._flush()

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Yield what the engine says until the session is over; for one reader."""
        while True:
            connection = self._connection
            async for event in connection.events():
                if isinstance(event, Fault) and await self._moved_from(connection):
                    break
                yield event
            if connection is self._connection:
                return

    async def close(self) -> None:
        """End the session; harmless when repeated."""
        if self._moving is not None:
            self._moving.cancel()
            await asyncio.wait([self._moving])
        for connection in (self._left, self._connection):
            if connection is not None:
                await connection.close()

    def _take(self, connection: _Connection, message: wire.ServerMessage) -> None:
        """Take a message; of a connection that is not, or no longer, the session's, none counts."""
        if connection is not self._connection:
            return
        events = self._turns.receive(message)
        for event in events:
            connection.tell(event)
        if not self._turns.idle or any(isinstance(event, ReplyStarted) for event in events):
            self._resumption.invalidate()
        if (update := message.session_resumption_update) is not None and update.resumable and self._turns.idle:
            self._resumption.update(update.new_handle or "")
        self._flush()
        if message.go_away is not None and self._moving is None:
            self._moving = asyncio.create_task(self._move(wire.seconds(message.go_away.time_left)))

    def _flush(self) -> None:
        for message in self._turns.drain():
            if message.realtime_input is not None:
                self._resumption.sent(message)
            else:
                self._resumption.invalidate()
            self._connection.send(wire.encode(message))
        if self._turns.idle and self._resumption.good:
            self._pause.set()
        else:
            self._pause.clear()

    # From one connection to the next

    async def _move(self, left_s: float) -> None:
        """Go on in another connection before this one ends, which is in `left_s`; or say that the session ends."""
        old, loop = self._connection, asyncio.get_running_loop()
        end = loop.time() + left_s
        try:
            async with asyncio.timeout(left_s * SUCCESSOR_SHARE):
                while not await self._go_on():
                    pass
        except (TimeoutError, EngineError) as error:
            why = error.fault.code if isinstance(error, EngineError) else "there was no pause"
            old.warn("move", f"The session does not go on in another connection: {why}")
            old.tell(Expiring(max(0.0, end - loop.time())))
        else:
            await old.close()
        finally:
            self._moving = None

    async def _go_on(self) -> bool:
        """In a pause, go on in a new connection. Returns whether the pause was long enough. Raises `EngineError`."""
        await self._pause.wait()
        handle = self._resumption.use()
        fresh = _Connection(self.config, handle, self._take, self._turns.stale)
        try:
            await fresh.open(())
        finally:
            self._resumption.release()
        if not self._pause.is_set() or self._resumption.handle != handle:
            await fresh.close()
            return False
        # Nothing was awaited since it opened: what is heard from now on goes to the new connection, and nowhere else.
        self._left, self._connection = self._connection, fresh
        self._turns.resume(self._resumption.input)
        for message in self._turns.drain():
            fresh.send(wire.encode(message))
        return True

    async def _moved_from(self, connection: _Connection) -> bool:
        """Return whether the session goes on elsewhere after this connection's end, once that is clear."""
        if (moving := self._moving) is not None:
            await asyncio.wait([moving], timeout=ORPHANED_S if self._pause.is_set() else 0)
            moving.cancel()
            await asyncio.wait([moving])
        return connection is not self._connection


class _Connection(WebSocketSession):
    """One connection of a session; `handle` is empty for the first. `take` gets its messages."""

    def __init__(
        self,
        config: GeminiConfig,
        handle: str,
        take: Callable[[_Connection, wire.ServerMessage], None],
        stale: Callable[[EngineEvent], bool],
    ) -> None:
        super().__init__(config.connection({"x-goog-api-key": "{key}"}))
        self.config = config
        self._handle = handle
        self._take = take
        self._stale = stale

    async def greet(self, history: Sequence[Said]) -> Fault | None:
        """Say what the session is to be like, and wait until the server has agreed."""
        message = opening(self.config, handle=self._handle, history=bool(history))
        return await self.agree(message, "setupComplete", self._agreed)

    def seed(self, history: Sequence[Said]) -> None:
        """Tell what was said before; nothing is answered to it."""
        if history:
            turns = [wire.text("user" if said.role == "user" else "model", said.text) for said in history]
            content = wire.ClientContent(turns=turns, turn_complete=True)
            self.send(wire.encode(wire.ClientMessage(client_content=content)))

    def receive(self, data: str | bytes) -> None:
        """Take a message."""
        if (message := MESSAGES.understood(data, self.warn)) is not None:
            self._take(self, message)

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event is of a reply that was interrupted."""
        return self._stale(event)

    def closed(self, code: int | None, reason: str) -> Fault:
        """Return the fault for a connection that closed: Google gives the status as text."""
        return closed(code, reason, self._at, agreed=self._live)

    def _agreed(self, data: str | bytes) -> bool:
        message = MESSAGES.understood(data, self.warn)
        return message is not None and message.setup_complete is not None


def opening(config: GeminiConfig, *, handle: str = "", history: bool = False) -> str:
    """Return the first message of a connection, as `setup_of` has it."""
    return wire.encode(wire.ClientMessage(setup=setup_of(config, handle=handle, history=history)))


def closed(code: int | None, reason: str, at: Endpoint, *, agreed: bool) -> Fault:
    """Return the fault for a connection that Google closed, which may be after the session was `agreed` on.

    Google's codes: 1007 for what it does not accept, 1008 for what it does not allow or have, 1011 for its own faults
    and for quotas; the reason tells more, and is cut off at 123 bytes.
    """
    said = reason.lower()
    if "api key" in said or "api_key" in said or "unauthenticated" in said:
        return Fault("bad_key", f"{at.host} refused the key ({code}): {at.key}", retry=False)
    if "quota" in said or "resource_exhausted" in said or "resource has been exhausted" in said:
        return Fault(
            "quota", f"{at.host} says that the quota is used up: see the plan and its billing page", retry=True
        )
    if code == 1008 and "not found" in said:
        text = f"{at.host} has no model {at.model} for this: set {at.section}.model to one that speaks"
        return Fault("model_not_found", text, retry=False)
    if code in {1007, 1008} and not agreed:
        text = f"{at.host} did not accept the session's settings ({reason or code}); see [{at.section}]"
        return Fault(f"closed_{code}", text, retry=False)
    return faults.closed(code, reason, at)
