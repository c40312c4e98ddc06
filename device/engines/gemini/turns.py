"""The dialogue with Gemini Live, without the socket: what it said, and what it must be told.

Replies have no ids here: they are numbered. A reply is over when it calls functions, for the model waits or talks on
as it likes, and what it says afterwards is the next one. What was not heard of a reply cannot be taken back; it is
told as text, which interrupts the reply as well (`LiveClientContent` of google-genai 3.4).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineEvent,
    ReplyEnded,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolCancelled,
    Usage,
    Words,
)
from device.engines.gemini.config import HEAR_RATE, RATE
from device.engines.gemini.usage import charged
from device.engines.numbered import Numbered, Reply
from device.wire import gemini as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.conversation.events import Heard

_log = logging.getLogger(__name__)

UNREMARKABLE: Final = (None, "", "TURN_COMPLETE_REASON_UNSPECIFIED", "NEED_MORE_INPUT")
"""Reasons for which a turn ends that are no failures."""


class _Reply(Reply):
    size: int = 0
    """Bytes of audio."""
    done: bool = False
    """Its audio is complete."""
    told: bool = False
    """All of its words went to the conversation, or the server knows which were heard."""


class Turns:
    """Replies, calls, and what is to be sent; `manual` as in `GeminiConfig`, `blocking` likewise."""

    def __init__(self, *, manual: bool = False, blocking: bool = False) -> None:
        self._manual = manual
        self._blocking = blocking
        self._replies = Numbered(_Reply)
        self._heard = ""  # the user's words so far
        self._heard_item = ""
        self._calls: dict[str, tuple[str, bool]] = {}  # call → its function, and whether the id is the server's
        self._say: list[str] = []  # what to ask for once no reply is in the making
        self._user_turn = False  # the server was told that the user's turn began
        self._usage = Usage()  # what no reply was charged with yet
        self._out: list[wire.ClientMessage] = []

    @property
    def idle(self) -> bool:
        """Whether no reply is in the making, and no call waits for its result."""
        return self._replies.active is None and not self._calls

    def drain(self) -> list[wire.ClientMessage]:
        """Return what is to be sent to the server, and forget it."""
        out, self._out = self._out, []
        return out

    def stale(self, event: EngineEvent) -> bool:
        """Return whether an event that waited belongs to a reply which was cut off meanwhile."""
        return self._replies.stale(event)

    # What the conversation wants

    def hear(self, pcm: bytes) -> None:
        """Send microphone audio, s16le mono at `HEAR_RATE`."""
        if self._manual and not self._user_turn:
            self._user_turn = True
            self._out.append(_input(activity_start=wire.Activity()))
        self._out.append(_input(audio=wire.sound(pcm, HEAR_RATE)))

    def commit(self) -> None:
        """End the user's turn, where the server does not find out by itself."""
        if self._manual and self._user_turn:
            self._user_turn = False
            self._out.append(_input(activity_end=wire.Activity()))

    def resume(self, again: Sequence[wire.ClientMessage]) -> None:
        """Go on in another connection, which knows nothing of the input that is sent `again`."""
        self._heard = ""
        head = again[0].realtime_input if again else None
        if head is not None and self._manual and head.activity_start is None:
            self._out.append(_input(activity_start=wire.Activity()))
        self._out += again
        self._user_turn = self._user_turn and bool(again)

    def interrupt(self, heard: Sequence[Heard]) -> None:
        """Cut the reply off, and tell how much of each item was heard."""
        parts: dict[str, str] = {}
        for reply in self._replies:
            if reply.open and not reply.told:
                parts[reply.item] = ""
        for one in heard:
            told = self._replies.of(one.item)
            if told is not None and not told.told and not (one.whole and not told.open):
                parts[told.item] = _part(told, one)
        for reply in self._replies:
            if reply.item in parts:
                reply.cut = reply.told = True
        self._calls.clear()
        self._say.clear()
        if parts:
            said = " ".join(part for part in parts.values() if part)
            note = f"they heard only this of what you said: “{said}”" if said else "they heard nothing of what you said"
            self._content(f"[The user interrupted you; {note}.]", complete=False)

    def say(self, text: str) -> None:
        """Have the model speak about `text`, at once or after the reply in the making."""
        self._say.append(text)
        self._ask()

    def tool_result(self, call_id: str, output: str, *, reply: bool) -> None:
        """Return the output of a call of this session; of others nothing is known here."""
        name, named = self._calls.pop(call_id, ("", False))
        if not name:
            _log.info("The result of call %s is for an earlier session, or no longer wanted: dropped", call_id)
            return
        scheduling = None if self._blocking else "WHEN_IDLE" if reply else "SILENT"
        response = wire.FunctionResponse(
            name=name, response=_object(output), id=call_id if named else None, scheduling=scheduling
        )
        self._out.append(wire.ClientMessage(tool_response=wire.ToolResponse(function_responses=[response])))

    # What the server says

    def receive(self, message: wire.ServerMessage) -> list[EngineEvent]:
        """Take a server's message, and return what it means."""
        events: list[EngineEvent] = []
        if message.usage_metadata is not None:
            self._usage = charged(self._usage, message.usage_metadata)
        if message.voice_activity is not None:
            events += _activity(message.voice_activity)
        if message.server_content is not None:
            events += self._content_of(message.server_content)
        if message.tool_call is not None and message.tool_call.function_calls:
            events += self._call(message.tool_call.function_calls)
        if message.tool_call_cancellation is not None:
            ids = tuple(one for one in message.tool_call_cancellation.ids if self._calls.pop(one, None))
            events += [ToolCancelled(ids)] if ids else []
        self._ask()
        return events

    def _content_of(self, content: wire.ServerContent) -> list[EngineEvent]:
        events = self._user_words(content.input_transcription)
        if content.model_turn is not None:
            for part in content.model_turn.parts or ():
                events += self._part(part)
        if content.output_transcription is not None:
            events += self._spoken(content.output_transcription.text or "")
        if content.interrupted:
            events += self._interrupted()
        if content.generation_complete:
            events += self._audio_done()
        if content.turn_complete:
            events += self._turn_complete(content.turn_complete_reason)
        return events

    def _user_words(self, words: wire.Transcription | None) -> list[EngineEvent]:
        if words is None:
            return []
        events: list[EngineEvent] = []
        if words.text:
            if not self._heard:
                self._heard_item = self._replies.new_id("user")
            self._heard += words.text
            events.append(Words("user", words.text, final=False, item=self._heard_item))
        return events + (self._user_done() if words.finished else [])

    def _user_done(self) -> list[EngineEvent]:
        """Return all that the user said, once nothing more is to be expected of it."""
        text, self._heard = self._heard, ""
        return [Words("user", text, final=True, item=self._heard_item)] if text.strip() else []

    def _part(self, part: wire.Part) -> list[EngineEvent]:
        blob = part.inline_data
        if part.thought:
            return []
        if blob is not None and blob.mime_type.startswith("audio/") and blob.data:
            reply, events = self._begin()
            reply.size += len(blob.data)
            return events if reply.cut else [*events, Audio(reply.name, reply.item, blob.data)]
        # Models that speak put no text here, but some servers that imitate Google's do.
        return self._spoken(part.text, begin=True) if part.text else []

    def _spoken(self, words: str, *, begin: bool = False) -> list[EngineEvent]:
        """Take words of a reply; they are written down beside the sound, and may come after its end."""
        events: list[EngineEvent] = []
        reply = self._replies.last
        if begin:
            reply, events = self._begin()
        if reply is None or reply.cut or not words:
            return events
        reply.words += words
        return [*events, Words("assistant", words, final=False, item=reply.item)]

    def _begin(self) -> tuple[_Reply, list[EngineEvent]]:
        """Return the reply in the making, and the events of its beginning if it is new."""
        reply, begun = self._replies.begin()
        return reply, [*self._user_done(), *begun] if begun else []

    def _audio_done(self) -> list[EngineEvent]:
        reply = self._replies.last
        if reply is None or reply.done or reply.cut or not reply.size:
            return []
        reply.done = True
        return [AudioDone(reply.name, reply.item)]

    def _end(
        self, status: Literal["completed", "cancelled", "failed"], message: str = "", calls: Sequence[ToolCall] = ()
    ) -> list[EngineEvent]:
        """End the reply in the making, if there is one; its `calls` come before its end."""
        reply = self._replies.active
        if reply is None:
            return []
        events = self._audio_done() if status == "completed" else []
        reply.open = False
        if not reply.cut and reply.words:
            events.append(Words("assistant", reply.words.strip(), final=True, item=reply.item))
        status = "cancelled" if reply.cut else status
        usage, self._usage = self._usage, Usage()
        return [*events, *calls, ReplyEnded(reply.name, status, usage, message)]

    def _interrupted(self) -> list[EngineEvent]:
        reply = self._replies.last
        if reply is None:
            return []
        # Even one that is over for the server: the loudspeaker may not be through with it.
        events: list[EngineEvent] = [ReplyEnded(reply.name, "cancelled")]
        if reply.open:
            events = self._end("cancelled")
        # The server knows, and the user is speaking to it: a note would interrupt that.
        reply.cut = reply.told = True
        return events

    def _turn_complete(self, reason: str | None) -> list[EngineEvent]:
        if reason in UNREMARKABLE:
            return self._end("completed")
        # Such a turn may have had no content; but whoever waits for it must be told.
        _, events = self._begin()
        return events + self._end("failed", f"The engine ended its reply: {reason}")

    def _call(self, calls: Sequence[wire.FunctionCall]) -> list[EngineEvent]:
        reply, events = self._begin()
        if reply.cut:
            return events
        made = []
        for call in calls:
            call_id = call.id or self._replies.new_id("call")
            self._calls[call_id] = call.name, call.id is not None
            arguments = msgspec.json.encode(call.args or {}).decode()
            made.append(ToolCall(reply.name, call_id, call.name, arguments))
        return events + self._end("completed", calls=made)

    def _ask(self) -> None:
        """Ask for what is to be said, if no reply is in the making."""
        if self._say and self._replies.active is None:
            self._content(self._say.pop(0), complete=True)

    def _content(self, text: str, *, complete: bool) -> None:
        content = wire.ClientContent(turns=[wire.text("user", text)], turn_complete=complete)
        self._out.append(wire.ClientMessage(client_content=content))


def _input(**content: Any) -> wire.ClientMessage:
    return wire.ClientMessage(realtime_input=wire.RealtimeInput(**content))


def _part(reply: _Reply, heard: Heard) -> str:
    """Return the words of a reply that were heard, by the share of its sound."""
    words = reply.words.split()
    length_ms = reply.size * 1000 / (2 * RATE)
    share = 1.0 if heard.whole else heard.ms / max(1.0, length_ms)
    return " ".join(words[: round(len(words) * min(1.0, share))])


def _object(output: str) -> dict[str, Any]:
    """Return a tool's output as the object that a response must be."""
    try:
        value = msgspec.json.decode(output)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        value = output
    return value if isinstance(value, dict) else {"output": value}


def _activity(activity: wire.VoiceActivity) -> list[EngineEvent]:
    match activity.voice_activity_type:
        case "ACTIVITY_START":
            return [SpeechStarted()]
        case "ACTIVITY_END":
            return [SpeechStopped()]
        case _:
            return []
