"""What a client of OpenAI Realtime (GA) says: the eleven events."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from device.wire.realtime_items import Item, ResponseParams, Session


class Message(Struct, tag_field="type", omit_defaults=True, kw_only=True):
    """An event. A server must set `event_id`; a client may."""

    event_id: str | None = None


class SessionUpdate(Message, tag="session.update"):
    """Change the session; what is absent stays."""

    session: Session


class InputAudioBufferAppend(Message, tag="input_audio_buffer.append"):
    """Microphone audio."""

    audio: bytes
    """Base64 on the wire."""


class InputAudioBufferCommit(Message, tag="input_audio_buffer.commit"):
    """Make what was appended the user's turn."""


class InputAudioBufferClear(Message, tag="input_audio_buffer.clear"):
    """Forget what was appended."""


class OutputAudioBufferClear(Message, tag="output_audio_buffer.clear"):
    """Stop playout at the server (WebRTC and SIP only)."""


class ConversationItemCreate(Message, tag="conversation.item.create"):
    """Add an item; after `previous_item_id`, first if that is "root", else last."""

    item: Item
    previous_item_id: str | None = None


class ConversationItemDelete(Message, tag="conversation.item.delete"):
    """Remove an item."""

    item_id: str


class ConversationItemRetrieve(Message, tag="conversation.item.retrieve"):
    """Ask for an item as the server has it."""

    item_id: str


class ConversationItemTruncate(Message, tag="conversation.item.truncate"):
    """Say that only `audio_end_ms` of an assistant's item were heard."""

    item_id: str
    content_index: int
    audio_end_ms: int


class ResponseCreate(Message, tag="response.create"):
    """Ask for a reply now."""

    response: ResponseParams | None = None


class ResponseCancel(Message, tag="response.cancel"):
    """End the reply that is being made."""

    response_id: str | None = None


ClientEvent: TypeAlias = (
    SessionUpdate
    | InputAudioBufferAppend
    | InputAudioBufferCommit
    | InputAudioBufferClear
    | OutputAudioBufferClear
    | ConversationItemCreate
    | ConversationItemDelete
    | ConversationItemRetrieve
    | ConversationItemTruncate
    | ResponseCreate
    | ResponseCancel
)
