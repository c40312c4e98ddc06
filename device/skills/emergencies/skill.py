"""Emergencies: that nobody can be called from here is said plainly, and what to do instead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.skills.skill import Skill

if TYPE_CHECKING:
    from device.skills.skill import Meaning, Talk


class EmergencyWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `emergencies.toml`."""

    numbers: frozenset[str]
    """Numbers that are called in an emergency."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent != "call_number":
        return talk.reply(meaning.intent)
    words = talk.language.words("emergencies", EmergencyWords)
    digits = "".join(f"{meaning.number(slot):.0f}" for slot in ("a", "b", "c") if slot in meaning.slots)
    if digits in words.numbers or digits * 3 in words.numbers:
        return talk.reply("emergency")
    return talk.phrase("no_calls")


EMERGENCIES: Final = Skill(name="emergencies", answer=_answer)
