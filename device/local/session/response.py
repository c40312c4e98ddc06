"""One response: the events of it, in the protocol's order, from its creation to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from device.local.session.coding import RATES, encode
from device.local.session.items import Conversation, Entry, fresh, message
from device.wire.realtime import (
    ConversationItemAdded,
    ConversationItemDeleted,
    ConversationItemDone,
    Message,
    RateLimitsUpdated,
    ResponseContentPartAdded,
    ResponseContentPartDone,
    ResponseCreated,
    ResponseDone,
    ResponseFunctionCallArgumentsDelta,
    ResponseFunctionCallArgumentsDone,
    ResponseOutputAudioDelta,
    ResponseOutputAudioDone,
    ResponseOutputAudioTranscriptDelta,
    ResponseOutputAudioTranscriptDone,
    ResponseOutputItemAdded,
    ResponseOutputItemDone,
    ResponseOutputTextDelta,
    ResponseOutputTextDone,
)
from device.wire.realtime_items import (
    AudioConfig,
    AudioFormat,
    AudioOutput,
    Content,
    ErrorDetail,
    Item,
    Part,
    Response,
    ResponseUsage,
    StatusDetails,
    TokenDetails,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.local.session.config import Config
    from device.local.stages import Call, Cost, Word

Status = Literal["completed", "cancelled", "incomplete", "failed"]
TOKEN_CHARACTERS = 4
"""Characters of text a token, where the brain does not count: OpenAI's rule of thumb for English."""
USER_TOKEN_MS, ASSISTANT_TOKEN_MS = 100, 50
"""Audio a token, as OpenAI counts it."""


