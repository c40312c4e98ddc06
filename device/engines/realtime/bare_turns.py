"""Turns with a bare server, in the Realtime protocol's words: `BareTurns` stands between the two, without the socket.

A bare server (`wire.bare`) names no replies, begins the next one only when the last is over, and throws away
what is appended before that. So the audio of a turn is kept here until its reply can be asked for.
"""

from __future__ import annotations

from collections import deque
from functools import singledispatchmethod
from typing import TYPE_CHECKING, Final

from device.wire import bare
from device.wire import realtime as wire
from device.wire.realtime_items import ErrorDetail, Response, ResponseUsage, StatusDetails

if TYPE_CHECKING:
    from device.wire.realtime_client import Message

LONGEST: Final = 3_840_000
"""Bytes of a turn's audio: 2 minutes at 16 kHz. Of what is longer, the end counts. A choice:
more than anybody says in one go, and a bound on memory."""
UNREADY: Final = frozenset({"model_not_validated", "unknown_event"})
"""Errors that say that no reply was begun, after which none will end."""


class BareTurns:
    """What is said to a bare server, and what it says."""

    def __init__(self) -> None:
        self._heard: deque[bytes] = deque()  # of the turn that is not over
        self._due: list[bytes] = []  # of those that are, and were not sent
        self._size = 0  # of `_heard`
        self._asked = ""  # event id of the response.create that the server has not begun to answer
        self._reply = ""  # what we call the one in the making
        self._count = 0
        self._usage: ResponseUsage | None = None
        self._error: ErrorDetail | None = None

    def hear(self, pcm: bytes) -> None:
        """Keep microphone audio, s16le mono."""
        self._heard.append(pcm)
        self._size += len(pcm)
        while self._size > LONGEST:
            self._size -= len(self._heard.popleft())

    def messages(self, message: wire.ClientEvent) -> list[Message]:
        """Return what a message of the Realtime protocol is to this server; most are nothing."""
        if isinstance(message, wire.InputAudioBufferClear):
            self._forget()
        elif isinstance(message, wire.InputAudioBufferCommit):
            self._due += self._heard
            self._forget()
        elif isinstance(message, wire.ResponseCreate):
            audio, self._due = self._due, []
            self._asked = message.event_id or ""
            appended = [wire.InputAudioBufferAppend(pcm) for pcm in audio]
            return [*appended, bare.Commit(final=False), bare.Commit(final=True)]
        return []

    @singledispatchmethod
    def receive(self, _event: bare.ServerEvent) -> list[wire.ServerEvent]:
        """Take a server's event, and return what it is in the Realtime protocol."""
        return []

    @receive.register
    def _(self, event: bare.TranscriptionDelta) -> list[wire.ServerEvent]:
        began = self._begin()
        return [
            *began,
            wire.ResponseOutputAudioTranscriptDelta(item_id=self._item, delta=event.delta, response_id=self._reply),
        ]

    @receive.register
    def _(self, event: bare.TranscriptionDone) -> list[wire.ServerEvent]:
        began = self._begin()
        if event.usage is not None:
            self._usage = ResponseUsage(
                input_tokens=event.usage.prompt_tokens, output_tokens=event.usage.completion_tokens
            )
        return [
            *began,
            wire.ResponseOutputAudioTranscriptDone(item_id=self._item, transcript=event.text, response_id=self._reply),
        ]

    @receive.register
    def _(self, event: bare.AudioDelta) -> list[wire.ServerEvent]:
        began = self._begin()
        return [*began, wire.ResponseOutputAudioDelta(item_id=self._item, delta=event.audio, response_id=self._reply)]

    @receive.register
    def _(self, _event: bare.AudioDone) -> list[wire.ServerEvent]:
        began = self._begin()
        done = Response(
            id=self._reply,
            status="failed" if self._error is not None else "completed",
            usage=self._usage,
            status_details=StatusDetails(error=self._error) if self._error is not None else None,
        )
        self._reply, self._usage, self._error = "", None, None
        return [*began, wire.ResponseDone(done)]

    @receive.register
    def _(self, event: bare.Error) -> list[wire.ServerEvent]:
        error = ErrorDetail(code=event.code, message=event.error)
        if self._asked and event.code in UNREADY:
            error.event_id, self._asked = self._asked, ""
        elif self._asked or self._reply:
            self._error = error
        return [wire.ErrorEvent(error)]

    @property
    def _item(self) -> str:
        return f"{self._reply}_item"

    def _begin(self) -> list[wire.ServerEvent]:
        """Return the beginning of the reply, which the server leaves out, if this is the first of it."""
        if self._reply:
            return []
        self._asked = ""
        self._count += 1
        self._reply = f"reply_{self._count}"
        return [wire.ResponseCreated(Response(id=self._reply, status="in_progress"))]

    def _forget(self) -> None:
        self._heard.clear()
        self._size = 0
