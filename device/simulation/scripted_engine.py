"""A Realtime server that does what it is told: it stands in for an engine in benches, rooms and tests.

`async with ScriptedRealtime() as server:` listens on 127.0.0.1, at `server.url`. By itself it agrees to every session,
answers every `response.create` with the next of its replies, and honours cancel, truncate, delete and create of items;
it does not listen to audio, so it has no turn detection. `on` replaces what it does on a client event; a `Connection`
says anything, be it nonsense. What its own behaviour sends validates against `openai.types.realtime`.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self, TypeAlias, TypeVar

from aiohttp import WSCloseCode, WSMsgType, web
from msgspec import Struct
from msgspec.structs import replace

from device.simulation.scripted_reply import Replies, Reply
from device.wire import realtime as wire
from device.wire.realtime_items import Content, ErrorDetail, Item, Session, TranscriptionUsage

if TYPE_CHECKING:
    import socket
    from collections.abc import Awaitable, Callable, Sequence
    from types import TracebackType

Event = TypeVar("Event", bound=wire.Message)


class Received(Struct, frozen=True):
    """A client event, and when it came by the event loop's clock."""

    at: float
    event: wire.ClientEvent


Handler: TypeAlias = "Callable[[Connection, Any], Awaitable[None]]"


class Connection:
    """One client."""

    def __init__(self, server: ScriptedRealtime, socket: web.WebSocketResponse, request: web.Request) -> None:
        self.server = server
        self.socket = socket
        self.headers = request.headers
        self.query = request.query
        self.reading = asyncio.Event()
        """Cleared, nothing more is read from the socket."""
        self.reading.set()
        self.session = Session(type="realtime", object="realtime.session", model=request.query.get("model"))
        self._request = request
        self._replies = Replies(self.send, server.new)

    async def send(self, event: wire.ServerEvent) -> None:
        """Send an event, with an id if it has none; to a client that has gone, nothing."""
        if event.event_id is None:
            event.event_id = self.server.new("event")
        if self.server.on_send is not None:
            self.server.on_send(event)
        await self.send_text(wire.encode(event))

    async def send_text(self, text: str) -> None:
        """Send a text frame as it is."""
        with suppress(ConnectionError):
            await self.socket.send_str(text)

    async def send_binary(self, data: bytes) -> None:
        """Send a binary frame, which is no part of the protocol."""
        with suppress(ConnectionError):
            await self.socket.send_bytes(data)

    async def complain(self, code: str, message: str = "no", event_id: str | None = None) -> None:
        """Send an error."""
        await self.send(wire.ErrorEvent(ErrorDetail(message=message, code=code, event_id=event_id)))

    async def close(self, code: int = WSCloseCode.GOING_AWAY, reason: str = "") -> None:
        """Close the connection in good order."""
        await self.socket.close(code=code, message=reason.encode())

    def abort(self) -> None:
        """Drop the connection without a word."""
        if self._request.transport is not None:
            self._request.transport.abort()

    @property
    def plain(self) -> socket.socket:
        """The connection's socket, as the system has it."""
        if self._request.transport is None:
            raise ConnectionError("the client has gone")
        found: socket.socket = self._request.transport.get_extra_info("socket")
        return found

    @property
    def speaking(self) -> asyncio.Task[None] | None:
        """The reply that is being made, or was made last; None before the first one."""
        return self._replies.task

    @property
    def busy(self) -> bool:
        """Whether a reply is being made."""
        return self._replies.busy

    async def answer(self, choose: Callable[[], Reply], event_id: str | None = None) -> None:
        """Begin the reply that `choose` returns; while one is being made, refuse, naming the client's event."""
        if self.busy:
            text = "Conversation already has an active response"
            await self.complain("conversation_already_has_active_response", text, event_id)
        else:
            self.reply(choose())

    def reply(self, reply: Reply) -> asyncio.Task[None]:
        """Begin a reply; the task is done when all of it was sent."""
        return self._replies.begin(reply)

    async def cancel(self, event: wire.ResponseCancel) -> None:
        """End the reply in the making, as a client asked."""
        if not await self.stop("client_cancelled"):
            await self.complain("response_cancel_not_active", "No active response found", event.event_id)

    async def stop(self, reason: str) -> bool:
        """End the reply in the making, if there is one; return whether there was."""
        return await self._replies.stop(reason)

    def drop(self) -> None:
        """Send no more of the reply in the making, and nothing about it."""
        self._replies.drop()


