"""Times of day and dates as an English speaker says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, time

_HOURS = ("twelve", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_TEENS = ("ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("", "", "twenty", "thirty", "forty", "fifty")
_PAST = {5: "five", 10: "ten", 15: "a quarter", 20: "twenty", 25: "twenty-five", 30: "half"}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def say_time(moment: time) -> str:
    """Return a time of day in words: "five past two in the afternoon", "noon", "two forty-one in the morning"."""
    hour, minute = moment.hour, moment.minute
    if minute == 0 and hour % 12 == 0:
        return "noon" if hour else "midnight"
    if minute == 0:
        words = f"{_HOURS[hour % 12]} o'clock"
    elif minute in _PAST:
        words = f"{_PAST[minute]} past {_HOURS[hour % 12]}"
    elif 60 - minute in _PAST:
        hour += 1
        words = f"{_PAST[60 - minute]} to {_HOURS[hour % 12]}"
    else:
        words = f"{_HOURS[hour % 12]} {_minutes(minute)}"
    return f"{words} {_part_of_day(hour % 24)}"


def _minutes(minute: int) -> str:
    if minute < 10:
        return f"oh {_HOURS[minute]}"
    if minute < 20:
        return _TEENS[minute - 10]
    return _TENS[minute // 10] + (f"-{_HOURS[minute % 10]}" if minute % 10 else "")


def _part_of_day(hour: int) -> str:
    if hour < 12:
        return "in the morning"
    if hour < 18:
        return "in the afternoon"
    return "in the evening" if hour < 22 else "at night"


def weekday(day: date) -> str:
    """Return the name of the day of the week."""
    return _WEEKDAYS[day.weekday()]


def month(day: date) -> str:
    """Return the name of the month."""
    return _MONTHS[day.month - 1]


def say_date(day: date) -> str:
    """Return a date such as "Sunday, the 22nd of November 2026"."""
    return f"{weekday(day)}, the {ordinal(day.day)} of {month(day)} {day.year}"


def ordinal(number: int) -> str:
    """Return "1st", "2nd", "11th" and so on."""
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
