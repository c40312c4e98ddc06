"""Times of day and dates as a language says them, by its `clock.toml`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from datetime import date, time

    from device.language.numbers import Numbers


class ClockWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a language says times of day and dates."""

    hours: tuple[str, ...]
    """From midnight on: 12, or 24."""
    whole: dict[str, str] = {}
    """What is said for these times ("00:00") whole."""
    minutes: dict[str, str]
    """What is said at these minutes; {hour} is the hour that has begun, {next} the one that comes."""
    other: str
    """What is said at all others, with {minute} in words, or in {digits}."""
    other_below_ten: str
    time_shape: str
    """{time}, and the {part} of the day."""
    parts: tuple[tuple[int, str], ...] = ((0, ""),)
    """The hour at which a part of the day begins, the first at 0, and what it is called."""
    date_shape: str
    """With {weekday}, {day}, {month} and {year}."""
    date_dative: str = ""
    """The same as it stands after words like "on", where that differs."""
    weekdays: tuple[str, ...]
    """From Monday on."""
    months: tuple[str, ...]
    days: tuple[str, ...]
    """Of a month: "1st", "2nd"."""

    def say_time(self, moment: time, numbers: Numbers) -> str:
        """Return a time of day: "five past two in the afternoon", "noon", "two forty-one in the morning"."""
        if whole := self.whole.get(f"{moment:%H:%M}"):
            return whole
        usual = self.other_below_ten if moment.minute < 10 else self.other
        shape = self.minutes.get(str(moment.minute), usual)
        hour, after = moment.hour, (moment.hour + 1) % 24
        words = shape.format(
            hour=self.hours[hour % len(self.hours)],
            next=self.hours[after % len(self.hours)],
            minute=numbers.words(moment.minute),
            digits=moment.minute,
        )
        named = after if "{next}" in shape else hour
        part = next(name for begin, name in reversed(self.parts) if begin <= named)
        return self.time_shape.format(time=words, part=part).strip()

    def weekday(self, day: date) -> str:
        """Return the name of the day of the week."""
        return self.weekdays[day.weekday()]

    def month(self, day: date) -> str:
        """Return the name of the month."""
        return self.months[day.month - 1]

    def say_date(self, day: date, *, dative: bool = False) -> str:
        """Return a date such as "Sunday, the 22nd of November 2026"; with `dative` fit for standing after "on"."""
        shape = (dative and self.date_dative) or self.date_shape
        return shape.format(weekday=self.weekday(day), day=self.days[day.day - 1], month=self.month(day), year=day.year)
