"""One client's session: the protocol's client events in, its server events out."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final, assert_never

from device.local.session.dialogue import Dialogue
from device.local.session.listening import Listening
from device.local.session.streamed import Streamed
from device.local.stages import TurnRecogniser
from device.wire import realtime as wire
from device.wire.errors import WireError, envelope
from device.wire.realtime_items import ErrorDetail, ResponseParams

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.local.cascade import Cascade
    from device.wire import realtime_items

log = logging.getLogger(__name__)

LARGEST: Final = 15 * 1024 * 1024
"""Characters of a client's event: OpenAI's reference lets `input_audio_buffer.append` be 15 MiB at most."""

LARGEST_WORDS: Final = 1024 * 1024
"""The same without its audio: instructions, tools, items. A choice; models read a tenth of it."""


class Session:
    """A session. `receive` takes client events one after the other and never raises for what a client does.

    `write` takes a server event as JSON text and never waits; `room` waits until the client has taken most of what
    was written.
    """

    def __init__(
        self,
        cascade: Cascade,
        write: Callable[[str], None],
        room: Callable[[], Awaitable[None]],
        *,
        model: str = "parley",
        voice: str = "en-gb",
    ) -> None:
        self._dialogue = Dialogue(cascade, model, voice, write, room)
        recogniser = cascade.stages.recogniser
        self._listening = (
            Streamed(self._dialogue, recogniser)
            if isinstance(recogniser, TurnRecogniser)
            else Listening(self._dialogue)
        )
        self._responses = self._listening.responses
        self.id = self._dialogue.id

    def begin(self, wanted: realtime_items.Session | None = None) -> None:
        """Greet the client, whose session may be as `wanted` from the start."""
        self._dialogue.cascade.prepare()
        if wanted:
            self._dialogue.configure(wanted)
            self._listening.configure()
        self._dialogue.send(wire.SessionCreated(session=self._dialogue.session))

    @property
    def busy(self) -> bool:
        """Whether somebody speaks, or is answered."""
        return self._listening.speaking or self._responses.active

    def expire(self, at: int) -> None:
        """Tell the client that the session ends at `at`, seconds since 1970."""
        self._dialogue.expire(at)
        self._dialogue.send(wire.SessionUpdated(session=self._dialogue.session))

    def close(self) -> None:
        """End all work of the session."""
        self._listening.close()
        self._dialogue.close()

    async def receive(self, text: str) -> bool:
        """Take an event of the client; what is wrong with it is said in an `error` event. Tell whether it was audio."""
        event_id: str | None = None
        try:
            event = _read(text)
            event_id = event.event_id
            await self._handle(event)
            return isinstance(event, wire.InputAudioBufferAppend)
        except WireError as error:
            self._error(error, event_id)
        except Exception:
            log.exception("an event of session %s failed", self.id)
            fault = ErrorDetail(
                type="server_error",
                code="server_error",
                message="The local engine failed on this event; see its log.",
                event_id=event_id,
            )
            self._dialogue.send(wire.ErrorEvent(error=fault))
        return False

    def refuse_binary(self) -> None:
        """Say that a binary frame is no event."""
        self._error(WireError("Events are JSON in text frames; this frame is binary.", code="invalid_json"), None)

    def _error(self, error: WireError, event_id: str | None) -> None:
        detail = ErrorDetail(
            type="invalid_request_error",
            message=error.message,
            code=error.code,
            param=error.param,
            event_id=error.event_id or event_id,
        )
        self._dialogue.send(wire.ErrorEvent(error=detail))

    async def _handle(self, event: wire.ClientEvent) -> None:
        match event:
            case wire.InputAudioBufferAppend():
                await self._listening.append(event.audio)
            case wire.InputAudioBufferCommit():
                self._listening.commit()
            case wire.InputAudioBufferClear():
                self._listening.clear()
            case wire.SessionUpdate():
                self._update(event)
            case wire.ResponseCreate():
                self._responses.create(event.response)
            case wire.ResponseCancel():
                self._responses.cancel(event.response_id)
            case wire.OutputAudioBufferClear():
                raise WireError(
                    "output_audio_buffer.clear is for WebRTC and SIP: on a WebSocket the client plays, and says what "
                    "it played with conversation.item.truncate.",
                    code="invalid_value",
                    param="type",
                )
            case _:
                self._converse(event)

    def _converse(
        self,
        event: wire.ConversationItemCreate
        | wire.ConversationItemDelete
        | wire.ConversationItemRetrieve
        | wire.ConversationItemTruncate,
    ) -> None:
        conversation, send = self._dialogue.conversation, self._dialogue.send
        match event:
            case wire.ConversationItemCreate():
                self._create(event)
            case wire.ConversationItemDelete():
                conversation.remove(event.item_id)
                send(wire.ConversationItemDeleted(item_id=event.item_id))
            case wire.ConversationItemRetrieve():
                entry = conversation.get(event.item_id, "item_retrieve_invalid_item_id")
                send(wire.ConversationItemRetrieved(item=entry.item))
            case wire.ConversationItemTruncate():
                self._truncate(event)
            case _:
                assert_never(event)

    def _update(self, event: wire.SessionUpdate) -> None:
        self._dialogue.configure(event.session)
        self._listening.configure()
        self._dialogue.send(wire.SessionUpdated(session=self._dialogue.session))

    def _create(self, event: wire.ConversationItemCreate) -> None:
        dialogue, item = self._dialogue, event.item
        calls = {entry.item.call_id for entry in dialogue.conversation if entry.item.type == "function_call"}
        if item.type == "function_call_output" and item.call_id not in calls:
            raise WireError(
                f"Tool call ID '{item.call_id}' not found in conversation.",
                code="invalid_tool_call_id",
                param="item.call_id",
            )
        entry = dialogue.entry(item, "item")
        dialogue.conversation.check_room(entry)
        before = dialogue.conversation.add(entry, event.previous_item_id)
        dialogue.send(wire.ConversationItemAdded(item=item, previous_item_id=before))
        dialogue.send(wire.ConversationItemDone(item=item, previous_item_id=before))

    def _truncate(self, event: wire.ConversationItemTruncate) -> None:
        """Cut an assistant's item to what was heard.

        More than there is, or an item without audio, does no harm and makes no error: stock clients take every error
        for the end of the session.
        """
        entry = self._dialogue.conversation.get(event.item_id, "item_truncate_invalid_item_id")
        if entry.item.role != "assistant":
            raise WireError("Only an assistant's message can be truncated.", code="invalid_value", param="item_id")
        if event.content_index != 0:
            raise WireError(
                "The message has one part: 'content_index' must be 0.", code="invalid_value", param="content_index"
            )
        if event.audio_end_ms < 0:
            raise WireError("'audio_end_ms' must be 0 or more.", code="invalid_value", param="audio_end_ms")
        heard = min(event.audio_end_ms, int(entry.audio_ms))
        if entry.spoken:
            entry.truncate(event.audio_end_ms)
        self._dialogue.send(wire.ConversationItemTruncated(item_id=entry.id, content_index=0, audio_end_ms=heard))


def _read(text: str) -> wire.ClientEvent:
    """Return a client's event. Raises `WireError`."""
    if len(text) > LARGEST:
        event_id = envelope(text).event_id
        raise WireError(
            f"The event is larger than {LARGEST // 2**20} MiB: append less audio at once.",
            code="event_too_large",
            event_id=event_id if isinstance(event_id, str) else None,
        )
    event = wire.decode_client(text)
    if len(text) - _audio(event) > LARGEST_WORDS:
        raise WireError(
            f"The event has more than {LARGEST_WORDS // 2**20} MiB of words.",
            code="event_too_large",
            event_id=event.event_id,
        )
    return event


def _audio(event: wire.ClientEvent) -> int:
    """Return how many characters of an event are audio."""
    match event:
        case wire.InputAudioBufferAppend():
            return _base64_length(event.audio)
        case wire.ConversationItemCreate():
            return sum(_base64_length(part.audio or b"") for part in event.item.content or ())
        case wire.ResponseCreate(response=ResponseParams(input=list(items))):
            return sum(_base64_length(part.audio or b"") for item in items for part in item.content or ())
    return 0


def _base64_length(data: bytes) -> int:
    """Return how many characters some bytes are on the wire."""
    return -(-len(data) // 3) * 4
