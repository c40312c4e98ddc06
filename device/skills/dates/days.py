"""Days that are spoken of by their date, their weekday or their name."""

from __future__ import annotations

import re
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.language.clock import ClockWords


_LONGEST: Final = 6
"""Words of the longest name of a day."""


class DayWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """The `[words]` of `dates.toml`."""

    ordinals: tuple[str, ...]
    """Of the days of a month, in words."""
    ordinal_end: str
    """A regular expression of what follows the digits of one."""
    date_shapes: tuple[str, ...]
    """Regular expressions of dates with {day}, {month} and {year}."""
    weekday_shape: str
    """The same with {weekday}."""
    nth_shape: str = "(?!)"
    """The same of "the first monday of january", with {nth}, {weekday}, {month} and {year}."""
    near: dict[str, int]
    """What is said for days near today, and how many days they are ahead."""
    holidays: dict[str, str]
    """Name → "month-day", "easter+days", or "month:n:weekday" (the n-th such weekday, 0 being Monday), "+days"."""
    before: str
    """A regular expression of what may stand before a name."""
    joined: str
    """The same of what is between two days: "and"."""
    years: dict[str, int] = {}
    """What may stand after a name, and how many years ahead it says: "next year"."""

    @cached_property
    def _holiday_names(self) -> dict[str, str]:
        return {_plain(name): rule for name, rule in self.holidays.items()}

    def find(self, said: str, today: date, clock: ClockWords, *, past: bool = False) -> date | None:
        """Return the day that is meant: the next one from today on, or the last one; None if it is no day.

        Raises ValueError for a date that does not exist.
        """
        text = re.sub(self.before, "", _plain(said))
        if text in self.near:
            return today + timedelta(days=self.near[text])
        if found := re.fullmatch(self.weekday_shape.replace("{weekday}", _any(map(str.lower, clock.weekdays))), text):
            weekday = [name.lower() for name in clock.weekdays].index(found[1])
            ahead = (weekday - today.weekday() - 1) % 7 + 1
            return today + timedelta(days=ahead - 7 * past)
        for words, ahead in self.years.items():
            text = re.sub(rf" {words}$", f" {today.year + ahead}", text)
        name, _, year = text.rpartition(" ")
        if always := self._holiday_names.get(text):
            return _nearest(lambda in_year: holiday(always, in_year), today, past=past)
        if (rule := self._holiday_names.get(name)) and re.fullmatch(r"\d{4}", year):
            return holiday(rule, int(year))
        return self._date(text, today, clock, past=past)

    def find_in(self, said: str, today: date, clock: ClockWords, *, past: bool = False) -> date | None:
        """Return the day that is meant, as `find` does, or the first one that is named among other words."""
        if (day := self.find(said, today, clock, past=past)) is not None:
            return day
        words = _plain(said).split()
        for length in range(min(len(words), _LONGEST), 0, -1):
            for begin in range(len(words) - length + 1):
                if day := self.find(" ".join(words[begin : begin + length]), today, clock, past=past):
                    return day
        return None

    def _date(self, text: str, today: date, clock: ClockWords, *, past: bool) -> date | None:
        months = [name.lower() for name in clock.months]
        if (day_of_month := self._nth(text, today, clock, past=past)) is not None:
            return day_of_month
        day = rf"(?P<day>\d{{1,2}}(?: ?{self.ordinal_end})?|{_any(self.ordinals)})"
        for shape in self.date_shapes:
            pattern = shape.replace("{day}", day).replace("{month}", rf"(?P<month>{_any(months)})")
            found = re.fullmatch(pattern.replace("{year}", r"(?P<year>\d{4})"), text)
            if not found:
                continue
            said = found["day"]
            number = self.ordinals.index(said) + 1 if said in self.ordinals else int(re.sub(r"\D", "", said))
            month = months.index(found["month"]) + 1
            if year := found.groupdict().get("year"):
                return date(int(year), month, number)
            return _nearest(lambda in_year: date(in_year, month, number), today, past=past)  # noqa: B023 - used at once
        return None

    def _nth(self, text: str, today: date, clock: ClockWords, *, past: bool) -> date | None:
        months, weekdays = ([name.lower() for name in names] for names in (clock.months, clock.weekdays))
        parts = {"nth": self.ordinals[:5], "weekday": weekdays, "month": months}
        shape = self.nth_shape.replace("{year}", r"(?P<year>\d{4})")
        for part, names in parts.items():
            shape = shape.replace(f"{{{part}}}", rf"(?P<{part}>{_any(names)})")
        if (found := re.fullmatch(shape, text)) is None:
            return None
        which, weekday = self.ordinals.index(found["nth"]) + 1, weekdays.index(found["weekday"])
        rule = f"{months.index(found['month']) + 1}:{which}:{weekday}"
        if found["year"]:
            return holiday(rule, int(found["year"]))
        return _nearest(lambda in_year: holiday(rule, in_year), today, past=past)


def easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar, by the algorithm of Meeus, Jones and Butcher.

    >>> easter(2027)
    datetime.date(2027, 3, 28)
    """
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return date(year, month, day + 1)


def holiday(rule: str, year: int) -> date:
    """Return the day of a rule of `DayWords.holidays` in a year."""
    base, plus, days = rule.partition("+")
    if base == "easter":
        day = easter(year)
    elif ":" in base:
        month, which, weekday = map(int, base.split(":"))
        first = date(year, month, 1)
        day = first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))
    else:
        day = date(year, *map(int, base.split("-")))
    return day + timedelta(days=int(days)) if plus else day


def _nearest(in_year: Callable[[int], date], today: date, *, past: bool) -> date:
    """Return the next such day from today on, or the last one before it; a 29 February may be eight years away."""
    years = range(today.year, today.year - 9, -1) if past else range(today.year, today.year + 9)
    for year in years:
        try:
            day = in_year(year)
        except ValueError:
            continue
        if (day < today) if past else (day >= today):
            return day
    raise ValueError("there is no such date")


def _plain(said: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", "", said.lower()).split())


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(map(re.escape, words), key=len, reverse=True))})"
