"""Whose turn it is."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Whose turn it is."""

    ASLEEP = "asleep"
    CONNECTING = "connecting"
    LISTENING = "listening"
    THINKING = "thinking"
    SPEAKING = "speaking"
    OVERLAP = "overlap"
    MUTED = "muted"
    FAULT = "fault"
