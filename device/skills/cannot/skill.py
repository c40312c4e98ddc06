"""What cannot be done, said honestly and once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.skills.house.skill import HOUSE
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
    """Words of a question, or a request, that is said again."""

    def echo(self, said: str) -> str:
        """Return what was said as the other says it."""
        return " ".join(self.turned.get(word.lower(), word) for word in said.split())


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent == HOUSE.instead and not talk.tools.isdisjoint(HOUSE.calls.values()):
        return talk.phrase("house_else")
    if meaning.intent not in FACTS:
        return talk.reply(meaning.intent)
    words = talk.language.words("cannot", CannotWords)
    said = str(meaning.slots.get("said", ""))
    short = len(said.split()) <= words.longest
    if meaning.intent == "do_something":
        return talk.phrase("do_something" if short else "do_something_long", act=words.echo(said))
    for pattern, by in words.echoes:
        if short and (found := re.fullmatch(pattern, said)):
            return talk.phrase("fact", question=words.echo(found.expand(by)))
    return talk.phrase("fact_unknown")


CANNOT: Final = Skill(name="cannot", answer=_answer, once=True)
