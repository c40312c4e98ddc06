"""The house: what is asked of it, as Home Assistant's tools take it, and what is said.

Their names and arguments are those of Home Assistant's intents (homeassistant/helpers/intent.py, and intent.py of its
components light and climate, 2026-10), by whichever server of tools they come. Rooms go by the names that people say,
which Home Assistant compares with its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.skill import Arguments, Skill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk

_EVERYTHING: Final = "all"
"""The name by which Home Assistant's tools mean every device of a kind."""
_WHOLE: Final = 100
"""Percent of a light's brightness."""


def _arguments(meaning: Meaning, _talk: Talk) -> Arguments:
    """Return what is asked of the house."""
    room = str(meaning.slots.get("room", ""))
    where: Arguments = {"area": room} if room else {}
    if meaning.intent == "house_warm":
        return {"temperature": round(meaning.number("number")), **where}
    where = (where or {"name": _EVERYTHING}) | {"domain": [str(meaning.slots.get("thing", "light"))]}
    return {"brightness": round(meaning.number("number")), **where} if meaning.intent == "house_dim" else where


def _answer(meaning: Meaning, talk: Talk) -> str:
    """Ask where, if that is not said: nobody means every lamp of the house who does not say so."""
    said = meaning.intent == "house_warm" or not meaning.slots.keys().isdisjoint({"room", "every"})
    return "" if said else talk.phrase("house_where")


def _done(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    """Return what is said once it is done; a house that found nothing to do it with says so."""
    match output:
        case {"result": {"data": {"success": [], "failed": [_, *_]}}} | {"result": {"response_type": "error"}}:
            return [talk.phrase("house_failed")]
        case _:
            return [talk.phrase(asked[0].intent, **asked[0].slots) if asked else talk.phrase("done")]


HOUSE: Final = Skill(
    name="house",
    calls={
        "house_on": "HassTurnOn",
        "house_off": "HassTurnOff",
        "house_dim": "HassLightSet",
        "house_warm": "HassClimateSetTemperature",
    },
    arguments=_arguments,
    usual={"brightness": (0, _WHOLE), "temperature": (5, 35)},
    instead="home",
    answer=_answer,
    outputs=dict.fromkeys(("HassTurnOn", "HassTurnOff", "HassLightSet", "HassClimateSetTemperature"), _done),
)
