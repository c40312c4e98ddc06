"""What a server of OpenAI Realtime (GA) says: every event.

A `default_factory` stands where a field must always be sent but need not have been received.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import field

from device.wire.realtime_client import Message
from device.wire.realtime_items import (
    Conversation,
    ErrorDetail,
    Item,
    Language,
    LogProb,
    Part,
    RateLimit,
    Response,
    Session,
    TranscriptionUsage,
)

Number: TypeAlias = int | float


class OfItem(Message, kw_only=True):
    """An event about an item."""

    item_id: str = field(default_factory=str)


class OfItems(Message, kw_only=True):
    """An event with a whole item and its place."""

    item: Item
    previous_item_id: str | None = None


class OfResponse(Message, kw_only=True):
    """An event about an output item of a response."""

    response_id: str = field(default_factory=str)
    output_index: int = field(default_factory=int)


class OfOutput(OfResponse, kw_only=True):
    """An event about an output item of a response, by its id."""

    item_id: str = field(default_factory=str)


class OfContent(OfOutput, kw_only=True):
    """An event about a content part of an output item."""

    content_index: int = field(default_factory=int)


class OfCall(Message, kw_only=True):
    """An event about an MCP call."""

    item_id: str
    output_index: int = field(default_factory=int)


class SessionCreated(Message, tag="session.created"):
    """The first event of a session."""

    session: Session


class SessionUpdated(Message, tag="session.updated"):
    """The session as it is after a change."""

    session: Session


class ErrorEvent(Message, tag="error"):
    """Something went wrong; the session goes on unless the server closes it."""

    error: ErrorDetail


class ConversationCreated(Message, tag="conversation.created"):
    """A conversation began."""

    conversation: Conversation


class ConversationItemCreated(OfItems, tag="conversation.item.created"):
    """An item was added (the name before GA)."""


class ConversationItemAdded(OfItems, tag="conversation.item.added"):
    """An item was added; it may be empty yet."""


class ConversationItemDone(OfItems, tag="conversation.item.done"):
    """An item is complete."""


class ConversationItemRetrieved(Message, tag="conversation.item.retrieved"):
    """An item that the client asked for."""

    item: Item


class ConversationItemDeleted(OfItem, tag="conversation.item.deleted"):
    """An item was removed."""


class ConversationItemTruncated(OfItem, tag="conversation.item.truncated"):
    """An item was cut to what was heard."""

    content_index: int
    audio_end_ms: Number


class ConversationItemInputAudioTranscriptionDelta(OfItem, tag="conversation.item.input_audio_transcription.delta"):
    """A piece of what the user said."""

    delta: str | None = None
    content_index: int | None = None
    logprobs: list[LogProb] | None = None


class ConversationItemInputAudioTranscriptionCompleted(
    OfItem, tag="conversation.item.input_audio_transcription.completed"
):
    """All that the user said in a turn."""

    transcript: str
    usage: TranscriptionUsage | None = None
    content_index: int = field(default_factory=int)
    languages: list[Language] | None = None
    logprobs: list[LogProb] | None = None


class ConversationItemInputAudioTranscriptionSegment(OfItem, tag="conversation.item.input_audio_transcription.segment"):
    """A stretch of what was said, with its time (s) and speaker."""

    id: str
    text: str
    speaker: str
    start: float
    end: float
    content_index: int = field(default_factory=int)


class ConversationItemInputAudioTranscriptionFailed(OfItem, tag="conversation.item.input_audio_transcription.failed"):
    """What the user said could not be written down."""

    error: ErrorDetail
    content_index: int = field(default_factory=int)


class InputAudioBufferCleared(Message, tag="input_audio_buffer.cleared"):
    """The appended audio was forgotten."""


class InputAudioBufferCommitted(OfItem, tag="input_audio_buffer.committed"):
    """The appended audio became the user's item."""

    previous_item_id: str | None = None


class InputAudioBufferDtmfEventReceived(Message, tag="input_audio_buffer.dtmf_event_received"):
    """A telephone key (SIP only)."""

    event: str
    received_at: int


class InputAudioBufferSpeechStarted(OfItem, tag="input_audio_buffer.speech_started"):
    """The user began to speak; ms of audio appended in the session."""

    audio_start_ms: Number = field(default_factory=int)


class InputAudioBufferSpeechStopped(OfItem, tag="input_audio_buffer.speech_stopped"):
    """The user's turn ended."""

    audio_end_ms: Number = field(default_factory=int)


class InputAudioBufferTimeoutTriggered(OfItem, tag="input_audio_buffer.timeout_triggered"):
    """Nobody spoke for `idle_timeout_ms`."""

    audio_start_ms: Number
    audio_end_ms: Number


class OutputAudioBufferStarted(Message, tag="output_audio_buffer.started"):
    """Playout began at the server (WebRTC and SIP only)."""

    response_id: str


class OutputAudioBufferStopped(Message, tag="output_audio_buffer.stopped"):
    """Playout ended."""

    response_id: str


class OutputAudioBufferCleared(Message, tag="output_audio_buffer.cleared"):
    """Playout was stopped."""

    response_id: str


