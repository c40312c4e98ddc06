"""The dialogue with a Realtime server, without the socket: what it said, and what it must be told.

`receive` turns server events into engine events; the other methods say what the conversation wants. Each may leave
messages for the server, which `drain` hands over. Nothing here waits, so that every order of events can be tested.
"""

from __future__ import annotations

import logging
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct, field

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineEvent,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    Usage,
    Words,
)
from device.wire import realtime as wire
from device.wire.realtime_items import Content, Item, TokenDetails

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard
    from device.wire.realtime_items import ErrorDetail, Response, ResponseUsage

_log = logging.getLogger(__name__)

REMEMBERED: Final = 64
"""How many replies are remembered, so that what was heard of them can be told and what comes late be dropped."""

TRUNCATE: Final = "truncate"
"""What the event ids of our truncations begin with."""


class _Output(Struct):
    """An item of a reply."""

    reply: str
    received: dict[int, int] = field(default_factory=dict)
    """Bytes of whole samples, by content part."""
    odd: bytes = b""
    """The first half of a sample, of which the second is to come."""
    complete: bool = False
    delivered: bool = False
    """Some of its audio went to the conversation."""
    told: bool = False
    """The server knows how much of it was heard."""


class _Reply(Struct):
    """A response of the server."""

    open: bool = True
    """The server has not ended it."""
    cut: bool = False
    """The user interrupted it: what still comes of it is dropped."""


