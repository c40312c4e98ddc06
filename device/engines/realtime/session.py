"""OpenAI's Realtime API (GA), and what is compatible with it: our local engine, xAI, LocalAI and others.

What the events mean is in `responses`, what an error means in `faults`, the socket in `websocket`.
Protocol: `wire.realtime`.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import msgspec
import numpy as np
from yarl import URL

from device.audio.resample import Resampler
from device.conversation.engine import Audio, AudioDone, Capabilities, EngineEvent, Fault, Said
from device.engines import faults
from device.engines.incoming import Incoming
from device.engines.realtime.config import RealtimeConfig, session_of
from device.engines.realtime.dialects import drop, take
from device.engines.realtime.responses import TRUNCATE, Responses
from device.engines.websocket import WebSocketSession
from device.wire import realtime as wire
from device.wire.errors import Unknown
from device.wire.realtime_items import Content, Item

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard
    from device.settings.toml import Table
    from device.wire.realtime_items import ErrorDetail

_log = logging.getLogger(__name__)


LONGEST_S: Final = 86_400
"""Sessions are shorter than that: what a server says of an end beyond it is not believed, nor is our clock."""


class RealtimeSession(WebSocketSession):
    """An `EngineSession` with a Realtime server; for one conversation, opened once."""

    def __init__(self, config: RealtimeConfig) -> None:
        engine, dialect = config.engine, config.dialect
        super().__init__(config.connection(dialect.headers, url=str(_address(config)), lifetime_s=engine.lifetime_s))
        self.rate = dialect.rate
        self.capabilities = Capabilities(
            server_vad=config.end_of_turn != "device",
            truncation=dialect.truncation,
            tools=dialect.tools != "none",
            hear_rate=dialect.hear_rate if dialect.hear_rate != dialect.rate else 0,
        )
        self.config = config
        """Where it is to be had, and what it shall be like."""
        self._dialect = dialect
        decoder = wire.server_decoder(dialect.names)
        self._incoming: Incoming[wire.ServerEvent] = Incoming(
            decode=lambda data: wire.decode_server(data, decoder), text_only=True, idle=dialect.extras
        )
        self._responses = Responses(dialect.rate)
        self._mute = set(dialect.unsent)  # what the server does not take
        self._refused: ErrorDetail | None = None
        self._expires_at = 0
        self._resampler: Resampler | None = None  # for servers of which the rate turns out to be another
        self._resampled = ""  # the item whose audio goes through it

    async def hear(self, pcm: bytes) -> None:
        """Send microphone audio, s16le mono; never waits for the network."""
        self._responses.hears()
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

    async def say(self, text: str, *, tools: bool = True) -> None:
        """Have the engine speak about `text`, at once or after the reply in the making."""
        self._responses.say(text, tools=tools)
        self._flush()

    async def ask(self, text: str) -> None:
        """Have the engine answer `text` as a turn of the user's, at once or after the reply in the making."""
        self._responses.ask(text)
        self._flush()

    async def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return a tool's output; with `reply`, the engine speaks once all results are in and no reply is active."""
        self._responses.tool_result(call_id, output, reply=reply)
        self._flush()

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event is of a reply that was interrupted."""
        return self._responses.stale(event)

    def tell(self, event: EngineEvent) -> None:
        """Hand an event on, its audio at the session's rate."""
        if isinstance(event, Audio) and self._responses.rate != self.rate:
            event = Audio(event.reply, event.item, self._converted(event))
            if not event.pcm:
                return
        elif isinstance(event, AudioDone) and self._resampler is not None and self._resampled == event.item:
            super().tell(Audio(event.reply, event.item, self._resampler.flush().tobytes()))
        super().tell(event)

    def opening(self) -> str:
        """Return the message that says what the session is to be like, without what was said before."""
        return _update(self._wanted())

    async def greet(self, history: Sequence[Said]) -> Fault | None:  # noqa: ARG002 - `seed` sends it
        """Wait for the server's session, and make it ours."""
        greetings = self._dialect.greetings
        if greetings and (fault := await self._await(None, *greetings)) is not None:
            return fault
        return await self._configure(self._wanted(), "session.updated")

    def _wanted(self) -> Table:
        return self._dialect.session(session_of(self.config), self.config.engine.model)

    async def _configure(self, session: Table, answer: str) -> Fault | None:
        """Ask for the session, without what the server refuses and we can spare."""
        while True:
            self._refused = None
            fault = await self._await(_update(session), answer)
            if fault is None or not (field := self._spare(session)):
                return fault
            self.warn(field, f"The engine does not take session.{field}: the session goes without it")
            drop(session, field)

    def seed(self, history: Sequence[Said]) -> None:
        """Add what was said before to the conversation."""
        self._announce_end()
        for said in history:
            kind = "input_text" if said.role == "user" else "output_text"
            content = [Content(type=self._dialect.contents.get(kind, kind), text=said.text)]
            self._say(wire.ConversationItemCreate(Item(type="message", role=said.role, content=content)))

    def receive(self, data: str | bytes) -> None:
        """Take an event."""
        event = self._decoded(data)
        if event is not None and not isinstance(event, Unknown):
            self._take(event)

    def _take(self, event: wire.ServerEvent) -> None:
        wrong = event.error if isinstance(event, wire.ErrorEvent) else None
        for one in self._responses.receive(event) if wrong is None else self._complaint(wrong):
            self.tell(one)
        self._flush()
        if isinstance(event, wire.SessionUpdated) and event.session.expires_at not in (None, self._expires_at):
            self._expires_at = event.session.expires_at or 0  # sooner than it said, as a server that is to end
            self._announce_end()
        if (error := _error(event)) is not None and (fault := faults.told(error, self._at)) is not None:
            self.fail(fault)

    async def _await(self, message: str | None, *answers: str) -> Fault | None:
        """Send a message, if there is one, and wait for one of the events; of what else comes, only errors matter."""

        def judge(data: str | bytes) -> Fault | bool:
            event = self._decoded(data)
            if isinstance(event, wire.ErrorEvent):
                self._refused = event.error
                return faults.unwanted(event.error, self._at)
            if isinstance(event, wire.SessionCreated | wire.SessionUpdated):
                self._expires_at = event.session.expires_at or self._expires_at
            # The content of these is the server's own affair: shapes that we do not know are as good.
            tag = event.type if isinstance(event, Unknown) else type(event).__struct_config__.tag if event else None
            return tag in answers

        return await self.agree(message, answers[0], judge)

    def _spare(self, session: Table) -> str:
        """Return the field of our session that the server has just refused, if the session can do without it."""
        if self._refused is None or self._refused.code in faults.FATAL or self._refused.code in faults.PASSING:
            return ""
        field = (self._refused.param or "").removeprefix("session.")
        return field if field in self._dialect.spare and take(session, field, self) is not self else ""

    def _decoded(self, data: str | bytes) -> wire.ServerEvent | Unknown | None:
        return self._incoming.read(data, self.warn)

    def _announce_end(self) -> None:
        if not self.config.engine.lifetime_s and 0 < (left := self._expires_at - time.time()) < LONGEST_S:
            self.expire_in(left)

    def _complaint(self, error: ErrorDetail) -> list[EngineEvent]:
        truncation = error.event_id is not None and error.event_id.startswith(TRUNCATE)
        harmless = error.code in faults.HARMLESS or (truncation and error.code == "invalid_value")
        text = self.redacted(f"{error.code}: {error.message}")
        _log.log(logging.DEBUG if harmless else logging.WARNING, "%s complains: %s", self._at.host, text)
        return self._responses.refused(error)

    def _converted(self, audio: Audio) -> bytes:
        if self._resampler is None or self._resampled != audio.item:
            self._resampler, self._resampled = Resampler(self._responses.rate, self.rate), audio.item
        return self._resampler.push(np.frombuffer(audio.pcm, np.int16)).tobytes()

    def _flush(self) -> None:
        for message in self._responses.drain():
            self._say(message)

    def _say(self, message: wire.ClientEvent) -> None:
        if self._live and type(message).__struct_config__.tag not in self._mute:
            self.send(wire.encode(message))


def _update(session: Table) -> str:
    return msgspec.json.encode({"type": "session.update", "session": session}).decode()


def _address(config: RealtimeConfig) -> URL:
    """Return where to connect to; what the user's address says already, stays."""
    url, model = URL(config.engine.url), config.engine.model
    query = {name: text.replace("{id}", f"parley-{uuid4().hex}") for name, text in config.dialect.query.items()}
    if model and config.dialect.model_in != "session":
        query["model"] = model
    return url.update_query({name: text for name, text in query.items() if name not in url.query})


def _error(event: wire.ServerEvent) -> ErrorDetail | None:
    """Return the error that an event reports, if it does."""
    if isinstance(event, wire.ErrorEvent):
        return event.error
    if isinstance(event, wire.ResponseDone) and event.response.status_details is not None:
        return event.response.status_details.error
    return None
