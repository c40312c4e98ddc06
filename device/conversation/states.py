"""Whose turn it is, and what leads from one turn to the next.

    asleep, fault ──awaited──▶ connecting ──opened──▶ listening ──engine──▶ thinking ──playing──▶ speaking
    speaking, overlap ──lowered──▶ overlap
    overlap, speaking ──restored──▶ speaking
    connecting, listening ──playing──▶ speaking
    speaking, overlap, thinking ──engine──▶ thinking
    speaking, overlap, thinking, listening ──user──▶ listening
    speaking, overlap, thinking, listening, connecting ──awaited──▶ connecting
    speaking, overlap, thinking, listening ──result──▶ thinking
    speaking, overlap, thinking, listening, connecting ──over──▶ asleep
    speaking, overlap, thinking, listening, connecting, asleep, fault ──failed──▶ fault
    speaking, overlap, thinking, listening, connecting, asleep, fault ──muted──▶ muted ──unmuted──▶ asleep

Where an arrow leads to the state that it comes from, that goes on. What else a transition takes along is for
`turn_taking`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


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


class Cause(StrEnum):
    """What leads out of a state."""

    AWAITED = "awaited"
    """The user is to be heard, but a session is only being opened."""
    OPENED = "opened"
    """The session is open."""
    USER = "user"
    """It is the user's turn, and they are heard."""
    ENGINE = "engine"
    """It is the engine's turn."""
    PLAYING = "playing"
    """A reply leaves the loudspeaker."""
    LOWERED = "lowered"
    """A voice over the reply had it lowered."""
    RESTORED = "restored"
    """It was no interruption."""
    RESULT = "result"
    """The conversation is over, but for the result that the engine is asked for."""
    OVER = "over"
    """The conversation is over."""
    FAILED = "failed"
    """No engine can be reached."""
    MUTED = "muted"
    UNMUTED = "unmuted"


TRANSITIONS: Final[Mapping[State, Mapping[Cause, State]]] = {
    State.ASLEEP: {
        Cause.AWAITED: State.CONNECTING,
        Cause.FAILED: State.FAULT,
        Cause.MUTED: State.MUTED,
    },
    State.CONNECTING: {
        Cause.AWAITED: State.CONNECTING,
        Cause.OPENED: State.LISTENING,
        Cause.PLAYING: State.SPEAKING,
        Cause.OVER: State.ASLEEP,
        Cause.FAILED: State.FAULT,
        Cause.MUTED: State.MUTED,
    },
    State.LISTENING: {
        Cause.AWAITED: State.CONNECTING,
        Cause.USER: State.LISTENING,
        Cause.ENGINE: State.THINKING,
        Cause.PLAYING: State.SPEAKING,
        Cause.RESULT: State.THINKING,
        Cause.OVER: State.ASLEEP,
        Cause.FAILED: State.FAULT,
        Cause.MUTED: State.MUTED,
    },
    State.THINKING: {
        Cause.AWAITED: State.CONNECTING,
        Cause.USER: State.LISTENING,
        Cause.ENGINE: State.THINKING,
        Cause.PLAYING: State.SPEAKING,
        Cause.RESULT: State.THINKING,
        Cause.OVER: State.ASLEEP,
        Cause.FAILED: State.FAULT,
        Cause.MUTED: State.MUTED,
    },
    State.SPEAKING: {
        Cause.AWAITED: State.CONNECTING,
        Cause.USER: State.LISTENING,
        Cause.ENGINE: State.THINKING,
        Cause.LOWERED: State.OVERLAP,
        Cause.RESTORED: State.SPEAKING,
        Cause.RESULT: State.THINKING,
        Cause.OVER: State.ASLEEP,
        Cause.FAILED: State.FAULT,
        Cause.MUTED: State.MUTED,
    },
    State.OVERLAP: {
        Cause.AWAITED: State.CONNECTING,
        Cause.USER: State.LISTENING,
        Cause.ENGINE: State.THINKING,
        Cause.LOWERED: State.OVERLAP,
        Cause.RESTORED: State.SPEAKING,
        Cause.RESULT: State.THINKING,
        Cause.OVER: State.ASLEEP,
        Cause.FAILED: State.FAULT,
        Cause.MUTED: State.MUTED,
    },
    State.MUTED: {
        Cause.UNMUTED: State.ASLEEP,
    },
    State.FAULT: {
        Cause.AWAITED: State.CONNECTING,
        Cause.FAILED: State.FAULT,
        Cause.MUTED: State.MUTED,
    },
}


def following(state: State, cause: Cause) -> State:
    """Return where `cause` leads from `state`. Raises ValueError if it leads nowhere from there."""
    try:
        return TRANSITIONS[state][cause]
    except KeyError:
        raise ValueError(f"{cause!r} does not lead out of {state!r}") from None