class Responses:
    """Replies, their items and calls, and when to ask for the next reply."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        """Hz of the audio that the server sends."""
        self._replies: dict[str, _Reply] = {}
        self._outputs: dict[str, _Output] = {}
        self._names: dict[str, str] = {}  # item id → function, until its call is complete
        self._calls: set[str] = set()  # every call that was passed on: servers tell of each up to three times
        self._answered: set[str] = set()
        self._waiting: dict[str, str] = {}  # call id → reply, where the result is to come
        self._wanted = False  # a reply is to be asked for as soon as none is in the making
        self._tools_answered = False  # likewise, once all results are in and the user does not speak
        self._user_speaks = False  # the server will reply by itself when the user is done
        self._asked = ""  # event id of our response.create that the server has not answered
        self._occupied = False  # the server says that a response is active which we have not seen
        self._cancel_next = False  # the reply that was asked for is to be cancelled when it begins
        self._odd_seen = False
        self._count = 0
        self._out: list[wire.ClientEvent] = []

    def drain(self) -> list[wire.ClientEvent]:
        """Return what is to be sent to the server, and forget it."""
        out, self._out = self._out, []
        return out

    def stale(self, event: EngineEvent) -> bool:
        """Tell if an event that waited belongs to a reply which was cut off meanwhile; note what is delivered."""
        if isinstance(event, Audio):
            output = self._outputs.get(event.item)
            if output is not None and not self._dead(output):
                output.delivered = True
                return False
            return output is not None
        if isinstance(event, AudioDone) or (isinstance(event, Words) and event.role == "assistant"):
            output = self._outputs.get(event.item)
            return output is not None and self._dead(output)
        return False

    def reply_of(self, item: str) -> str | None:
        """Return the reply that an item belongs to, if it is still known."""
        output = self._outputs.get(item)
        return None if output is None else output.reply

    def say(self, text: str) -> None:
        """Have the server speak about `text`."""
        content = [Content(type="input_text", text=text)]
        self._send(wire.ConversationItemCreate(Item(type="message", role="system", content=content)))
        self._wanted = True
        self._ask()

    def commit(self) -> None:
        """End the user's turn and ask for the reply."""
        self._send(wire.InputAudioBufferCommit())
        self._user_speaks = False
        self._wanted = True
        self._ask()

    def discard(self) -> None:
        """Have the server forget what it heard and has not committed."""
        self._send(wire.InputAudioBufferClear())
        self._user_speaks = False
        self._ask()

    def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return the output of a call of this session; of others nothing is known here."""
        if call_id not in self._calls or call_id in self._answered:
            _log.info("The result of call %s is for an earlier session, or a second one: dropped", call_id)
            return
        self._answered.add(call_id)
        self._waiting.pop(call_id, None)
        self._send(wire.ConversationItemCreate(Item(type="function_call_output", call_id=call_id, output=output)))
        self._tools_answered = self._tools_answered or reply
        self._ask()

    def interrupt(self, heard: Sequence[Heard]) -> None:
        """Cancel what is in the making, and tell how much of each item was heard."""
        fresh = [name for name, reply in self._replies.items() if not reply.cut]
        for name in fresh:
            reply = self._replies[name]
            reply.cut = True
            if reply.open:
                self._send(wire.ResponseCancel(response_id=name or None, event_id=self._id("cancel")))
        self._cancel_next = bool(self._asked)
        self._wanted = False
        self._user_speaks = True
        self._waiting.clear()
        for one in heard:
            if (output := self._outputs.get(one.item)) is not None and not output.told:
                self._tell(one, output)
        listed = {one.item for one in heard}
        for name, output in self._outputs.items():
            unheard = name not in listed and not output.delivered and not output.told
            if unheard and output.reply in fresh and (output.received or self._replies[output.reply].open):
                self._forget(name, output)

    def refused(self, error: ErrorDetail) -> list[EngineEvent]:
        """Note an error that answers one of our messages."""
        if error.code == "conversation_already_has_active_response" and not (self._asked or error.event_id):
            # The server's own answer to the user's turn found a reply still in the making: it is asked for after that.
            self._user_speaks = False
            self._wanted = True
            self._ask()
        elif error.code == "conversation_already_has_active_response" and self._asked:
            self._asked = ""
            self._wanted = self._wanted or not self._cancel_next
            self._cancel_next = False
            self._occupied = True
        elif error.code == "response_cancel_not_active":
            # What we cancelled is over, and the server had not said so.
            over = [name for name, reply in self._replies.items() if reply.open and reply.cut]
            events: list[EngineEvent] = [self._end(name, "cancelled") for name in over]
            self._ask()
            return events
        elif error.event_id and error.event_id == self._asked:
            self._asked = ""
            self._cancel_next = False
            return [ReplyEnded("", "failed", message=error.message or error.code or "refused")]
        return []

    @singledispatchmethod
    def receive(self, _event: object) -> list[EngineEvent]:
        """Take a server event, and return what it means; most mean nothing to a conversation."""
        return []

    @receive.register
    def _(self, event: wire.ResponseOutputAudioDelta) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        output = self._output(event.item_id, name)
        if output is None:
            return events
        pcm = output.odd + event.delta if output.odd else event.delta
        output.odd = b""
        if len(pcm) % 2:
            pcm, output.odd = pcm[:-1], pcm[-1:]
            if not self._odd_seen:
                self._odd_seen = True
                _log.warning("The engine sends audio with an odd number of bytes; it is put together again")
        if pcm:
            output.received[event.content_index] = output.received.get(event.content_index, 0) + len(pcm)
            events.append(Audio(name, event.item_id, pcm))
        return events

    @receive.register
    def _(self, event: wire.ResponseOutputAudioDone) -> list[EngineEvent]:
        if (output := self._outputs.get(event.item_id)) is not None:
            output.odd = b""
        return []

    @receive.register
    def _(self, event: wire.ResponseOutputAudioTranscriptDelta) -> list[EngineEvent]:
        return self._words(event, event.delta, final=False)

    @receive.register
    def _(self, event: wire.ResponseOutputAudioTranscriptDone) -> list[EngineEvent]:
        return self._words(event, event.transcript, final=True)

    @receive.register
    def _(self, event: wire.ResponseOutputTextDelta) -> list[EngineEvent]:
        return self._words(event, event.delta, final=False)

    @receive.register
    def _(self, event: wire.ResponseOutputTextDone) -> list[EngineEvent]:
        return self._words(event, event.text, final=True)

    @receive.register
    def _(self, event: wire.ResponseCreated) -> list[EngineEvent]:
        name, events = self._begin(event.response.id or "")
        self._asked = ""
        if self._user_speaks and not self._waiting:
            # This reply was made with the results in sight.
            self._tools_answered = False
        self._user_speaks = False
        if self._cancel_next:
            self._cancel_next = False
            self._user_speaks = True
            self._replies[name].cut = True
            self._send(wire.ResponseCancel(response_id=name or None, event_id=self._id("cancel")))
        return events

    @receive.register
    def _(self, event: wire.ResponseOutputItemAdded) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        item = event.item
        if item.type == "function_call" and item.id and item.name:
            self._names[item.id] = item.name
        elif item.type == "message" and item.id and item.id not in self._outputs:
            output = self._outputs[item.id] = _Output(name)
            if self._replies[name].cut:
                # It came too late to be heard.
                self._forget(item.id, output)
        return events

    @receive.register
    def _(self, event: wire.ResponseFunctionCallArgumentsDone) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        function = event.name or self._names.get(event.item_id, "")
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
        for item, output in self._outputs.items():
            if output.reply == name:
                events += self._finish(item)
        if response.status in {None, "completed"}:
            for one in response.output or ():
                if one.type == "function_call":
                    events += self._call(name, one.call_id or "", one.name or "", one.arguments or "")
        events.append(self._end(name, _status(response), _usage(response.usage), _why(response)))
        self._occupied = False
        self._ask()
        return events

    @receive.register
    def _(self, _event: wire.InputAudioBufferSpeechStarted) -> list[EngineEvent]:
        self._user_speaks = True
        return [SpeechStarted()]

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
        """Note that a voice was no words: the server may not reply to it."""
        self._user_speaks = False
        self._ask()

    def _begin(self, name: str) -> tuple[str, list[EngineEvent]]:
        """Return a reply's name, and the event of its beginning if it is new."""
        if name in self._replies and (name or self._replies[name].open):
            return name, []
        while len(self._replies) >= REMEMBERED:
            oldest = next(iter(self._replies))
            del self._replies[oldest]
            self._outputs = {item: output for item, output in self._outputs.items() if output.reply != oldest}
            self._waiting = {call: reply for call, reply in self._waiting.items() if reply != oldest}
        self._replies[name] = _Reply()
        return name, [ReplyStarted(name)]

    def _current(self, name: str) -> tuple[str, list[EngineEvent]]:
        """As `_begin`; some servers leave the response's id out: then it is the newest open one."""
        if not name:
            name = next((key for key in reversed(self._replies) if self._replies[key].open), "")
        return self._begin(name)

    def _output(self, item: str, reply: str) -> _Output | None:
        """Return the item of a reply that still goes to the conversation, else None."""
        output = self._outputs.get(item)
        if output is None:
            output = self._outputs[item] = _Output(reply)
        if self._dead(output) or output.complete or not self._replies[reply].open:
            return None
        return output

    def _dead(self, output: _Output) -> bool:
        return output.told or ((reply := self._replies.get(output.reply)) is not None and reply.cut)

    def _words(self, event: wire.OfContent, text: str, *, final: bool) -> list[EngineEvent]:
        name, events = self._current(event.response_id)
        output = self._outputs.setdefault(event.item_id, _Output(name))
        if not self._dead(output) and (text or final):
            events.append(Words("assistant", text, final=final, item=event.item_id))
        return events

    def _call(self, reply: str, call_id: str, name: str, arguments: str) -> list[EngineEvent]:
        """Pass a call on, once; one without a name waits for its item."""
        if not call_id or not name or call_id in self._calls or self._replies[reply].cut:
            return []
        self._calls.add(call_id)
        self._waiting[call_id] = reply
        return [ToolCall(reply, call_id, name, arguments)]

    def _finish(self, item: str) -> list[EngineEvent]:
        output = self._outputs.get(item)
        if output is None or output.complete or not output.received:
            return []
        output.complete = True
        return [] if self._dead(output) else [AudioDone(output.reply, item)]

    def _end(
        self,
        name: str,
        status: Literal["completed", "cancelled", "failed", "incomplete"],
        usage: Usage | None = None,
        message: str = "",
    ) -> ReplyEnded:
        self._replies[name].open = False
        return ReplyEnded(name, status, usage or Usage(), message)

    def _tell(self, heard: Heard, output: _Output) -> None:
        """Tell the server where an item was cut off; never beyond what was received of it."""
        total = sum(self._ms(size) for size in output.received.values())
        if heard.whole or (output.complete and heard.ms >= total > 0):
            return
        if heard.ms <= 0 or total == 0:
            self._forget(heard.item, output)
            return
        left = min(heard.ms, total)
        for part, size in output.received.items():
            if left <= self._ms(size):
                output.told = True
                self._send(wire.ConversationItemTruncate(heard.item, part, left, event_id=self._id(TRUNCATE)))
                return
            left -= self._ms(size)

    def _forget(self, item: str, output: _Output) -> None:
        """Have the server forget an item of which nothing was heard."""
        output.told = True
        self._send(wire.ConversationItemDelete(item, event_id=self._id("delete")))

    def _ask(self) -> None:
        """Ask for a reply if one is wanted and none is in the making."""
        if self._asked or self._occupied or any(reply.open for reply in self._replies.values()):
            return
        answered = self._tools_answered and not self._waiting
        if self._wanted or (answered and not self._user_speaks):
            self._wanted = False
            self._tools_answered = self._tools_answered and not answered
            self._asked = self._id("create")
            self._send(wire.ResponseCreate(event_id=self._asked))

    def _ms(self, size: int) -> int:
        return size * 1000 // (2 * self.rate)

    def _id(self, kind: str) -> str:
        self._count += 1
        return f"{kind}_{self._count}"

    def _send(self, message: wire.ClientEvent) -> None:
        self._out.append(message)


def _status(response: Response) -> Literal["completed", "cancelled", "failed", "incomplete"]:
    match response.status:
        case "cancelled" | "failed" | "incomplete" as status:
            return status
        case _:
            return "completed"


def _usage(usage: ResponseUsage | None) -> Usage:
    if usage is None:
        return Usage()
    into, out = usage.input_token_details or TokenDetails(), usage.output_token_details or TokenDetails()
    return Usage(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        input_audio_tokens=into.audio_tokens,
        output_audio_tokens=out.audio_tokens,
        cached_tokens=into.cached_tokens,
    )


def _why(response: Response) -> str:
    details = response.status_details
    if details is None:
        return ""
    if details.error is not None:
        return details.error.message or details.error.code or ""
    return details.reason or ""