class RateLimitsUpdated(Message, tag="rate_limits.updated"):
    """What is left of the limits after a response."""

    rate_limits: list[RateLimit]


class ResponseCreated(Message, tag="response.created"):
    """A reply began."""

    response: Response = field(default_factory=Response)


class ResponseDone(Message, tag="response.done"):
    """A reply is over, whatever its status."""

    response: Response = field(default_factory=Response)


class ResponseOutputItemAdded(OfResponse, tag="response.output_item.added"):
    """A reply got an item."""

    item: Item


class ResponseOutputItemDone(OfResponse, tag="response.output_item.done"):
    """An item of a reply is complete."""

    item: Item


class ResponseContentPartAdded(OfContent, tag="response.content_part.added"):
    """An item got a part."""

    part: Part


class ResponseContentPartDone(OfContent, tag="response.content_part.done"):
    """A part is complete."""

    part: Part


class ResponseOutputAudioDelta(OfContent, tag="response.output_audio.delta"):
    """A piece of a reply's audio."""

    delta: bytes
    """Base64 on the wire."""


class ResponseOutputAudioDone(OfContent, tag="response.output_audio.done"):
    """A part's audio is complete."""


class ResponseOutputAudioTranscriptDelta(OfContent, tag="response.output_audio_transcript.delta"):
    """A piece of what a reply's audio says."""

    delta: str


class ResponseOutputAudioTranscriptDone(OfContent, tag="response.output_audio_transcript.done"):
    """All that a part's audio says."""

    transcript: str


class ResponseOutputTextDelta(OfContent, tag="response.output_text.delta"):
    """A piece of a written reply."""

    delta: str


class ResponseOutputTextDone(OfContent, tag="response.output_text.done"):
    """A written reply."""

    text: str


class OfFunctionCall(OfResponse, kw_only=True):
    """An event about a function call; xAI leaves its item out."""

    item_id: str = field(default_factory=str)


class ResponseFunctionCallArgumentsDelta(OfFunctionCall, tag="response.function_call_arguments.delta"):
    """A piece of a call's arguments."""

    call_id: str
    delta: str


class ResponseFunctionCallArgumentsDone(OfFunctionCall, tag="response.function_call_arguments.done"):
    """A call is complete."""

    call_id: str
    arguments: str
    name: str = field(default_factory=str)


class McpListToolsInProgress(OfItem, tag="mcp_list_tools.in_progress"):
    """An MCP server is being asked for its tools."""


class McpListToolsCompleted(OfItem, tag="mcp_list_tools.completed"):
    """An MCP server's tools are known."""


class McpListToolsFailed(OfItem, tag="mcp_list_tools.failed"):
    """An MCP server did not tell its tools."""


class ResponseMcpCallArgumentsDelta(OfOutput, tag="response.mcp_call_arguments.delta"):
    """A piece of an MCP call's arguments."""

    delta: str
    obfuscation: str | None = None


class ResponseMcpCallArgumentsDone(OfOutput, tag="response.mcp_call_arguments.done"):
    """An MCP call's arguments."""

    arguments: str


class ResponseMcpCallInProgress(OfCall, tag="response.mcp_call.in_progress"):
    """An MCP call began."""


class ResponseMcpCallCompleted(OfCall, tag="response.mcp_call.completed"):
    """An MCP call succeeded."""


class ResponseMcpCallFailed(OfCall, tag="response.mcp_call.failed"):
    """An MCP call failed."""


ServerEvent: TypeAlias = (
    SessionCreated
    | SessionUpdated
    | ErrorEvent
    | ConversationCreated
    | ConversationItemCreated
    | ConversationItemAdded
    | ConversationItemDone
    | ConversationItemRetrieved
    | ConversationItemDeleted
    | ConversationItemTruncated
    | ConversationItemInputAudioTranscriptionDelta
    | ConversationItemInputAudioTranscriptionCompleted
    | ConversationItemInputAudioTranscriptionSegment
    | ConversationItemInputAudioTranscriptionFailed
    | InputAudioBufferCleared
    | InputAudioBufferCommitted
    | InputAudioBufferDtmfEventReceived
    | InputAudioBufferSpeechStarted
    | InputAudioBufferSpeechStopped
    | InputAudioBufferTimeoutTriggered
    | OutputAudioBufferStarted
    | OutputAudioBufferStopped
    | OutputAudioBufferCleared
    | RateLimitsUpdated
    | ResponseCreated
    | ResponseDone
    | ResponseOutputItemAdded
    | ResponseOutputItemDone
    | ResponseContentPartAdded
    | ResponseContentPartDone
    | ResponseOutputAudioDelta
    | ResponseOutputAudioDone
    | ResponseOutputAudioTranscriptDelta
    | ResponseOutputAudioTranscriptDone
    | ResponseOutputTextDelta
    | ResponseOutputTextDone
    | ResponseFunctionCallArgumentsDelta
    | ResponseFunctionCallArgumentsDone
    | McpListToolsInProgress
    | McpListToolsCompleted
    | McpListToolsFailed
    | ResponseMcpCallArgumentsDelta
    | ResponseMcpCallArgumentsDone
    | ResponseMcpCallInProgress
    | ResponseMcpCallCompleted
    | ResponseMcpCallFailed
)
