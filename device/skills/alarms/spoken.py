"""How alarms and reminders are spoken of in a language."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from msgspec import Struct, field

from device.language.language import LanguageError, load_language
from device.language.phrases import Phrases
from device.skills.alarms.tools import DAILY, WEEKEND, WORKDAYS, days_of
from device.system.wall_clock import local_time

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.language.language import Language
    from device.skills.alarms.alarms import Rung


class AlarmWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `alarms.toml`."""

    in_: str
    """When something is that was said as a span, a {duration}."""
    at: str
    """When something is, at a {time}: the {time} and its day, as it stands after "for"."""
    today: str
    tomorrow: str
    yesterday: str
    weekday: str
    """On a {weekday} within a week."""
    date: str
    daily: str
    workdays: str
    weekend: str
    each: str
    """Again and again on {days}."""
    comma: str
    usual: str
    """The time of a reminder of which only the day was said."""
    earliest: int
    """From which hour on an alarm is in the morning, where nothing says it."""
    turned: dict[str, str]
    """What words become when they are said to who said them."""
    re_otherwise: str
    """How what to remind of shows that it shall come again in a way that no alarm can: "every other day"."""
    and_: str = field(name="and")


class Spoken:
    """Says moments and texts in a language. Raises `LanguageError` for one that has no words for them."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self.words = language.words("alarms", AlarmWords)

    def moment(self, told: dict[str, Any], now: datetime) -> str:
        """Return when an alarm is, as the tools tell of it: "half past six in the morning tomorrow"."""
        said = self._language.say_time(time.fromisoformat(told["time"]))
        if repeat := told.get("repeat"):
            return self._repeated(said, days_of(repeat))
        if "date" in told:
            return self.on(said, date.fromisoformat(told["date"]), now.date())
        return self.words.today.format(time=said)

    def on(self, said: str, day: date, today: date) -> str:
        """Return a time of day on a day."""
        w, ahead = self.words, (day - today).days
        shape = {0: w.today, 1: w.tomorrow, -1: w.yesterday}.get(ahead) or (w.weekday if 0 < ahead < 7 else w.date)
        return shape.format(
            time=said, weekday=self._language.clock.weekday(day), date=self._language.say_date(day, dative=True)
        )

    def _repeated(self, said: str, days: tuple[int, ...]) -> str:
        w = self.words
        named = {DAILY: w.daily, WORKDAYS: w.workdays, WEEKEND: w.weekend}.get(days, w.each)
        return named.format(time=said, days=self.all([self._language.clock.weekdays[day] for day in days]))

    def all(self, parts: Sequence[str]) -> str:
        """Return things that are listed."""
        return self.words.and_.join(filter(None, [self.words.comma.join(parts[:-1]), parts[-1]]))

    def turned(self, text: str) -> str:
        """Return what somebody wants to be reminded of as it is said to them: "take my pills" is "take your pills"."""
        turned = self.words.turned
        return re.sub(r"\w+", lambda word: turned.get(word[0].lower(), word[0]), text)


def rings(rung: Rung, language: str, at: float) -> str:
    """Return what is said while an alarm rings, in a language or else in English; "" for an alarm that is in time.

    `at` is the present time, in seconds since 1970.
    """
    known, spoken = _known(language)
    phrases = Phrases(known, "")
    due, now = local_time(rung.due), local_time(at)
    when = spoken.words.at.format(time=spoken.on(known.say_time(due.time()), due.date(), now.date()))
    kind = rung.alarm.kind
    if rung.missed:
        return phrases.phrase(f"{kind}_missed", 0, "", when=when, text=rung.alarm.text)
    return phrases.phrase("reminder_rings", 0, "", text=rung.alarm.text) if rung.alarm.text else ""


def put_off(minutes: int, language: str) -> str:
    """Return what is said when what rang was put off, in a language or else in English."""
    known, _ = _known(language)
    duration = known.spans.said(60 * minutes, dative=True)
    return Phrases(known, "").phrase("snoozed", 0, "", duration=duration)


def _known(language: str) -> tuple[Language, Spoken]:
    try:
        known = load_language(language)
        return known, Spoken(known)
    except LanguageError:
        english = load_language("en")
        return english, Spoken(english)
