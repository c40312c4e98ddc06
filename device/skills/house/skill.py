"""The house: what is asked of it, as Home Assistant's tools take it, and what is said.

Their names and arguments are those of Home Assistant's intents (homeassistant/helpers/intent.py, and intent.py of its
components light and climate, 2026-10), by whichever server of tools they come. Rooms and devices go by the names that
people say, which Home Assistant compares with its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from device.skills.house.told import told_devices
from device.skills.skill import Arguments, Skill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Meaning, Talk

_EVERYTHING: Final = "all"
"""The name by which Home Assistant's tools mean every device of a kind."""
_STATES: Final = "GetLiveContext"
"""The tool that tells how all devices are."""
_QUESTIONS: Final = frozenset({"house_is_on", "house_degrees"})
_OFF: Final = frozenset({"off", "unavailable", "unknown", "standby", "idle"})
"""States in which a device is not on."""
_WHOLE: Final = 100
"""Percent of a light's brightness."""


def _arguments(meaning: Meaning, _talk: Talk) -> Arguments:
    """Return what is asked of the house."""
    room = str(meaning.slots.get("room", ""))
    where: Arguments = {"area": room} if room else {}
    if meaning.intent == "house_warm":
        return {"temperature": round(meaning.number("number")), **where}
    if meaning.intent in _QUESTIONS:
        return {}
    if called := _called(meaning):
        where = {"name": called}
        return {"brightness": round(meaning.number("number")), **where} if meaning.intent == "house_dim" else where
    where = (where or {"name": _EVERYTHING}) | {"domain": [str(meaning.slots.get("thing", "light"))]}
    return {"brightness": round(meaning.number("number")), **where} if meaning.intent == "house_dim" else where


def _answer(meaning: Meaning, talk: Talk) -> str:
    """Ask where, if that is not said: nobody means every lamp of the house who does not say so."""
    anywhere = meaning.intent == "house_warm" or meaning.intent in _QUESTIONS
    said = anywhere or not meaning.slots.keys().isdisjoint({"room", "every", "called"})
    return "" if said else talk.phrase("house_where")


def _done(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    """Return what is said once it is done; a house that found nothing to do it with says so."""
    match output:
        case {"result": {"data": {"success": [], "failed": [_, *_]}}} | {"result": {"response_type": "error"}}:
            return [talk.phrase("house_failed")]
        case _:
            return [talk.phrase(asked[0].intent, **asked[0].slots) if asked else talk.phrase("done")]


def _told(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    """Return what is said of how the house is: what is on of what was asked for, or how warm it is there."""
    [meaning] = asked
    devices = told_devices(output["result"]["result"])
    if room := str(meaning.slots.get("room", "")):
        devices = [one for one in devices if any(_same(area, room) for area in one.areas)]
    if meaning.intent == "house_degrees":
        degrees = [one.degrees for one in devices if one.degrees is not None]
        said = talk.language.numbers.spoken(round(degrees[0], 1)) if degrees else ""
        return [talk.phrase("house_degrees", degrees=said) if said else talk.phrase("house_unknown")]
    if called := _called(meaning):
        devices = [one for one in devices if _same(one.name, called)]
    else:
        devices = [one for one in devices if one.domain == meaning.slots.get("thing", "light")]
    if not devices:
        return [talk.phrase("house_unknown")]
    on = [one.name for one in devices if one.state not in _OFF]
    if not on:
        return [talk.phrase("house_all_off")]
    return [talk.phrase("house_is_on" if len(on) == 1 else "house_are_on", names=", ".join(on))]


def _called(meaning: Meaning) -> str:
    """Return the name of a device that was said, "" if none was."""
    return " ".join(str(meaning.slots[part]) for part in ("which", "name", "called") if part in meaning.slots)


def _same(one: str, other: str) -> bool:
    return one.casefold().strip() == other.casefold().strip()


HOUSE: Final = Skill(
    name="house",
    calls={
        "house_on": "HassTurnOn",
        "house_off": "HassTurnOff",
        "house_dim": "HassLightSet",
        "house_warm": "HassClimateSetTemperature",
        "house_is_on": _STATES,
        "house_degrees": _STATES,
    },
    arguments=_arguments,
    usual={"brightness": (0, _WHOLE), "temperature": (5, 35)},
    instead="home",
    answer=_answer,
    outputs=dict.fromkeys(("HassTurnOn", "HassTurnOff", "HassLightSet", "HassClimateSetTemperature"), _done)
    | {_STATES: _told},
)
