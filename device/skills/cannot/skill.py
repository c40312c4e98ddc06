"""What cannot be done, said honestly and once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.skills.skill import Skill

if TYPE_CHECKING:
    from device.skills.skill import Meaning, Talk

FACTS: Final = frozenset({"fact_how", "fact_who", "fact_is", "fact_about", "do_something"})
"""Intents of which nothing is known but that somebody asked: a language model would have to answer."""


class CannotWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `cannot.toml`."""

    echoes: tuple[tuple[str, str], ...]
    """Regular expressions of questions, and how "I don't know" goes on after them."""
    turned: dict[str, str]
    """Words that change when a question is said by the other: "my" is "your"."""
    longest: int
    """Words of a question that is said again."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent not in FACTS:
        return talk.reply(meaning.intent)
    if meaning.intent == "do_something":
        return talk.phrase("do_something")
    words = talk.language.words("cannot", CannotWords)
    said = str(meaning.slots.get("said", ""))
    for pattern, by in words.echoes:
        if len(said.split()) <= words.longest and (found := re.fullmatch(pattern, said)):
            echo = " ".join(words.turned.get(word.lower(), word) for word in found.expand(by).split())
            return talk.phrase("fact", question=echo)
    return talk.phrase("fact_unknown")


CANNOT: Final = Skill(name="cannot", answer=_answer, once=True)
