"""The dialogue with a Cartesia agent, without the socket: what it said, and what it must be told.

Turns have numbers, one count for both sides; replies are called after them. A reply is over when it calls a function,
and what is said afterwards is the next one, though it be of the same turn. Nobody can tell the agent what was heard:
it goes by what it has sent, which is why it is asked to send no faster than it speaks.
"""

from __future__ import annotations

import logging
from functools import singledispatchmethod
from typing import Final, Literal

import msgspec

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineEvent,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    Words,
)
from device.engines.numbered import Numbered, Reply
from device.wire import cartesia as wire

_log = logging.getLogger(__name__)

CUT_OFF: Final = " [cut off: this is too long]"


class _Reply(Reply):
    sounded: bool = False
    """Some of its audio came."""


class Turns:
    """Replies, calls, and what is to be sent."""

    def __init__(self) -> None:
        self._replies = Numbered(_Reply)
        self._calls: dict[str, bool] = {}  # call → whether its result is wanted
        self._passed = ""  # words of the agent's turn that went to earlier replies
        self._muted = False  # the agent speaks on in a turn that the user interrupted
        self._out: list[wire.ClientEvent] = []

    def drain(self) -> list[wire.ClientEvent]:
        """Return what is to be sent to the server, and forget it."""
        out, self._out = self._out, []
        return out

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event that waited belongs to a reply which was cut off meanwhile."""
        return self._replies.stale(event)

    def interrupt(self) -> None:
        """Drop what still comes of the reply."""
        if (reply := self._replies.last) is not None:
            reply.cut = True
            self._muted = self._muted or reply.open
        self._calls.clear()

    def tool_result(self, call_id: str, output: str) -> list[EngineEvent]:
        """Return the output of a call of this session, if the agent wants it; of others nothing is known here."""
        wanted = self._calls.pop(call_id, None)
        if wanted is None:
            _log.info("The result of call %s is for an earlier session, or no longer wanted: dropped", call_id)
            return []
        if not wanted:
            # Nothing will be said of it: whoever waits for that need not.
            name = self._replies.new_id("reply")
            return [ReplyStarted(name), ReplyEnded(name, "completed")]
        error = True if _is_error(output) else None
        self._out.append(wire.ClientToolResult(tool_call_id=call_id, result=_shortened(output), is_error=error))
        return []

    @singledispatchmethod
    def receive(self, _event: object) -> list[EngineEvent]:
        """Take a server event, and return what it means; some mean nothing to a conversation."""
        return []

    @receive.register
    def _(self, event: wire.TurnStarted) -> list[EngineEvent]:
        if event.role == "user":
            return [SpeechStarted()]
        self._passed = ""
        self._muted = False
        return [*self._end("completed"), *self._replies.begin()[1]]

    @receive.register
    def _(self, event: wire.AudioOutput) -> list[EngineEvent]:
        if self._muted or not event.audio:
            return []
        reply, events = self._replies.begin()
        reply.sounded = True
        return [*events, Audio(reply.name, reply.item, event.audio)]

    @receive.register
    def _(self, event: wire.TurnOutputTextDelta) -> list[EngineEvent]:
        if self._muted:
            return []
        reply, events = self._replies.begin()
        reply.words += event.text
        return [*events, Words("assistant", event.text, final=False, item=reply.item)]

    @receive.register
    def _(self, event: wire.TurnEnded) -> list[EngineEvent]:
        if event.role == "user":
            return [SpeechStopped(), Words("user", event.text, final=True, item=f"user_{event.turn}")]
        self._muted = False
        reply = self._replies.last
        if reply is None:
            return []
        said = event.text
        # What was really said, be it interrupted; but for what came before a call.
        rest = said[len(self._passed) :] if said.startswith(self._passed) else said if not self._passed else ""
        reply.words = rest.strip() or reply.words
        events: list[EngineEvent] = []
        if reply.cut and reply.words:
            events.append(Words("assistant", reply.words, final=True, item=reply.item))
        return events + self._end("cancelled" if event.interrupted else "completed")

    @receive.register
    def _(self, _event: wire.AudioOutputClear) -> list[EngineEvent]:
        reply = self._replies.last
        if reply is None or (reply.cut and not reply.open):
            return []
        self._muted = reply.open
        # Even one that is over for the agent: the loudspeaker may not be through with it.
        events: list[EngineEvent] = [ReplyEnded(reply.name, "cancelled")]
        reply.cut = True
        reply.open = False
        return events

    @receive.register
    def _(self, event: wire.ClientToolCall) -> list[EngineEvent]:
        reply, events = self._replies.begin()
        if self._muted or not event.tool_name:
            return events
        self._calls[event.tool_call_id] = event.expects_response
        self._passed += reply.words
        arguments = msgspec.json.encode(event.parameters).decode()
        call = ToolCall(reply.name, event.tool_call_id, event.tool_name, arguments)
        return [*events, call, *self._end("completed")]

    def _end(self, status: Literal["completed", "cancelled"]) -> list[EngineEvent]:
        reply = self._replies.active
        if reply is None:
            return []
        reply.open = False
        if reply.cut:
            return [ReplyEnded(reply.name, "cancelled")]
        events: list[EngineEvent] = []
        if reply.words:
            events.append(Words("assistant", reply.words.strip(), final=True, item=reply.item))
        if reply.sounded and status == "completed":
            events.append(AudioDone(reply.name, reply.item))
        return [*events, ReplyEnded(reply.name, status)]


def _is_error(output: str) -> bool:
    """Return whether a tool's output tells of a failure."""
    try:
        value = msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return isinstance(value, dict) and "error" in value


def _shortened(output: str) -> str:
    """Return as much of a result as an agent takes."""
    data = output.encode()
    if len(data) <= wire.MAX_RESULT:
        return output
    _log.warning("A tool's result of %d bytes is cut off: the agent takes %d", len(data), wire.MAX_RESULT)
    return data[: wire.MAX_RESULT - len(CUT_OFF)].decode(errors="ignore") + CUT_OFF
