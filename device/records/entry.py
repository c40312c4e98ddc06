"""Entries of the ledger that are not the conversation's."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, TypedDict

from device.conversation.entries import Entry


class SentFirst(Entry, frozen=True, tag="sent_first"):
    """The first audio of a turn left for the engine; it was heard at `source`, seconds on the card's clock."""

    spoken: ClassVar = False
    source: float


Stage = Literal[
    "wake",
    "voice_start",
    "voice_end",
    "sent_first",
    "engine_speech_stopped",
    "reply_start",
    "reply_received",
    "reply_first_audio",
    "reply_last_audio",
    "duck",
    "cut",
    "silence",
]
"""Stages of a turn, in their usual order."""


class HeardOf(TypedDict):
    """How much of a reply item was heard."""

    item: str
    ms: int


class Gathered(TypedDict, total=False):
    """What is known of a turn, in the order in which it came to be known; of each stage the time in seconds."""

    wake: float
    voice_start: float | None
    voice_end: float
    sent_first: float
    engine_speech_stopped: float
    reply_start: float
    reply_received: float
    reply_first_audio: float
    reply_last_audio: float
    duck: float
    cut: float
    silence: float
    user: str
    assistant: str
    tools: list[str]
    heard: list[HeardOf]
    errors: list[str]
    """Codes."""
    input_tokens: int
    output_tokens: int
    seconds: float
    sent_s: float
    """How much audio was sent to the engine, in seconds."""


class Turn(Entry, frozen=True, tag="turn"):
    """A turn is over: its times, what was said and heard, and what it cost (see `turns`)."""

    spoken: ClassVar = True
    gathered: Gathered

    def line(self) -> dict[str, Any]:
        """Return the JSON object of the ledger's file, with what was gathered in one row with the time."""
        return {"t": self.t, "event": self.event(), **self.gathered}