class ScriptedRealtime:
    """The server; `replies` are given in turn, the last of them for ever."""

    def __init__(
        self,
        replies: Sequence[Reply] = (Reply(),),
        *,
        transcript: str | None = None,
        refuse: int = 0,
        refusal: str = "",
        keep: int | None = None,
    ) -> None:
        self.replies = deque(replies)
        self.transcript = transcript
        """What the user is said to have said in each turn; None: nothing is said of it."""
        self.refuse = refuse
        """The HTTP status of every handshake, if not 0; `refusal` is the body."""
        self.refusal = refusal
        self.refusal_headers: dict[str, str] = {}
        self.received: deque[Received] = deque(maxlen=keep)
        """What clients have sent, `keep` of it at the most."""
        self.connections: list[Connection] = []
        self.on_receive: Callable[[wire.ClientEvent], None] | None = None
        """Called with each event that was received, before anything is done about it."""
        self.on_send: Callable[[wire.ServerEvent], None] | None = None
        """Called with each event that is about to be sent."""
        self.url = ""
        self._handlers: dict[type[wire.Message], Handler] = dict(_SIMPLE)
        self._news = asyncio.Condition()
        self._runner: web.AppRunner | None = None
        self._count = 0

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_get("/v1/realtime", self._serve)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"ws://{host}:{port}/v1/realtime"
        return self

    async def __aexit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for connection in self.connections:
            connection.drop()
            connection.reading.set()
            connection.abort()
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def connection(self) -> Connection:
        """The newest client."""
        return self.connections[-1]

    def on(self, kind: type[Event], handler: Callable[[Connection, Event], Awaitable[None]]) -> None:
        """Do this on a client event of a kind, instead of what is usual."""
        self._handlers[kind] = handler

    def all(self, kind: type[Event]) -> list[Event]:
        """Return what was received of a kind so far."""
        return [one.event for one in self.received if isinstance(one.event, kind)]

    async def wait(self, kind: type[Event], count: int = 1, timeout_s: float = 10.0) -> Event:
        """Return the `count`th event of a kind, once it was received. Raises `TimeoutError`."""
        async with asyncio.timeout(timeout_s), self._news:
            await self._news.wait_for(lambda: len(self.all(kind)) >= count)
        return self.all(kind)[count - 1]

    def new(self, kind: str) -> str:
        """Return an id that no other thing has."""
        self._count += 1
        return f"{kind}_{self._count}"

    def next_reply(self) -> Reply:
        """Return the next of the replies."""
        return self.replies.popleft() if len(self.replies) > 1 else self.replies[0]

    def handshake(self) -> int:
        """Return the status with which the next handshake is refused; 0: it is not."""
        return self.refuse

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if status := self.handshake():
            return web.Response(status=status, text=self.refusal, headers=self.refusal_headers)
        socket = web.WebSocketResponse(protocols=("realtime",), timeout=1.0)
        await socket.prepare(request)
        connection = Connection(self, socket, request)
        self.connections.append(connection)
        greet = self._handlers[wire.SessionCreated]
        await greet(connection, wire.SessionCreated(connection.session))
        while True:
            await connection.reading.wait()
            message = await socket.receive()
            if message.type is not WSMsgType.TEXT:
                break
            event = wire.decode_client(message.data)
            if self.on_receive is not None:
                self.on_receive(event)
            async with self._news:
                self.received.append(Received(asyncio.get_running_loop().time(), event))
                self._news.notify_all()
            if (handler := self._handlers.get(type(event))) is not None:
                await handler(connection, event)
        connection.drop()
        return socket


async def _greet(connection: Connection, event: wire.SessionCreated) -> None:
    await connection.send(event)


async def _update(connection: Connection, event: wire.SessionUpdate) -> None:
    model = event.session.model or connection.session.model
    connection.session = replace(event.session, object="realtime.session", model=model)
    await connection.send(wire.SessionUpdated(connection.session))


async def _commit(connection: Connection, _event: wire.InputAudioBufferCommit) -> None:
    name = connection.server.new("item")
    said = Content(type="input_audio", transcript=connection.server.transcript)
    item = Item(type="message", id=name, object="realtime.item", status="completed", role="user", content=[said])
    await connection.send(wire.InputAudioBufferCommitted(item_id=name))
    await connection.send(wire.ConversationItemAdded(item=item))
    await connection.send(wire.ConversationItemDone(item=item))
    if (text := connection.server.transcript) is not None:
        usage = TranscriptionUsage(type="duration", seconds=1.0)
        await connection.send(wire.ConversationItemInputAudioTranscriptionDelta(item_id=name, delta=text))
        await connection.send(wire.ConversationItemInputAudioTranscriptionCompleted(text, usage, item_id=name))


async def _create(connection: Connection, event: wire.ResponseCreate) -> None:
    await connection.answer(connection.server.next_reply, event.event_id)


async def _cancel(connection: Connection, event: wire.ResponseCancel) -> None:
    await connection.cancel(event)


async def _truncate(connection: Connection, event: wire.ConversationItemTruncate) -> None:
    await connection.send(
        wire.ConversationItemTruncated(event.content_index, event.audio_end_ms, item_id=event.item_id)
    )


async def _delete(connection: Connection, event: wire.ConversationItemDelete) -> None:
    await connection.send(wire.ConversationItemDeleted(item_id=event.item_id))


async def _add(connection: Connection, event: wire.ConversationItemCreate) -> None:
    name = event.item.id or connection.server.new("item")
    item = replace(event.item, id=name, object="realtime.item", status="completed")
    await connection.send(wire.ConversationItemAdded(item=item, previous_item_id=event.previous_item_id))
    await connection.send(wire.ConversationItemDone(item=item, previous_item_id=event.previous_item_id))


_SIMPLE: dict[type[wire.Message], Handler] = {
    wire.SessionCreated: _greet,
    wire.SessionUpdate: _update,
    wire.InputAudioBufferCommit: _commit,
    wire.ResponseCreate: _create,
    wire.ResponseCancel: _cancel,
    wire.ConversationItemTruncate: _truncate,
    wire.ConversationItemDelete: _delete,
    wire.ConversationItemCreate: _add,
}
