"""OpenAI's Realtime API (GA), and what is compatible with it: our local engine, xAI, LocalAI and others.

`RealtimeSession` is the socket: it connects, configures, sends and receives; what the events mean is in
`realtime_responses`, what an error means in `realtime_faults`. Protocol: `engines.wire.realtime`.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeVar

import aiohttp
from aiohttp import (
    ClientSession,
    ClientWebSocketResponse,
    ClientWSTimeout,
    WebSocketError,
    WSMessage,
    WSMsgType,
    WSServerHandshakeError,
)
from msgspec.structs import replace
from yarl import URL

from device.engines import realtime_faults as faults
from device.engines.contract import Capabilities, EngineError, EngineEvent, Expiring, Fault, ReplyEnded, Said, ToolSpec
from device.engines.realtime_config import RATE, RealtimeConfig, configured, session_of
from device.engines.realtime_responses import TRUNCATE, Responses
from device.engines.wire import realtime as wire
from device.engines.wire.errors import Unknown, WireError
from device.engines.wire.realtime_items import Content, Item

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from device.engines.wire.realtime_items import ErrorDetail
    from device.events import Heard
    from device.settings import Settings

_log = logging.getLogger(__name__)

MAX_FRAME: Final = 4 * 2**20
"""Bytes of the longest message that is taken from a server."""
MAX_UNSENT: Final = 8 * 2**20
"""Characters that may wait to be sent; some 2 minutes of audio."""
CLOSE_S: Final = 1.0
"""How long to wait for a server to say goodbye."""
EXPIRING_S: Final = 120.0
"""How long before a session's end it is announced."""
QUOTED: Final = 300
"""Characters of a server's text that are passed on."""
KINDS: Final = 50
"""Kinds of oddities of a server that are warned of."""
MAX_REFUSAL: Final = 8192
"""Bytes that are read of a refused handshake's body."""

AnyEvent = TypeVar("AnyEvent", bound=EngineEvent)


def from_settings(
    settings: Settings, tools: Sequence[ToolSpec], instructions: str, *, local_url: str = ""
) -> RealtimeSession:
    """Return a session, yet to be opened, with the engine that the settings name.

    `local_url` is where the local engine really listens, if Parley started it beside itself on a free port.
    """
    return RealtimeSession(configured(settings, tools, instructions, local_url=local_url))


