"""OpenAI's GPT-Live: it talks and listens at once.

What the events mean is in `stream`, what is asked of the server in `config`, the socket in `websocket`.
Protocol: `wire.live`.
"""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from device.conversation.engine import Capabilities, EngineEvent, Fault, Said
from device.engines import faults
from device.engines.incoming import Incoming
from device.engines.live.config import RATE, LiveConfig, session_of
from device.engines.live.stream import Stream
from device.engines.websocket import WebSocketSession
from device.wire import live as wire
from device.wire.realtime_items import ErrorDetail

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard

_log = logging.getLogger(__name__)

EVENTS: Final[Incoming[wire.ServerEvent]] = Incoming(decode=wire.decode_server, text_only=True, idle=wire.IDLE)
LONGEST_S: Final = 86_400.0
"""A session that claims to last longer, or to be over, has another idea of what time it is: a day, which no session
lasts."""
REASONS: Final = {
    "expired": Fault("session_expired", "{host} ended the session: it had reached its longest duration", retry=True),
    "content": Fault("content", "{host} ended the session: its safety filter did not like what was said", retry=True),
    "connection_lost": Fault("lost", "{host} lost the connection to its model, or to us", retry=True),
    "remote_hangup": Fault("hung_up", "{host} hung up", retry=True),
    "close_requested": Fault("closed", "The session with {host} was closed by somebody else", retry=True),
}
"""What `session.closed` may say, unless we asked for it."""


class LiveSession(WebSocketSession):
    """An `EngineSession` with GPT-Live; for one conversation, opened once.

    It is billed by the second, silence too: whoever does not talk to it any more closes it.
    """

    rate = RATE
    capabilities = Capabilities(family="stream", truncation=False, continuous=True, playback=True)

    def __init__(self, config: LiveConfig) -> None:
        super().__init__(config.connection({"Authorization": "Bearer {key}"}))
        self.config = config
        """Where it is to be had, and what it shall be like."""
        self._stream = Stream(RATE, uuid4().hex[:8], config.delegate)

    async def hear(self, pcm: bytes) -> None:
        """Send microphone audio or zeros, s16le mono at 24 kHz; never waits for the network."""
        self._say(wire.SessionInputAudioAppend(pcm))
        if self._live:
            self._tell_all(self._stream.hear(len(pcm) / (2 * RATE), asyncio.get_running_loop().time()))

    async def commit(self) -> None:
        """Do nothing: the model finds out by itself when it is its turn."""

    async def interrupt(self, heard: Sequence[Heard]) -> None:
        """Tell the model what was not heard; what still comes of it is dropped, up to the next pause."""
        self._tell_all(self._stream.interrupt(heard))

    async def discard(self) -> None:
        """Do nothing: what was heard was heard."""

    async def say(self, text: str, *, tools: bool = True) -> None:  # noqa: ARG002 - the text says so
        """Have the model speak about `text`."""
        self._stream.say(text)
        self._flush()

    async def ask(self, text: str) -> None:
        """Have the model answer `text`, which it is told of: it knows no turns but those that it hears."""
        self._stream.ask(text)
        self._flush()

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return a tool's output; the backend goes on once all results are in."""
        self._tell_all(self._stream.tool_result(call_id, output, reply=reply))

    async def played(self, heard: Heard) -> None:
        """Take what was played: how far it is behind."""
        self._stream.played(heard)

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event is of a reply that was cut off."""
        return self._stream.stale(event)

    def opening(self, history: Sequence[Said] = ()) -> str:
        """Return the message that says what the session is to be like."""
        return wire.encode(wire.SessionStart(session_of(self.config, history)))

    async def greet(self, history: Sequence[Said]) -> Fault | None:
        """Start the session."""
        return await self.agree(self.opening(history), "session.started", self._started)

    def farewell(self) -> str:
        """Return the message that ends the session."""
        return wire.encode(wire.SessionClose())

    def receive(self, data: str | bytes) -> None:
        """Take an event."""
        event = EVENTS.understood(data, self.warn)
        if event is None:
            return
        self._tell_all(self._stream.receive(event, asyncio.get_running_loop().time()))
        if isinstance(event, wire.SessionClosed):
            known = REASONS.get(event.reason) or Fault("closed", "{host} closed the session", retry=True)
            self.fail(Fault(known.code, known.message.format(host=self._at.host), known.retry))
        elif isinstance(event, wire.ErrorEvent):
            error = _detail(event)
            _log.warning("%s complains: %s", self._at.host, self.redacted(f"{error.code}: {error.message}"))
            if (fault := faults.told(error, self._at)) is not None:
                self.fail(fault)

    def _started(self, data: str | bytes) -> Fault | bool:
        event = EVENTS.understood(data, self.warn)
        if isinstance(event, wire.ErrorEvent):
            return faults.unwanted(_detail(event), self._at)
        if not isinstance(event, wire.SessionStarted):
            return False
        left = (event.session.expires_at or 0) - time.time()
        if 0 < left < LONGEST_S:
            self.expire_in(left)
        return True

    def _tell_all(self, events: list[EngineEvent]) -> None:
        for event in events:
            if isinstance(event, Fault):
                self.fail(event)
            else:
                self.tell(event)
        self._flush()

    def _flush(self) -> None:
        for message in self._stream.drain():
            self._say(message)

    def _say(self, message: wire.ClientEvent) -> None:
        if self._live:
            self.send(wire.encode(message))


def _detail(event: wire.ErrorEvent) -> ErrorDetail:
    """Return an error as Realtime has it."""
    error = event.error
    return ErrorDetail(message=error.message, type=error.type or "", code=error.code, param=error.param)
