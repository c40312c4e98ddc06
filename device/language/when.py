"""A moment that was spoken of (“half past six tomorrow”, “weekdays at seven”), and which one that is."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from msgspec import Struct
from msgspec.structs import replace

EARLIEST: Final = 7
"""From which hour on one of a day that is not today is in the morning, where nothing says it. A choice: what is done at
six is done in the evening."""


class MomentError(ValueError):
    """There is no such moment: `why` is that the date does not exist (`no_date`), or that it is over (`past`)."""

    def __init__(self, why: Literal["no_date", "past"]) -> None:
        super().__init__(why)
        self.why: Final = why


class Moment(Struct, frozen=True):
    """When something shall be: a time of day, on a date or again and again on days of the week, 0 being Monday."""

    time: time
    date: date | None = None
    days: tuple[int, ...] = ()


class When(Struct, frozen=True):
    """A moment that was spoken of, as far as anything was said."""

    hour: int | None = None
    minute: int = 0
    fixed: bool = False
    """The hour is one of 24: noon, 15."""
    hours: tuple[int, int] | None = None
    """The hours between which it is, from and up to; those from 24 on are of the next day."""
    usual: str = ""
    ahead: int | None = None
    """Days from today."""
    weekday: int | None = None
    day: int | None = None
    month: int | None = None
    year: int | None = None
    days: tuple[int, ...] = ()
    """Days of the week on which it is again and again."""

    @property
    def has_time(self) -> bool:
        """Whether a time of day was said."""
        return self.hour is not None

    @property
    def has_day(self) -> bool:
        """Whether it was said on which day, or days."""
        return bool(self.days) or any(said is not None for said in (self.ahead, self.weekday, self.day))

    def fits(self, other: When) -> bool:
        """Return whether what `other` says is something else of the same moment."""
        return not (self.has_time and other.has_time) and not (self.has_day and other.has_day)

    def with_(self, other: When) -> When:
        """Return the moment of which both say a part."""
        empty = When()
        told = {
            name: value for name in self.__struct_fields__ if (value := getattr(other, name)) != getattr(empty, name)
        }
        return replace(self, **told)

    def corrected_by(self, other: When) -> When:
        """Return the moment with what `other` says in place of the same part of it: another day, another time."""
        kept = self
        if other.has_time:
            kept = replace(kept, hour=None, minute=0, fixed=False)
        if other.has_day:
            kept = replace(kept, ahead=None, weekday=None, day=None, month=None, year=None, days=())
        return kept.with_(other)

    def moment(self, now: datetime, usual: str = "09:00", *, earliest: int = EARLIEST) -> Moment:
        """Return the moment that is meant at `now`, without a zone. The next one is, if several may be.

        Without a time of day, `usual` is meant, or what is usual at that part of the day. On another day than today,
        and on days that come again, an hour before `earliest` is one of the afternoon, where nothing says which.
        Raises `MomentError`.
        """
        if self.days:
            hour = self._hours(earliest=earliest, usual=usual)[0]
            # Of a night that belongs to the day before.
            return Moment(
                time(hour % 24, self._minute(usual)), days=tuple(sorted((d + hour // 24) % 7 for d in self.days))
            )
        hours, minute = self._hours(earliest=earliest, usual=usual, next_one=self._may_be_today), self._minute(usual)
        for day in self._dates(now.date()):
            for hour in hours:
                at = datetime.combine(day, time(hour % 24, minute)) + timedelta(days=hour // 24)
                if at > now:
                    return Moment(at.time(), at.date() if self.has_day else None)
        raise MomentError("past")

    @property
    def _may_be_today(self) -> bool:
        return not self.has_day or self.ahead == 0

    def _minute(self, usual: str) -> int:
        return self.minute if self.hour is not None else int((self.usual or usual)[3:])

    def _hours(self, *, earliest: int, usual: str, next_one: bool = False) -> list[int]:
        """Return the hours that may be meant, from 0 to 30, what is meant first at the beginning."""
        if self.hour is None:
            return [int((self.usual or usual)[:2])]
        if self.fixed or self.hour > 12 or self.hour == 0:
            return [self.hour]
        if self.hours is not None:
            begin, end = self.hours
            return [hour for hour in (self.hour % 12 + 12 * n for n in range(3)) if begin <= hour < end] or [self.hour]
        early, late = self.hour % 12, self.hour % 12 + 12
        if next_one:
            return [early, late]
        return [early] if self.hour != 12 and self.hour >= earliest else [late]

    def _dates(self, today: date) -> list[date]:
        if self.day is not None:
            return self._dates_of_year(today)
        if self.weekday is not None:
            ahead = (self.weekday - today.weekday() - 1) % 7 + 1
            return [today + timedelta(days=ahead)]
        if self.ahead is not None:
            return [today + timedelta(days=self.ahead)]
        return [today, today + timedelta(days=1)]

    def _dates_of_year(self, today: date) -> list[date]:
        """Return the dates that may be meant. Raises `MomentError` if there is none, as on 31 February."""
        day = self.day or 1
        if self.year is not None and self.month is not None:
            found = [_date(self.year, self.month, day)]
        elif self.month is not None:
            # The 29th of February may be four years away, or eight.
            found = [_date(today.year + years, self.month, day) for years in range(9)]
        else:
            ahead = (today.year * 12 + today.month - 1 + months for months in range(13))
            found = [_date(month // 12, month % 12 + 1, day) for month in ahead]
        if not any(found):
            raise MomentError("no_date")
        return [day for day in found if day is not None and day >= today]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
