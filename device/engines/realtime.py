"""OpenAI's Realtime API (GA), and what is compatible with it: our local engine, xAI, LocalAI and others.

What the events mean is in `realtime_responses`, what an error means in `faults`, the socket in `socket`.
Protocol: `engines.wire.realtime`.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import TYPE_CHECKING

from yarl import URL

from device.engines import faults
from device.engines.contract import Capabilities, EngineEvent, Fault, Said
from device.engines.realtime_config import RATE, RealtimeConfig, session_of
from device.engines.realtime_responses import TRUNCATE, Responses
from device.engines.socket import Line, SocketSession
from device.engines.wire import realtime as wire
from device.engines.wire.errors import Unknown, WireError
from device.engines.wire.realtime_items import Content, Item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.engines.wire.realtime_items import ErrorDetail
    from device.events import Heard

_log = logging.getLogger(__name__)


class RealtimeSession(SocketSession):
    """An `EngineSession` with a Realtime server; for one conversation, opened once."""

    rate = RATE

    def __init__(self, config: RealtimeConfig) -> None:
        url = URL(config.url)
        if config.model and "model" not in url.query:
            url = url.update_query(model=config.model)
        super().__init__(
            Line(
                url=str(url),
                at=config.endpoint,
                key=config.api_key,
                headers={"Authorization": "Bearer {key}"} if config.api_key else {},
                open_timeout_s=config.open_timeout_s,
                stuck_s=config.stuck_s,
                heartbeat_s=config.heartbeat_s,
                lifetime_s=config.lifetime_s,
            )
        )
        self.capabilities = Capabilities(server_vad=config.end_of_turn != "device")
        self._config = config
        self._responses = Responses(RATE)

    async def hear(self, pcm: bytes) -> None:
        """Send microphone audio, s16le mono at 24 kHz; never waits for the network."""
        self._say(wire.InputAudioBufferAppend(pcm))

    async def commit(self) -> None:
        """End the user's turn and have the engine reply."""
        self._responses.commit()
        self._flush()

    async def interrupt(self, heard: Sequence[Heard]) -> None:
        """Cancel the reply in the making, and tell how much was heard; what still comes of it is dropped."""
        self._responses.interrupt(heard)
        self._flush()

    async def discard(self) -> None:
        """Have the engine forget what it heard of a turn that is not over."""
        self._responses.discard()
        self._flush()

    async def say(self, text: str) -> None:
        """Have the engine speak about `text`, at once or after the reply in the making."""
        self._responses.say(text)
        self._flush()

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return a tool's output; with `reply`, the engine speaks once all results are in and no reply is active."""
        self._responses.tool_result(call_id, output, reply=reply)
        self._flush()

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event is of a reply that was interrupted."""
        return self._responses.stale(event)

    async def greet(self, history: Sequence[Said]) -> Fault | None:  # noqa: ARG002 - `seed` sends it
        """Wait for the server's session, and make it ours."""
        update = wire.encode(wire.SessionUpdate(session_of(self._config)))
        for message, answer in ((None, "session.created"), (update, "session.updated")):
            if (fault := await self.agree(message, answer, partial(self._is, kind=answer))) is not None:
                return fault
        return None

    def seed(self, history: Sequence[Said]) -> None:
        """Add what was said before to the conversation."""
        for said in history:
            kind = "input_text" if said.role == "user" else "output_text"
            content = [Content(type=kind, text=said.text)]
            self._say(wire.ConversationItemCreate(Item(type="message", role=said.role, content=content)))

    def receive(self, data: str | bytes) -> None:
        """Take an event."""
        event = self._decoded(data)
        if isinstance(event, wire.ErrorEvent):
            events = self._complaint(event.error)
        elif event is None or isinstance(event, Unknown):
            return
        else:
            events = self._responses.receive(event)
        for one in events:
            self.tell(one)
        self._flush()
        if (error := _error(event)) is not None and (fault := faults.told(error, self._at)) is not None:
            self.die(fault)

    def _is(self, data: str | bytes, kind: str) -> Fault | bool:
        """Return whether a message is the event of this type; of what else comes, only errors matter."""
        event = self._decoded(data)
        if isinstance(event, wire.ErrorEvent):
            return faults.unwanted(event.error, self._at)
        # The content of these two is the server's own affair: shapes that we do not know are as good.
        tag = event.type if isinstance(event, Unknown) else type(event).__struct_config__.tag if event else None
        return tag == kind

    def _decoded(self, data: str | bytes) -> wire.ServerEvent | Unknown | None:
        if isinstance(data, bytes):
            self.note("binary", "The engine sends binary frames, which are no part of the protocol")
            return None
        try:
            event = wire.decode_server(data)
        except WireError as error:
            self.note("json", f"The engine sends what is no JSON object ({error.code}); it is passed over")
            return None
        if isinstance(event, Unknown):
            self.note(event.type, f"The engine sent an event that is not understood: {event.type}: {event.why}")
        return event

    def _complaint(self, error: ErrorDetail) -> list[EngineEvent]:
        truncation = error.event_id is not None and error.event_id.startswith(TRUNCATE)
        harmless = error.code in faults.HARMLESS or (truncation and error.code == "invalid_value")
        text = self.clean(f"{error.code}: {error.message}")
        _log.log(logging.DEBUG if harmless else logging.WARNING, "%s complains: %s", self._at.host, text)
        return self._responses.refused(error)

    def _flush(self) -> None:
        for message in self._responses.drain():
            self._say(message)

    def _say(self, message: wire.ClientEvent) -> None:
        if self._live:
            self.send(wire.encode(message))


def _error(event: wire.ServerEvent) -> ErrorDetail | None:
    """Return the error that an event reports, if it does."""
    if isinstance(event, wire.ErrorEvent):
        return event.error
    if isinstance(event, wire.ResponseDone) and event.response.status_details is not None:
        return event.response.status_details.error
    return None