def tokens(text: str) -> int:
    """Return about how many tokens a text has."""
    return -(-len(text) // TOKEN_CHARACTERS)


class ResponseStream:
    """A response in the making, as the events of it. Without a `conversation`, its items are added to none.

    `send` must encode what it is given at once: items change afterwards.
    """

    def __init__(
        self,
        send: Callable[[Message], None],
        config: Config,
        conversation: Conversation | None,
        *,
        voice: str,
        metadata: dict[str, str] | None = None,
    ) -> None:
        self.id = fresh("resp")
        self.config = config
        self.finished = False
        self.audio_ms = 0.0
        """Milliseconds of audio sent."""
        self._send = send
        self._conversation = conversation
        self._voice = voice
        self._metadata = metadata
        self._entries: list[Entry] = []
        self._open: Entry | None = None
        self._text = ""
        self._text_tokens = 0
        self._input = (0, 0)

    @property
    def full(self) -> bool:
        """True if the client wants no more tokens."""
        limit = self.config.max_tokens
        return limit is not None and self._output_tokens() > limit

    def begin(self) -> None:
        """Announce the response."""
        self._send(ResponseCreated(response=self._response("in_progress")))
        self._send(RateLimitsUpdated(rate_limits=[]))

    def count_input(self, text: int, audio_ms: float) -> None:
        """Count what goes into the response: tokens of text, milliseconds of the user's audio."""
        self._input = (text, int(audio_ms / USER_TOKEN_MS))

    def count(self, cost: Cost) -> None:
        """Take what the brain counted in place of what is estimated here."""
        self._input = (cost.input_tokens, self._input[1])
        self._text_tokens = cost.output_tokens

    def say(self, sentence: str) -> None:
        """Add a sentence to the message."""
        entry = self._open or self._open_message()
        piece = f" {sentence.strip()}" if self._text else sentence.strip()
        self._text += piece
        self._text_tokens += tokens(piece)
        entry.say(piece)
        place = self._place(entry)
        if self.config.speak:
            self._send(ResponseOutputAudioTranscriptDelta(**place, content_index=0, delta=piece))
        else:
            self._send(ResponseOutputTextDelta(**place, content_index=0, delta=piece))

    def sound(self, pcm: NDArray[np.int16]) -> None:
        """Add audio of the sentence before: (n,) int16 mono at the rate of the client's format."""
        if not self._open:
            return
        kind = self.config.output_format
        length = len(pcm) * 1000 / RATES[kind]
        self._open.add_audio(length)
        self.audio_ms += length
        self._send(ResponseOutputAudioDelta(**self._place(self._open), content_index=0, delta=encode(kind, pcm)))

    def time(self, words: Sequence[Word]) -> None:
        """Add when words of the message are heard, in its audio."""
        if self._open:
            self._open.time(words)

    def call(self, call: Call) -> None:
        """Add a function call."""
        self._close_message("completed")
        item = Item(
            type="function_call",
            id=fresh("item"),
            status="in_progress",
            call_id=fresh("call"),
            name=call.name,
            arguments="",
        )
        entry = self._add(Entry(item))
        place, call_id = self._place(entry), item.call_id or ""
        self._send(ResponseFunctionCallArgumentsDelta(**place, call_id=call_id, delta=call.arguments))
        self._send(
            ResponseFunctionCallArgumentsDone(**place, call_id=call_id, name=call.name, arguments=call.arguments)
        )
        item.arguments = call.arguments
        self._text_tokens += tokens(call.name + call.arguments)
        self._done(entry, "completed")

    def finish(self, status: Status = "completed", reason: str | None = None, error: ErrorDetail | None = None) -> None:
        """End the response; harmless when repeated."""
        if self.finished:
            return
        self.finished = True
        self._close_message("completed" if status == "completed" else "incomplete")
        response = self._response(status)
        if status != "completed":
            response.status_details = StatusDetails(type=status, reason=reason, error=error)
        response.usage = self._usage()
        self._send(ResponseDone(response=response))

    def _open_message(self) -> Entry:
        kind = "output_audio" if self.config.speak else "output_text"
        entry = Entry(message("assistant", [], item_id=fresh("item"), status="in_progress"))
        self._add(entry)
        if self.config.speak:
            part, content = Part(type="audio", transcript=""), Content(type=kind, transcript="")
        else:
            part, content = Part(type="text", text=""), Content(type=kind, text="")
        entry.item.content = [content]
        self._open = entry
        self._text = ""
        self._send(ResponseContentPartAdded(**self._place(entry), content_index=0, part=part))
        return entry

    def _close_message(self, status: str) -> None:
        entry, self._open = self._open, None
        if not entry:
            return
        place = self._place(entry)
        if self.config.speak:
            self._send(ResponseOutputAudioDone(**place, content_index=0))
            self._send(ResponseOutputAudioTranscriptDone(**place, content_index=0, transcript=self._text))
            part = Part(type="audio", transcript=self._text)
        else:
            self._send(ResponseOutputTextDone(**place, content_index=0, text=self._text))
            part = Part(type="text", text=self._text)
        self._send(ResponseContentPartDone(**place, content_index=0, part=part))
        self._done(entry, status)

    def _add(self, entry: Entry) -> Entry:
        self._entries.append(entry)
        self._send(ResponseOutputItemAdded(response_id=self.id, output_index=len(self._entries) - 1, item=entry.item))
        if self._conversation:
            before = self._conversation.add(entry)
            self._send(ConversationItemAdded(item=entry.item, previous_item_id=before))
            for gone in self._conversation.make_room():
                self._send(ConversationItemDeleted(item_id=gone))
        return entry

    def _done(self, entry: Entry, status: str) -> None:
        entry.item.status = status
        place = self._entries.index(entry)
        self._send(ResponseOutputItemDone(response_id=self.id, output_index=place, item=entry.item))
        if self._conversation and self._conversation.find(entry.id):
            before = self._conversation.before(entry.id)
            self._send(ConversationItemDone(item=entry.item, previous_item_id=before))

    def _response(self, status: str) -> Response:
        kind = self.config.output_format
        audio_format = AudioFormat(type=kind, rate=RATES[kind] if kind == "audio/pcm" else None)
        return Response(
            id=self.id,
            object="realtime.response",
            conversation_id=self._conversation.id if self._conversation else None,
            status=status,
            output=[entry.item for entry in self._entries],
            output_modalities=["audio" if self.config.speak else "text"],
            audio=AudioConfig(output=AudioOutput(format=audio_format, voice=self._voice)),
            max_output_tokens=self.config.max_tokens or "inf",
            metadata=dict(self._metadata) if self._metadata is not None else None,
        )

    def _usage(self) -> ResponseUsage:
        text, audio = self._input
        return ResponseUsage(
            total_tokens=text + audio + self._output_tokens(),
            input_tokens=text + audio,
            output_tokens=self._output_tokens(),
            input_token_details=TokenDetails(text_tokens=text, audio_tokens=audio, cached_tokens=0),
            output_token_details=TokenDetails(text_tokens=self._text_tokens, audio_tokens=self._audio_tokens()),
        )

    def _place(self, entry: Entry) -> dict[str, Any]:
        return {"response_id": self.id, "item_id": entry.id, "output_index": self._entries.index(entry)}

    def _audio_tokens(self) -> int:
        return int(self.audio_ms / ASSISTANT_TOKEN_MS)

    def _output_tokens(self) -> int:
        return self._text_tokens + self._audio_tokens()