class RealtimeSession:
    """An `EngineSession` with a Realtime server; for one conversation, opened once."""

    rate = RATE

    def __init__(self, config: RealtimeConfig) -> None:
        self.capabilities = Capabilities(server_vad=config.end_of_turn != "device")
        self._config = config
        self._at = config.endpoint
        self._responses = Responses(RATE)
        self._inbox: asyncio.Queue[EngineEvent | None] = asyncio.Queue()
        self._outbox: asyncio.Queue[str] = asyncio.Queue()
        self._unsent = 0
        self._http: ClientSession | None = None
        self._socket: ClientWebSocketResponse | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._expiry: asyncio.TimerHandle | None = None
        self._live = False
        self._over = False
        self._noted: set[str] = set()

    def __repr__(self) -> str:
        return f"RealtimeSession({self._at.host!r}, model={self._at.model!r})"

    async def open(self, history: Sequence[Said]) -> None:
        """Connect, configure and seed with what was said before. Raises `EngineError`."""
        try:
            fault = await self._open(history)
        except BaseException:
            await self.close()
            raise
        if fault is not None:
            await self.close()
            raise EngineError(self._discreet(fault))

    async def hear(self, pcm: bytes) -> None:
        """Send microphone audio, s16le mono at 24 kHz; never waits for the network."""
        if self._live:
            self._send(wire.InputAudioBufferAppend(pcm))

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

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Yield what the engine says until the session is over; for one reader."""
        while (event := await self._inbox.get()) is not None:
            if not self._responses.stale(event):
                yield event
        self._inbox.put_nowait(None)  # for whoever asks again

    async def close(self) -> None:
        """End the session; harmless when repeated."""
        self._finish()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._hang_up()

    async def _open(self, history: Sequence[Said]) -> Fault | None:
        """As `open`, but returns the fault: an exception raised here would carry aiohttp's, which shows the headers."""
        config = self._config
        url = URL(config.url)
        if url.scheme not in {"ws", "wss", "http", "https"} or not url.host:
            return Fault("bad_url", f"{self._at.section}.url must be a ws:// or wss:// address", retry=False)
        if config.model and "model" not in url.query:
            url = url.update_query(model=config.model)
        if (fault := await self._connect(url)) is not None:
            return fault
        for message, answer in ((None, "session.created"), (wire.SessionUpdate(session_of(config)), "session.updated")):
            if (fault := await self._agree(message, answer)) is not None:
                return fault
        self._live = True
        for said in history:
            kind = "input_text" if said.role == "user" else "output_text"
            content = [Content(type=kind, text=said.text)]
            self._send(wire.ConversationItemCreate(Item(type="message", role=said.role, content=content)))
        self._tasks += [asyncio.create_task(self._write()), asyncio.create_task(self._read())]
        if config.lifetime_s:
            left = max(0.0, config.lifetime_s - EXPIRING_S)
            loop = asyncio.get_running_loop()
            self._expiry = loop.call_later(left, self._inbox.put_nowait, Expiring(config.lifetime_s - left))
        return None

    @property
    def _connected(self) -> ClientWebSocketResponse:
        if self._socket is None:
            raise RuntimeError("the session was never opened")
        return self._socket

    async def _connect(self, url: URL) -> Fault | None:
        key = self._config.api_key.reveal()
        if key and url.scheme in {"ws", "http"} and url.host not in {"127.0.0.1", "::1", "localhost"}:
            self._note("plain", f"The key travels unencrypted; give {self._at.section}.url as wss:// if you can")
        if key and url.user is not None:
            url = url.with_user(None)  # aiohttp admits one authorization only
        refusal = _Refusal()
        self._http = ClientSession(trace_configs=[refusal.trace])
        try:
            async with asyncio.timeout(self._config.open_timeout_s):
                self._socket = await self._http.ws_connect(
                    url,
                    headers={"Authorization": f"Bearer {key}"} if key else None,
                    heartbeat=self._config.heartbeat_s,
                    max_msg_size=MAX_FRAME,
                    timeout=ClientWSTimeout(ws_close=CLOSE_S),
                )
        except WSServerHandshakeError as error:
            return faults.refused(error.status, refusal.body, self._at)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return faults.unreachable(error, self._at)
        return None

    async def _agree(self, message: wire.ClientEvent | None, answer: str) -> Fault | None:
        """Send a message, if there is one to be sent, and wait for the event that answers it."""
        seconds = self._config.open_timeout_s
        try:
            async with asyncio.timeout(seconds):
                if message is not None:
                    await self._connected.send_str(wire.encode(message))
                return await self._await(answer)
        except TimeoutError:
            text = f"{self._at.host} sent no {answer} within {seconds:g} s: is it a Realtime server?"
            return Fault("timeout", f"{text} Check {self._at.section}.url", retry=True)
        except ConnectionError:
            return faults.closed(None, "", self._at)

    async def _await(self, kind: str) -> Fault | None:
        """Wait for an event of this type; of what else comes, only errors and the end matter."""
        socket = self._connected
        while True:
            message = await socket.receive()
            if message.type is WSMsgType.TEXT:
                event = self._decoded(message.data)
                if isinstance(event, wire.ErrorEvent):
                    return faults.unwanted(event.error, self._at)
                # The content of these two is the server's own affair: shapes that we do not know are as good.
                tag = event.type if isinstance(event, Unknown) else type(event).__struct_config__.tag if event else None
                if tag == kind:
                    return None
            elif message.type is WSMsgType.BINARY:
                self._note("binary", "The engine sends binary frames, which are no part of the protocol")
            else:
                return self._closed(message)

    async def _read(self) -> None:
        """Take what the server sends, until it is over."""
        socket = self._connected
        try:
            while self._live:
                message = await socket.receive()
                if message.type is WSMsgType.TEXT:
                    self._receive(message.data)
                elif message.type is WSMsgType.BINARY:
                    self._note("binary", "The engine sends binary frames, which are no part of the protocol")
                else:
                    self._die(self._closed(message))
                    return
        except Exception as error:  # noqa: BLE001  whatever a server provokes must end its session, and no more
            _log.error("The session with %s failed in %s", self._at.host, type(error).__name__)
            self._die(
                Fault("internal", f"The session with {self._at.host} failed ({type(error).__name__})", retry=True)
            )

    async def _write(self) -> None:
        """Send what waits; alone in touching the socket, so that nobody else waits for it."""
        try:
            while True:
                text = await self._outbox.get()
                async with asyncio.timeout(self._config.stuck_s):
                    await self._connected.send_str(text)
                self._unsent -= len(text)
        except TimeoutError:
            self._die(self._stuck())
        except ConnectionError:
            return  # the reader learns why

    def _receive(self, text: str) -> None:
        event = self._decoded(text)
        if isinstance(event, wire.ErrorEvent):
            events = self._complaint(event.error)
        elif event is None or isinstance(event, Unknown):
            return
        else:
            events = self._responses.receive(event)
        for one in events:
            self._inbox.put_nowait(self._discreet(one))
        self._flush()
        if (error := _error(event)) is not None and (fault := faults.told(error, self._at)) is not None:
            self._die(fault)

    def _decoded(self, text: str) -> wire.ServerEvent | Unknown | None:
        try:
            event = wire.decode_server(text)
        except WireError as error:
            self._note("json", f"The engine sends what is no JSON object ({error.code}); it is passed over")
            return None
        if isinstance(event, Unknown):
            self._note(event.type, f"The engine sent an event that is not understood: {event.type}: {event.why}")
        return event

    def _complaint(self, error: ErrorDetail) -> list[EngineEvent]:
        truncation = error.event_id is not None and error.event_id.startswith(TRUNCATE)
        harmless = error.code in faults.HARMLESS or (truncation and error.code == "invalid_value")
        text = self._clean(f"{error.code}: {error.message}")
        _log.log(logging.DEBUG if harmless else logging.WARNING, "%s complains: %s", self._at.host, text)
        return self._responses.refused(error)

    def _flush(self) -> None:
        for message in self._responses.drain():
            self._send(message)

    def _send(self, message: wire.ClientEvent) -> None:
        if not self._live:
            return
        text = wire.encode(message)
        self._unsent += len(text)
        self._outbox.put_nowait(text)
        if self._unsent > MAX_UNSENT:
            self._die(self._stuck())

    def _die(self, fault: Fault) -> None:
        """End the session by a fault, which is the last that its reader gets."""
        if not self._over:
            self._inbox.put_nowait(self._discreet(fault))
            self._finish()
            self._tasks.append(asyncio.create_task(self._hang_up()))

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        self._live = False
        self._inbox.put_nowait(None)
        if self._expiry is not None:
            self._expiry.cancel()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def _hang_up(self) -> None:
        if self._socket is not None:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(2 * CLOSE_S):
                    await self._socket.close()
        if self._http is not None:
            await self._http.close()

    def _closed(self, message: WSMessage) -> Fault:
        """Return the fault for the last that came from a socket, which is no event."""
        if message.type is WSMsgType.CLOSE:
            return faults.closed(message.data, self._clean(message.extra or ""), self._at)
        code = message.data.code if isinstance(message.data, WebSocketError) else None
        return faults.closed(code, "", self._at)

    def _stuck(self) -> Fault:
        return Fault("stuck", f"The connection to {self._at.host} takes no more audio: the network stalls", retry=True)

    def _discreet(self, event: AnyEvent) -> AnyEvent:
        """Return an event of which the message can be shown."""
        if isinstance(event, Fault | ReplyEnded) and event.message:
            return replace(event, message=self._clean(event.message))
        return event

    def _clean(self, text: str) -> str:
        """Return what a server says without our key, which some quote, and fit for one line of a log."""
        if key := self._config.api_key.reveal():
            text = text.replace(key, "***")
        return "".join(c if c.isprintable() else " " for c in text[:QUOTED])

    def _note(self, what: str, text: str) -> None:
        """Warn of what a server does wrong, once for each kind of it."""
        fresh = what not in self._noted and len(self._noted) < KINDS
        self._noted.add(what) if fresh else None
        _log.log(logging.WARNING if fresh else logging.DEBUG, "%s: %s", self._at.host, self._clean(text))


class _Refusal:
    """What a server said when it refused the handshake: aiohttp drops it, but it tells a quota from a crowd."""

    def __init__(self) -> None:
        self.body = b""
        self.trace = aiohttp.TraceConfig()
        self.trace.on_request_end.append(self._read)

    async def _read(self, _session: ClientSession, _context: object, params: aiohttp.TraceRequestEndParams) -> None:
        if params.response.status >= 400:
            with suppress(aiohttp.ClientError):
                self.body = await params.response.content.read(MAX_REFUSAL)


def _error(event: wire.ServerEvent) -> ErrorDetail | None:
    """Return the error that an event reports, if it does."""
    if isinstance(event, wire.ErrorEvent):
        return event.error
    if isinstance(event, wire.ResponseDone) and event.response.status_details is not None:
        return event.response.status_details.error
    return None
