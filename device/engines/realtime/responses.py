"""The dialogue with a Realtime server, without the socket: what it said, and what it must be told.

`receive` turns server events into engine events; the other methods say what the conversation wants. Each may leave
messages for the server, which `drain` hands over. Nothing here waits, so that every order of events can be tested.
What was said is in `replies`, what was called in `calls`; when the next response is asked for, `next_response` decides.
"""

from __future__ import annotations

import logging
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final, Literal

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineEvent,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Words,
)
from device.engines.realtime.calls import Calls
from device.engines.realtime.next_response import NextResponse
from device.engines.realtime.outcome import outcome
from device.engines.realtime.replies import Replies
from device.wire import realtime as wire
from device.wire.realtime_items import Content, Item, ResponseParams

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard
    from device.engines.realtime.replies import Output
    from device.wire.realtime_items import ErrorDetail

_log = logging.getLogger(__name__)

UNNAMED: Final = "unnamed_"
"""What we call items begin with of which the server does not say the id, and which it cannot be told of."""
TRUNCATE: Final = "truncate"
"""What the event ids of our truncations begin with."""


class Responses:
    """Replies, their items and calls, and when to ask for the next reply."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        """Hz of the audio that the server sends."""
        self._replies = Replies()
        self._calls = Calls()
        self._next = NextResponse()
        self._odd_seen = False
        self._begun = self._count = 0
        self._out: list[wire.ClientEvent] = []

    def drain(self) -> list[wire.ClientEvent]:
        """Return what is to be sent to the server, and forget it."""
        out, self._out = self._out, []
        return out

    def stale(self, event: EngineEvent) -> bool:
        """Tell if an event that waited belongs to a reply which was cut off meanwhile; remember what is delivered."""
        if isinstance(event, Audio):
            output = self._replies.output(event.item)
            if output is not None and not self._replies.dead(output):
                output.delivered = True
                return False
            return output is not None
        if isinstance(event, AudioDone) or (isinstance(event, Words) and event.role == "assistant"):
            output = self._replies.output(event.item)
            return output is not None and self._replies.dead(output)
        return False

    def reply_of(self, item: str) -> str | None:
        """Return the reply that an item belongs to, if it is still known."""
        output = self._replies.output(item)
        return None if output is None else output.reply

    def hears(self) -> None:
        """Note that the server is sent some of what the user may be saying."""
        self._next.hears(active=self._replies.active)

    def say(self, text: str, *, tools: bool = True) -> None:
        """Have the server speak about `text`, without `tools` if they are not to be called."""
        self._add("system", text)
        self._next.want(tools=tools)
        self._ask()

    def ask(self, text: str) -> None:
        """Have the server answer `text` as a turn of the user's."""
        self._add("user", text)
        self._next.want()
        self._ask()

    def _add(self, role: Literal["system", "user"], text: str) -> None:
        content = [Content(type="input_text", text=text)]
        self._send(wire.ConversationItemCreate(Item(type="message", role=role, content=content)))

    def commit(self) -> None:
        """End the user's turn and ask for the reply."""
        self._send(wire.InputAudioBufferCommit())
        self._next.user_done()
        self._next.want()
        self._ask()

    def discard(self) -> None:
        """Have the server forget what it heard and has not committed."""
        self._send(wire.InputAudioBufferClear())
        self._next.user_done()
        self._ask()

    def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return the output of a call of this session; of others nothing is known here."""
        if not self._calls.answer(call_id):
            _log.info("The result of call %s is for an earlier session, or a second one: dropped", call_id)
            return
        self._send(wire.ConversationItemCreate(Item(type="function_call_output", call_id=call_id, output=output)))
        if reply:
            self._next.want_for_result()
        self._ask()

    def interrupt(self, heard: Sequence[Heard]) -> None:
        """Cancel what is in the making, and tell how much of each item was heard."""
        fresh = self._replies.interrupt()
        if self._replies.active and (newest := self._replies.newest()) in fresh:
            self._cancel(newest)
        self._next.interrupted()
        self._calls.interrupted()
        for one in heard:
            if (output := self._replies.output(one.item)) is not None and not output.told:
                self._tell(one, output)
        listed = {one.item for one in heard}
        for item, output in self._replies.outputs():
            unheard = item not in listed and not output.delivered and not output.told
            if unheard and output.reply in fresh and (output.received or self._replies[output.reply].open):
                self._forget(item, output)

    def refused(self, error: ErrorDetail) -> list[EngineEvent]:
        """Take an error that answers one of our messages."""
        if error.code == "conversation_already_has_active_response":
            if self._next.busy(error.event_id):
                self._ask()
            return []
        if error.code == "response_cancel_not_active":
            # What we cancelled is over, and the server had not said so.
            over = self._replies.cancelled()
            for name in over:
                self._replies[name].open = False
            self._ask()
            return [ReplyEnded(name, "cancelled") for name in over]
        if self._next.refused(error.event_id):
            return [ReplyEnded("", "failed", message=error.message or error.code or "refused")]
        return []

    @singledispatchmethod
    def receive(self, _event: object) -> list[EngineEvent]:
        """Take a server event, and return what it means; most mean nothing to a conversation."""
        return []

    @receive.register
    def _(self, event: wire.ResponseOutputAudioDelta) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        item = event.item_id or self._unnamed
        output = self._replies.add(item, name)
        if not self._replies.takes(output, name):
            return events
        pcm = output.take(event.delta, event.content_index)
        if output.odd and not self._odd_seen:
            self._odd_seen = True
            _log.warning("The engine sends audio with an odd number of bytes; it is put together again")
        return [*events, Audio(name, item, pcm)] if pcm else events

    @receive.register
    def _(self, event: wire.ResponseOutputAudioDone) -> list[EngineEvent]:
        if (output := self._replies.output(event.item_id or self._unnamed)) is not None:
            output.odd = b""
        return []

    @receive.register
    def _(self, event: wire.ResponseOutputAudioTranscriptDelta | wire.ResponseOutputTextDelta) -> list[EngineEvent]:
        return self._words(event, event.delta, final=False)

    @receive.register
    def _(self, event: wire.ResponseOutputAudioTranscriptDone) -> list[EngineEvent]:
        return self._words(event, event.transcript, final=True)

    @receive.register
    def _(self, event: wire.ResponseOutputTextDone) -> list[EngineEvent]:
        return self._words(event, event.text, final=True)

    @receive.register
    def _(self, event: wire.ResponseCreated) -> list[EngineEvent]:
        name, events = self._begin(event.response.id or "")
        if self._next.created(waiting=self._calls.waiting):
            self._replies[name].cut = True
            self._cancel(name)
        return events

    @receive.register
    def _(self, event: wire.ResponseOutputItemAdded) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        item = event.item
        if item.type == "function_call" and item.id and item.name:
            self._calls.named(item.id, item.name)
        elif item.type == "message" and item.id and self._replies.output(item.id) is None:
            output = self._replies.add(item.id, name)
            if self._replies[name].cut:
                # It came too late to be heard.
                self._forget(item.id, output)
        return events

    @receive.register
    def _(self, event: wire.ResponseFunctionCallArgumentsDone) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        function = event.name or self._calls.name_of(event.item_id)
        return events + self._call(name, event.call_id, function, event.arguments)

    @receive.register
    def _(self, event: wire.ResponseOutputItemDone) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        item = event.item
        if item.type == "function_call" and item.status in {None, "completed"}:
            return events + self._call(name, item.call_id or "", item.name or "", item.arguments or "")
        return events + self._finish(item.id or "")

    @receive.register
    def _(self, event: wire.ResponseDone) -> list[EngineEvent]:
        response = event.response
        name, events = self._current(response.id or "")
        if not self._replies[name].open:
            return events
        for item, output in self._replies.outputs():
            if output.reply == name:
                events += self._finish(item)
        if response.status in {None, "completed"}:
            for one in response.output or ():
                if one.type == "function_call":
                    events += self._call(name, one.call_id or "", one.name or "", one.arguments or "")
        self._replies[name].open = False
        events.append(outcome(name, response))
        self._next.ended()
        self._ask()
        return events

    @receive.register
    def _(self, _event: wire.InputAudioBufferSpeechStarted) -> list[EngineEvent]:
        self._next.user_began()
        return [SpeechStarted()]

    @receive.register
    def _(self, _event: wire.InputAudioBufferTimeoutTriggered | wire.InputAudioBufferCommitted) -> list[EngineEvent]:
        self._next.own_turn()
        return []

    @receive.register
    def _(self, _event: wire.InputAudioBufferSpeechStopped) -> list[EngineEvent]:
        return [SpeechStopped()]

    @receive.register
    def _(self, event: wire.ConversationItemInputAudioTranscriptionDelta) -> list[EngineEvent]:
        return [Words("user", event.delta, final=False, item=event.item_id)] if event.delta else []

    @receive.register
    def _(self, event: wire.ConversationItemInputAudioTranscriptionCompleted) -> list[EngineEvent]:
        if not event.transcript.strip():
            self._nothing_said()
        return [Words("user", event.transcript, final=True, item=event.item_id)]

    @receive.register
    def _(self, event: wire.ConversationItemInputAudioTranscriptionFailed) -> list[EngineEvent]:
        _log.warning("The engine could not write down what was said: %s", event.error.code or "no code")
        self._nothing_said()
        return [Words("user", "", final=True, item=event.item_id)]

    def _nothing_said(self) -> None:
        """Take it that a voice was no words: the server may not reply to it."""
        self._next.user_done()
        self._ask()

    def _begin(self, name: str) -> tuple[str, list[EngineEvent]]:
        """Return a reply's name, and the event of its beginning if it is new."""
        if self._replies.knows(name):
            return name, []
        for forgotten in self._replies.begin(name):
            self._calls.forget(forgotten)
        self._begun += 1
        return name, [ReplyStarted(name)]

    def _current(self, name: str) -> tuple[str, list[EngineEvent]]:
        """As `_begin`; some servers leave the response's id out: then it is the newest open one."""
        return self._begin(name or self._replies.newest())

    @property
    def _unnamed(self) -> str:
        """What an item of the newest reply is called that the server gives no id."""
        return f"{UNNAMED}{self._begun}"

    def _words(self, event: wire.OfContent, text: str, *, final: bool) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        item = event.item_id or self._unnamed
        output = self._replies.add(item, name)
        if not self._replies.dead(output) and (text or final):
            events.append(Words("assistant", text, final=final, item=item))
        return events

    def _call(self, reply: str, call_id: str, name: str, arguments: str) -> list[EngineEvent]:
        """Pass a call on, once, unless its reply was interrupted."""
        return [] if self._replies[reply].cut else [*self._calls.make(reply, call_id, name, arguments)]

    def _finish(self, item: str) -> list[EngineEvent]:
        output = self._replies.output(item)
        if output is None or output.complete or not output.received:
            return []
        output.complete = True
        return [] if self._replies.dead(output) else [AudioDone(output.reply, item)]

    def _cancel(self, name: str) -> None:
        self._send(wire.ResponseCancel(response_id=name or None, event_id=self._id("cancel")))

    def _tell(self, heard: Heard, output: Output) -> None:
        """Tell the server where an item was cut off."""
        cut = output.cut(heard, self.rate)
        if cut is None:
            return
        if not cut.ms:
            self._forget(heard.item, output)
            return
        output.told = True
        if heard.item.startswith(UNNAMED):
            return
        self._send(wire.ConversationItemTruncate(heard.item, cut.part, cut.ms, event_id=self._id(TRUNCATE)))

    def _forget(self, item: str, output: Output) -> None:
        """Have the server forget an item of which nothing was heard."""
        output.told = True
        if item.startswith(UNNAMED):
            return
        self._send(wire.ConversationItemDelete(item, event_id=self._id("delete")))

    def _ask(self) -> None:
        """Ask for a reply if one is wanted and none is in the making."""
        waiting = self._calls.waiting
        if self._next.due(active=self._replies.active, waiting=waiting):
            event_id = self._id("create")
            params = None if self._next.tools else ResponseParams(tool_choice="none")
            self._next.asked(event_id, waiting=waiting)
            self._send(wire.ResponseCreate(params, event_id=event_id))

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    def _send(self, message: wire.ClientEvent) -> None:
        self._out.append(message)
