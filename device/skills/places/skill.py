"""What time it is elsewhere, and when the sun rises: what is asked, and what is said."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Final

from device.skills.places.zones import PlaceWords
from device.skills.skill import Skill

if TYPE_CHECKING:
    from device.skills.skill import Meaning, Talk


def _answer(meaning: Meaning, talk: Talk) -> str:
    if meaning.intent == "sun":
        return talk.reply("sun")
    place = str(meaning.slots["place"])
    words = talk.language.words("places", PlaceWords)
    zone = words.zone(place)
    if zone is None:
        return talk.phrase("unknown_place", place=place)
    now = talk.now()
    there = now.astimezone(UTC).astimezone(zone)
    place = " ".join(word if word in words.ignored else word.title() for word in place.split())
    away = (there.date() - now.date()).days
    if meaning.intent == "date_elsewhere":
        return talk.phrase("date_elsewhere", place=place, date=talk.language.say_date(there))
    phrase = {0: "time_elsewhere", 1: "time_elsewhere_tomorrow", -1: "time_elsewhere_yesterday"}[away]
    return talk.phrase(phrase, place=place, time=talk.language.say_time(there.time()))


PLACES: Final = Skill(name="places", answer=_answer)
