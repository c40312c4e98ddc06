"""The time and the date: what is asked, and what is said."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from device.skills.clock.tools import clock_tools
from device.skills.skill import Meaning, Skill
from device.system.wall_clock import local_time

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from device.skills.skill import Talk

_AWAY: Final = {f"{what}_{way}": sign for what in ("time", "date", "weekday") for way, sign in (("in", 1), ("ago", -1))}
"""The intents that ask for a moment so far away, and which way."""
INTENTS: Final = frozenset({"time", "date", "weekday", "month", "year", *_AWAY})
"""The intents that a clock answers."""
_DAYS: Final = {"today": 0, "tomorrow": 1, "yesterday": -1, "overmorrow": 2, "ereyesterday": -2}
_SAME_CLOCK: Final = timedelta(minutes=2)
"""As far apart may be what the client's clock said, without seconds, and this one, by the time it is spoken of."""


class ClockAnswers(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `clock.toml`: what days are called at the beginning of a sentence."""

    today: str
    tomorrow: str
    yesterday: str
    overmorrow: str
    ereyesterday: str
    next: str
    """The next {weekday}."""


def clock_answer(meaning: Meaning, now: datetime, talk: Talk) -> str:
    """Return the answer to a meaning of `INTENTS`, `now` being the time where the user is."""
    language = talk.language
    if meaning.intent in {"date", "weekday"}:
        day, called = named_day(meaning, now.date(), talk)
        phrase = f"{meaning.intent}_past" if day < now.date() else meaning.intent
        return talk.phrase(phrase, day=called, date=language.say_date(day), weekday=language.clock.weekday(day))
    if sign := _AWAY.get(meaning.intent):
        seconds = meaning.slots["duration"]
        span = timedelta(seconds=seconds if isinstance(seconds, float) else 0)
        then = _moved(now, sign * span)
        return talk.phrase(
            meaning.intent,
            duration=language.spans.said(span.total_seconds(), dative=True),
            time=language.say_time(then.time()),
            date=language.say_date(then),
            weekday=language.clock.weekday(then),
        )
    time, month = language.say_time(now.time()), language.clock.month(now)
    return talk.phrase(meaning.intent, time=time, month=month, year=now.year)


def _moved(now: datetime, span: timedelta) -> datetime:
    """Return the time `span` later; whole days are days of the calendar, and summer time may begin or end meanwhile."""
    if now.tzinfo is None or span % timedelta(days=1) == timedelta():
        return now + span
    here = now.astimezone()
    # The clock may be in another zone than this process, whose rules are not known here.
    return (now + span).astimezone() if here.utcoffset() == now.utcoffset() else now + span


def named_day(meaning: Meaning, today: date, talk: Talk) -> tuple[date, str]:
    """Return the day that is meant, and what it is called at the beginning of a sentence."""
    words = talk.language.words("clock", ClockAnswers)
    if "weekday" in meaning.slots:
        ahead = (int(str(meaning.slots["weekday"])) - today.weekday() - 1) % 7 + 1
        day = today + timedelta(days=ahead)
        return day, words.next.format(weekday=talk.language.clock.weekday(day))
    called = str(meaning.slots.get("day", "today"))
    return today + timedelta(days=_DAYS[called]), getattr(words, called)


def _answer(meaning: Meaning, talk: Talk) -> str:
    return "" if "get_time" in talk.tools else clock_answer(meaning, talk.now(), talk)


def _time(output: dict[str, Any], asked: Sequence[Meaning], talk: Talk) -> list[str]:
    now = datetime.fromisoformat(f"{output['date']}T{output['time']}")
    here = local_time()
    if now.tzinfo is None and abs(here.replace(tzinfo=None) - now) < _SAME_CLOCK:
        now = here  # the client's zone is this one, whose summer time is known
    wanted = [meaning for meaning in asked if meaning.intent in INTENTS] or [Meaning("time", {})]
    return [clock_answer(meaning, now, talk) for meaning in wanted]


CLOCK: Final = Skill(
    name="clock",
    tools=clock_tools,
    calls=dict.fromkeys(INTENTS, "get_time"),
    answer=_answer,
    outputs={"get_time": _time},
)
