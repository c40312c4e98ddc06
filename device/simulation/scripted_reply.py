"""Replies of a scripted Realtime server: what one holds, and how it is sent, event by event."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from device.wire import realtime as wire
from device.wire.realtime_items import (
    Content,
    ErrorDetail,
    Item,
    Part,
    Response,
    ResponseUsage,
    StatusDetails,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

RATE: Final = 24_000
"""Hz, of the audio of replies."""


class Speech(Struct, frozen=True):
    """An item of a reply that is spoken."""

    pcm: bytes
    """s16le mono, 24 kHz."""
    text: str = ""


class Call(Struct, frozen=True):
    """An item of a reply that calls a function."""

    name: str
    arguments: str = "{}"
    call_id: str = ""
    """Empty: one is made up."""


class Reply(Struct, frozen=True):
    """What to answer, and how fast."""

    items: tuple[Speech | Call, ...] = (Speech(bytes(RATE)),)
    delay_s: float = 0.0
    """From the request to the first audio."""
    delta_ms: int = 100
    """Audio in each delta."""
    pace: float = 0.0
    """Seconds that a second of audio takes to be sent; 0: all at once."""
    status: str = "completed"
    error: ErrorDetail | None = None
    """With the status failed."""
    input_tokens: int = 10
    output_tokens: int = 20


class Replies:
    """Makes replies to one client, one at a time.

    `send` sends an event to it, and `new` makes an id of a kind that no other thing has.
    """

    def __init__(self, send: Callable[[wire.ServerEvent], Awaitable[None]], new: Callable[[str], str]) -> None:
        self._send = send
        self._new = new
        self._task: asyncio.Task[None] | None = None
        self._response: Response | None = None

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The reply that is being made, or was made last; None before the first one."""
        return self._task

    @property
    def busy(self) -> bool:
        """Whether a reply is being made."""
        return self._task is not None and not self._task.done()

    def begin(self, reply: Reply) -> asyncio.Task[None]:
        """Begin a reply; the task is done when all of it was sent."""
        self._task = asyncio.create_task(self._speak(reply))
        return self._task

    def drop(self) -> None:
        """Send no more of the reply in the making, and nothing about it."""
        if self._task is not None:
            self._task.cancel()

    async def stop(self, reason: str) -> bool:
        """End the reply in the making, if there is one; return whether there was."""
        if self._task is None or self._task.done() or self._response is None:
            return False
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task
        await self._done(self._response, "cancelled", StatusDetails(type="cancelled", reason=reason), None)
        return True

    async def _speak(self, reply: Reply) -> None:
        self._response = response = Response(
            id=self._new("resp"), object="realtime.response", status="in_progress", output=[]
        )
        await self._send(wire.ResponseCreated(response))
        await asyncio.sleep(reply.delay_s)
        for index, item in enumerate(reply.items):
            if isinstance(item, Call):
                await self._call(item, response, index)
            else:
                await self._say(item, reply, response, index)
        details = None
        if reply.status != "completed":
            details = StatusDetails(type=reply.status, error=reply.error)
        total = reply.input_tokens + reply.output_tokens
        usage = ResponseUsage(total_tokens=total, input_tokens=reply.input_tokens, output_tokens=reply.output_tokens)
        await self._done(response, reply.status, details, usage)

    async def _done(
        self, response: Response, status: str, details: StatusDetails | None, usage: ResponseUsage | None
    ) -> None:
        response.status, response.status_details, response.usage = status, details, usage
        self._response = None
        await self._send(wire.ResponseDone(response))

    async def _say(self, speech: Speech, reply: Reply, response: Response, index: int) -> None:
        item = Item(
            type="message",
            id=self._new("item"),
            object="realtime.item",
            status="in_progress",
            role="assistant",
            content=[],
        )
        output: dict[str, Any] = {"response_id": response.id or "", "output_index": index}
        place: dict[str, Any] = {**output, "item_id": item.id or "", "content_index": 0}
        await self._send(wire.ResponseOutputItemAdded(item, **output))
        await self._send(wire.ConversationItemAdded(item=item))
        await self._send(wire.ResponseContentPartAdded(Part(type="audio", transcript=""), **place))
        if speech.text:
            await self._send(wire.ResponseOutputAudioTranscriptDelta(speech.text, **place))
        size = 2 * (RATE * reply.delta_ms // 1000)
        loop = asyncio.get_running_loop()
        began = loop.time()
        for start in range(0, len(speech.pcm), size):
            await self._send(wire.ResponseOutputAudioDelta(speech.pcm[start : start + size], **place))
            sent_s = (start + size) / (2 * RATE)
            await asyncio.sleep(max(0.0, began + sent_s * reply.pace - loop.time()))
        item.status, item.content = "completed", [Content(type="output_audio", transcript=speech.text)]
        if response.output is not None:
            response.output.append(item)
        await self._send(wire.ResponseOutputAudioDone(**place))
        await self._send(wire.ResponseOutputAudioTranscriptDone(speech.text, **place))
        await self._send(wire.ResponseContentPartDone(Part(type="audio", transcript=speech.text), **place))
        await self._send(wire.ResponseOutputItemDone(item, **output))
        await self._send(wire.ConversationItemDone(item=item))

    async def _call(self, call: Call, response: Response, index: int) -> None:
        item = Item(
            type="function_call",
            id=self._new("item"),
            object="realtime.item",
            status="in_progress",
            call_id=call.call_id or self._new("call"),
            name=call.name,
            arguments="",
        )
        output: dict[str, Any] = {"response_id": response.id or "", "output_index": index}
        place: dict[str, Any] = {**output, "item_id": item.id or "", "call_id": item.call_id or ""}
        await self._send(wire.ResponseOutputItemAdded(item, **output))
        await self._send(wire.ConversationItemAdded(item=item))
        await self._send(wire.ResponseFunctionCallArgumentsDelta(**place, delta=call.arguments))
        await self._send(wire.ResponseFunctionCallArgumentsDone(**place, arguments=call.arguments, name=call.name))
        item.status, item.arguments = "completed", call.arguments
        if response.output is not None:
            response.output.append(item)
        await self._send(wire.ResponseOutputItemDone(item, **output))
        await self._send(wire.ConversationItemDone(item=item))
