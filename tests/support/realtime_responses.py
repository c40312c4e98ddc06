"""What a Realtime server says of its responses, in short, and a dialogue that is told it."""

from typing import Any

from device.conversation.engine import EngineEvent
from device.engines.realtime.responses import Responses
from device.wire import realtime as wire
from device.wire import realtime_items as items

RATE = 24_000
MS = 2 * RATE // 1000
"""Bytes of a millisecond."""


def created(reply: str = "r") -> wire.ResponseCreated:
    return wire.ResponseCreated(items.Response(id=reply, status="in_progress"))


def done(reply: str | None = "r", status: str | None = "completed", **fields: Any) -> wire.ResponseDone:
    return wire.ResponseDone(items.Response(id=reply, status=status, **fields))


def delta(
    pcm: bytes = bytes(100 * MS), item: str = "i", reply: str = "r", part: int = 0
) -> wire.ResponseOutputAudioDelta:
    return wire.ResponseOutputAudioDelta(pcm, item_id=item, response_id=reply, content_index=part)


def added(item: str = "i", reply: str = "r", kind: str = "message", **fields: Any) -> wire.ResponseOutputItemAdded:
    return wire.ResponseOutputItemAdded(items.Item(kind, id=item, **fields), response_id=reply)


def item_done(item: str = "i", reply: str = "r", kind: str = "message", **fields: Any) -> wire.ResponseOutputItemDone:
    return wire.ResponseOutputItemDone(items.Item(kind, id=item, **fields), response_id=reply)


def call_done(call: str = "c", name: str = "f", reply: str = "r", item: str = "ci") -> wire.Message:
    return wire.ResponseFunctionCallArgumentsDone(call, "{}", name, item_id=item, response_id=reply)


def feed(responses: Responses, *events: object) -> list[EngineEvent]:
    """Give events to a dialogue and all that comes of them to the conversation."""
    return [one for event in events for one in responses.receive(event) if not responses.stale(one)]


def kinds(messages: list[wire.ClientEvent]) -> list[type]:
    return [type(message) for message in messages]
