"""What is said to a question about the time or the date."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from device.local.brain import durations
from device.local.brain.clock import month, say_date, say_time, weekday

if TYPE_CHECKING:
    from datetime import date, datetime

    from device.local.brain.answers import Phrases
    from device.local.brain.understand import Meaning

_AWAY = {f"{what}_{way}": sign for what in ("time", "date", "weekday") for way, sign in (("in", 1), ("ago", -1))}
"""The intents that ask for a moment so far away, and which way."""
CLOCK = frozenset({"time", "date", "weekday", "month", "year", *_AWAY})
"""The intents that a clock answers."""
_DAYS = {
    "today": (0, "Today"),
    "tomorrow": (1, "Tomorrow"),
    "yesterday": (-1, "Yesterday"),
    "overmorrow": (2, "The day after tomorrow"),
    "ereyesterday": (-2, "The day before yesterday"),
}


def clock_answer(meaning: Meaning, now: datetime, phrases: Phrases) -> str:
    """Return the answer to a meaning of `CLOCK`, `now` being the time where the user is."""
    values: dict[str, object]
    if meaning.intent in {"date", "weekday"}:
        day, called = _day(meaning, now.date())
        verb = "was" if day < now.date() else "is"
        values = {"day": called, "verb": verb, "date": say_date(day), "weekday": weekday(day)}
    elif sign := _AWAY.get(meaning.intent):
        seconds = meaning.slots["duration"]
        span = timedelta(seconds=seconds if isinstance(seconds, float) else 0)
        then = _moved(now, sign * span)
        values = {
            "duration": durations.said(span.total_seconds()),
            "time": say_time(then.time()),
            "date": say_date(then),
            "weekday": weekday(then),
        }
    else:
        values = {"time": say_time(now.time()), "month": month(now), "year": now.year}
    return phrases.phrase(meaning.intent, **values)


def _moved(now: datetime, span: timedelta) -> datetime:
    """Return the time `span` later; whole days are days of the calendar, and summer time may begin or end meanwhile."""
    if now.tzinfo is None or span % timedelta(days=1) == timedelta():
        return now + span
    here = now.astimezone()
    # The clock may be in another zone than this process, whose rules are not known here.
    return (now + span).astimezone() if here.utcoffset() == now.utcoffset() else now + span


def _day(meaning: Meaning, today: date) -> tuple[date, str]:
    """Return the day that is meant, and what it is called at the beginning of a sentence."""
    if "weekday" in meaning.slots:
        ahead = (int(str(meaning.slots["weekday"])) - today.weekday() - 1) % 7 + 1
        day = today + timedelta(days=ahead)
        return day, f"Next {weekday(day)}"
    ahead, called = _DAYS[str(meaning.slots.get("day", "today"))]
    return today + timedelta(days=ahead), called
