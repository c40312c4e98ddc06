"""How the assistant speaks: what it said once more, and slower or faster for the rest of the conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from device.skills.skill import Skill

if TYPE_CHECKING:
    from collections.abc import Iterable

    from device.skills.skill import Meaning, Talk

_STEPS: Final = {"slower": 0.8, "say_slower": 0.8, "faster": 1.2}
"""By how much: heard at once, and still speech after the next. A choice."""
_SLOWEST: Final = 0.5
_FASTEST: Final = 1.5


def pace(intents: Iterable[str]) -> float:
    """Return how fast to speak, as a part of the usual speed, after what was meant so far.

    >>> pace(["time", "slower", "slower"])
    0.64
    """
    speed = 1.0
    for intent in intents:
        speed = 1.0 if intent == "usual_pace" else min(_FASTEST, max(_SLOWEST, speed * _STEPS.get(intent, 1.0)))
    return round(speed, 3)


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent in {"say_again", "say_slower"}:
        return talk.last or talk.phrase("said_nothing")
    return talk.reply(meaning.intent)


SPEECH: Final = Skill(name="speech", answer=_answer)
