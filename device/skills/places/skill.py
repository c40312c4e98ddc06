"""What time it is elsewhere, and when the sun rises: what is asked, and what is said."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, Final

from device.skills.clock.skill import named_day
from device.skills.places.tools import place_tools
from device.skills.places.zones import PlaceWords
from device.skills.skill import Arguments, Meaning, Skill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.skills.skill import Talk


_SUN: Final = frozenset({"sunrise", "sunset", "daylight"})
"""The intents that ask for the sun."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent in _SUN:
        return ""
    words = talk.language.words("places", PlaceWords)
    place = words.known(str(meaning.slots["place"]))
    zone = words.zone(place)
    if zone is None:
        return talk.phrase("unknown_place", place=place)
    now = talk.now()
    there = now.astimezone(UTC).astimezone(zone)
    place = " ".join(word if word in words.ignored or not word.islower() else word.title() for word in place.split())
    away = (there.date() - now.date()).days
    if meaning.intent == "date_elsewhere":
        return talk.phrase("date_elsewhere", place=place, date=talk.language.say_date(there))
    phrase = {0: "time_elsewhere", 1: "time_elsewhere_tomorrow", -1: "time_elsewhere_yesterday"}[away]
    return talk.phrase(phrase, place=place, time=talk.language.say_time(there.time()))


def _arguments(meaning: Meaning, talk: Talk) -> Arguments:
    day, _ = named_day(meaning, talk.now().date(), talk)
    return {} if day == talk.now().date() else {"date": day.isoformat()}


def _told(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    if output["place"] is None:
        return [talk.phrase("no_place")]
    return [_sun(output, m, talk) for m in asked if m.intent in _SUN] or [_sun(output, Meaning("sunrise", {}), talk)]


def _sun(output: dict[str, Any], meaning: Meaning, talk: Talk) -> str:
    now = talk.now()
    day, called = named_day(meaning, now.date(), talk)
    if "sun" in output:
        return talk.phrase("midnight_sun" if output["sun"] == "is up all day" else "polar_night", day=called)
    if meaning.intent == "daylight":
        return talk.phrase("daylight", day=called, duration=talk.language.spans.said(60 * output["daylight_minutes"]))
    at = time.fromisoformat(output[meaning.intent])
    over = datetime.combine(day, at) < now.replace(tzinfo=None)
    said = talk.language.say_time(at)
    return talk.phrase(f"{meaning.intent}_past" if over else meaning.intent, day=called, time=said)


PLACES: Final = Skill(
    name="places",
    tools=place_tools,
    calls=dict.fromkeys(_SUN, "get_sun"),
    arguments=_arguments,
    unavailable="no_place",
    answer=_answer,
    outputs={"get_sun": _told},
)
