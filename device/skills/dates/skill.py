"""Dates: how far they are, and which day of the week they are."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from device.skills.dates.days import DayWords
from device.skills.skill import Skill

if TYPE_CHECKING:
    from datetime import date

    from device.skills.skill import Meaning, Talk


def _answer(meaning: Meaning, talk: Talk) -> str:
    words, today = talk.language.words("dates", DayWords), talk.now().date()
    said = re.sub(rf"(\d) ({words.ordinal_end})\b", r"\1\2", str(meaning.slots["items"]))
    past = meaning.intent == "days_since"
    try:
        day = words.find(said, today, talk.language.clock, past=past)
        if day is None:
            return talk.phrase("fact_unknown")
        return _said(meaning, day, said, talk)
    except (ValueError, OverflowError):
        return talk.phrase("no_such_date")


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
    weeks, rest = divmod(days, 7)
    if intent == "weeks_until" and weeks:
        shape = "weeks_and_days_until" if rest else "weeks_until_one" if weeks == 1 else "weeks_until"
        return talk.phrase(shape, **told, weeks=weeks, rest=rest)
    return talk.phrase("days_until_one" if days == 1 else "days_until", **told)


DATES: Final = Skill(name="dates", answer=_answer)
