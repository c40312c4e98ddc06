"""Dates: how far they are, and which day of the week they are."""

from __future__ import annotations

import re
from calendar import isleap
from datetime import MAXYEAR, MINYEAR, timedelta
from typing import TYPE_CHECKING, Final

from device.language.spans import SECONDS
from device.skills.dates.days import DayWords
from device.skills.skill import Meaning, Skill

if TYPE_CHECKING:
    from datetime import date

    from device.skills.skill import Talk


_SAME: Final = "then_same"
_THEN: Final = "then_"
"""Intents that go on from what was asked before are called so, and as the one without it."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    words, today = talk.language.words("dates", DayWords), talk.now().date()
    if meaning.intent == "leap_year":
        return _leap_year(round(meaning.number("year", today.year)), talk)
    meaning = _whole(meaning)
    said = re.sub(rf"(\d) ({words.ordinal_end})\b", r"\1\2", str(meaning.slots["items"]))
    past = meaning.intent == "days_since"
    try:
        if meaning.intent == "days_between":
            return _between(said, words, talk)
        day = words.find_in(said, today, talk.language.clock, past=past)
        if day is None:
            return talk.phrase("fact_unknown")
        return _said(meaning, day, said, talk)
    except (ValueError, OverflowError):
        return talk.phrase("no_such_date")


def _whole(meaning: Meaning) -> Meaning:
    """Return what is asked for, with the day from before in it if it goes on from there."""
    before = meaning.slots.get("before")
    if not isinstance(before, Meaning):
        return meaning
    if meaning.intent == _SAME:
        return Meaning(_whole(before).intent, {**before.slots, "items": meaning.slots["items"]})
    return Meaning(meaning.intent.removeprefix(_THEN), {"items": _whole(before).slots.get("items", "")})


def _between(said: str, words: DayWords, talk: Talk) -> str:
    """Return how many days are between two; without a year, the second is the next one after the first."""
    today, clock = talk.now().date(), talk.language.clock
    first, *rest = re.split(words.joined, said, maxsplit=1)
    one, other = words.find(first, today, clock), words.find(rest[0], today, clock) if rest else None
    if one is None or other is None:
        return talk.phrase("fact_unknown")
    after = words.find(rest[0], one, clock) if other < one else None
    days = abs(((after if after and after > one else other) - one).days)
    return talk.phrase("days_between_one" if days == 1 else "days_between", days=days)


def _leap_year(year: int, talk: Talk) -> str:
    if not MINYEAR <= year <= MAXYEAR:
        return talk.phrase("no_such_date")
    following = next(later for later in range(year, year + 9) if isleap(later))
    return talk.phrase("leap_year" if following == year else "no_leap_year", year=year, next=following)


def _said(meaning: Meaning, day: date, said: str, talk: Talk) -> str:
    today = talk.now().date()
    if meaning.intent in {"date_after", "date_before"}:
        span = timedelta(seconds=meaning.number("duration"))
        then = day + span if meaning.intent == "date_after" else day - span
        return talk.phrase("date_is" if then >= today else "date_was", date=talk.language.say_date(then))
    if meaning.intent in {"days_until", "weeks_until", "days_since"}:
        return _distance(meaning.intent, (day - today).days, day, said, talk)
    return talk.phrase("date_is" if day >= today else "date_was", date=talk.language.say_date(day))


def _distance(intent: str, days: int, day: date, said: str, talk: Talk) -> str:
    told = {"what": said, "date": talk.language.say_date(day), "days": abs(days)}
    if days == 0:
        return talk.phrase("is_today", **told)
    if days < 0:
        return talk.phrase("days_since_one" if days == -1 else "days_since", **told)
    if intent == "weeks_until":
        span = talk.language.spans.said(days * SECONDS["day"], units=("week", "day"))
        return talk.phrase("weeks_until", **told, span=span)
    return talk.phrase("days_until_one" if days == 1 else "days_until", **told)


DATES: Final = Skill(
    name="dates",
    answer=_answer,
    follows=frozenset({_SAME, "then_days_until", "then_weeks_until", "then_day_of"}),
)
