"""Coins, dice, random numbers and choices: what is asked, and what is said."""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.skills.skill import Skill

if TYPE_CHECKING:
    from device.skills.skill import Meaning, Talk

_CHANCE: Final = random.SystemRandom()
_MOST_DICE: Final = 10
_MOST_SIDES: Final = 1000
_FARTHEST: Final = 10**12
"""Of a number from zero. All a choice: what is more is not listened to."""


class ChanceWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `chance.toml`."""

    between: str
    """A regular expression of what is between things to choose from."""
    comma: str
    """What is said between throws; and before the last:"""
    last: str


def _answer(meaning: Meaning, talk: Talk) -> str:
    match meaning.intent:
        case "coin":
            return talk.phrase(_CHANCE.choice(("heads", "tails")))
        case "die":
            return _dice(meaning, talk)
        case "random_number":
            return _number(meaning, talk)
    words = talk.language.words("chance", ChanceWords)
    told = (str(meaning.slots[slot]) for slot in ("items", "topic") if slot in meaning.slots)
    choices = [choice.strip() for said in told for choice in re.split(words.between, said) if choice.strip()]
    if len(choices) < 2:
        return talk.phrase("no_choice")
    return talk.phrase("chosen", choice=_CHANCE.choice(choices))


def _dice(meaning: Meaning, talk: Talk) -> str:
    sides, count = meaning.number("sides", 6), meaning.number("count", 1)
    if not (_whole(sides, 2, _MOST_SIDES) and _whole(count, 1, _MOST_DICE)):
        return talk.phrase("no_such_dice")
    thrown = [_CHANCE.randint(1, int(sides)) for _ in range(int(count))]
    if len(thrown) == 1:
        return talk.phrase("die", thrown=thrown[0])
    words = talk.language.words("chance", ChanceWords)
    said = f"{words.comma.join(map(str, thrown[:-1]))}{words.last}{thrown[-1]}"
    return talk.phrase("dice", thrown=said, total=sum(thrown))


def _number(meaning: Meaning, talk: Talk) -> str:
    low, high = sorted((meaning.number("a", 1), meaning.number("b", 100)))
    if not (_whole(low, -_FARTHEST, _FARTHEST) and _whole(high, -_FARTHEST, _FARTHEST)):
        return talk.phrase("no_such_number")
    return talk.phrase("random", number=talk.language.numbers.spoken(_CHANCE.randint(int(low), int(high))))


def _whole(value: float, least: float, most: float) -> bool:
    return value == int(value) and least <= value <= most


CHANCE: Final = Skill(
    name="chance",
    answer=_answer,
    again={intent: intent for intent in ("coin", "die", "random_number")},
)
