"""Alarms and reminders by the wall clock, in local time. Nothing rings here."""

from __future__ import annotations

import time as clock
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal, TypeAlias

from msgspec import Meta, Struct
from msgspec.structs import replace

from device.system import wall_clock
from device.system.wall_clock import local_time

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Kind: TypeAlias = Literal["alarm", "reminder"]

MOST: Final = 50
"""How many may be set at once. A choice, as of timers."""
LONGEST_TEXT: Final = 300
"""Characters of what somebody is reminded of. A choice: half a minute of speech, over and over."""
FARTHEST_DAYS: Final = 3660
"""How far ahead: a choice; what is later was misheard."""
MISSED_S: Final = 600.0
"""So much too late, it is told as missed. A choice: whoever is woken ten minutes late wants to be woken still."""
SNOOZABLE_S: Final = 3600.0
"""For how long after it has rung it can be had again. A choice: later, nobody means it."""
JUMP_S: Final = 2.0
"""From which on the wall clock was set: more than it is adjusted by between two looks."""
_LAST: Final = 32_503_680_000.0
"""The year 3000, from which on some zones' times cannot be told."""


class Alarm(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An alarm, or what somebody is reminded of: at a time of day, or at an instant that was said as a span of time."""

    number: int
    text: str = ""
    """What to remind of; empty: an alarm."""
    time: time | None = None
    date: date | None = None
    """The next day on which it rings; None until the clock is set."""
    days: tuple[Annotated[int, Meta(ge=0, le=6)], ...] = ()
    """On which days of the week it rings again and again, 0 being Monday."""
    at: Annotated[float, Meta(ge=0, le=_LAST)] = 0.0
    """The instant of one that has no time of day, in seconds since 1970."""

    @property
    def kind(self) -> Kind:
        """What it is."""
        return "reminder" if self.text else "alarm"


class Rung(Struct, frozen=True):
    """An alarm whose time has come."""

    alarm: Alarm
    due: float
    """In seconds since 1970."""
    missed: bool
    """Whether its time is long over."""


class Alarms:
    """The alarms and reminders that are set; `now` is the wall clock, `up` the machine's uptime, both in seconds.

    What is said as a span of time goes by the uptime: if the clock is set meanwhile, it moves with it. A time of day
    that was said without a date, by a clock that turns out to have been wrong, is the next one by the right one.
    """

    def __init__(self, now: Callable[[], float] = clock.time, up: Callable[[], float] = wall_clock.uptime) -> None:
        self._now, self._up = now, up
        self._ahead = now() - up()
        self._alarms: list[Alarm] = []
        self._fresh: dict[int, bool] = {}
        """Those that were set while this runs, by their numbers: whether it was said without a date."""
        self.rung: tuple[Rung, ...] = ()
        """Those whose time came last."""
        self._rung_at = -SNOOZABLE_S

    @property
    def now(self) -> float:
        """The present time, in seconds since 1970."""
        return self._now()

    @property
    def known(self) -> bool:
        """Whether the time is known."""
        return self._now() >= wall_clock.FIRST

    @property
    def all(self) -> tuple[Alarm, ...]:
        """All that are set, the next to ring first."""
        return tuple(self._alarms)

    def rings_at(self, alarm: Alarm) -> float | None:
        """Return when it rings next, in seconds since 1970; None if the clock must be set first."""
        if alarm.time is None:
            return alarm.at
        return None if alarm.date is None else _instant(alarm.date, alarm.time)

    def add(self, at: time, day: date | None = None, days: Iterable[int] = (), text: str = "") -> Alarm:
        """Set one for a time of day: the next such time, or on a date, or on days of the week.

        One that is set already is returned as it is. Raises ValueError for a date that is over or too far away, a text
        that is too long, and if there are too many.
        """
        at = at.replace(second=0, microsecond=0)
        days = tuple(sorted(set(days)))
        if day is not None and not days:
            self._check(day, at)
        new = Alarm(self._number(), plain(text), at, None if days else day, days)
        if self.known and new.date is None:
            new = replace(new, date=self._next(at, days))
        return self._set(new, loose=day is None or bool(days))

    def add_in(self, seconds: float, text: str = "") -> Alarm:
        """Set one that rings after so many seconds. Raises ValueError as `add` does."""
        if not 1 <= seconds <= FARTHEST_DAYS * 86_400:
            raise ValueError("that is too far away")
        return self._set(Alarm(self._number(), plain(text), at=self._now() + seconds), loose=False)

    def resume(self, alarms: Iterable[Alarm]) -> None:
        """Let those of before go on, also those whose time came meanwhile."""
        for alarm in list(alarms)[:MOST]:
            if (alarm.time is not None or alarm.at) and (alarm.date is None or alarm.date.year < 3000):
                self._alarms.append(replace(alarm, number=self._number(), text=plain(alarm.text)[:LONGEST_TEXT]))
        self._sort()

    def cancel(self, alarms: Iterable[Alarm]) -> None:
        """Set them no more."""
        gone = {alarm.number for alarm in alarms}
        self._alarms = [alarm for alarm in self._alarms if alarm.number not in gone]

    def snooze(self, seconds: float) -> list[Alarm]:
        """Let those that rang last ring again after so many seconds; none if it is too long ago."""
        if self._up() - self._rung_at > SNOOZABLE_S:
            return []
        again = [self.add_in(seconds, rung.alarm.text) for rung in self.rung]
        self.rung = ()
        return again

    def near(self, seconds: float) -> bool:
        """Return whether one rings within so many seconds."""
        times = [at for alarm in self._alarms if (at := self.rings_at(alarm)) is not None]
        return self.known and any(at <= self._now() + seconds for at in times)

    def due(self) -> list[Rung]:
        """Return those whose time has come, each once, in the order of their times; to be asked again and again."""
        self._follow_clock()
        if not self._alarms or not self.known:
            return []
        self._alarms = [
            replace(alarm, date=self._next(alarm.time, alarm.days)) if alarm.time and alarm.date is None else alarm
            for alarm in self._alarms
        ]
        now = self._now()
        due = [
            Rung(alarm, at, now - at > MISSED_S) for alarm in self._alarms if (at := self.rings_at(alarm) or 0) <= now
        ]
        if due:
            self.cancel(rung.alarm for rung in due)
            for alarm in (rung.alarm for rung in due):
                if alarm.time is not None and alarm.days:
                    self._alarms.append(replace(alarm, date=self._next(alarm.time, alarm.days)))
            self._sort()
            self.rung, self._rung_at = tuple(due), self._up()
        return sorted(due, key=lambda rung: rung.due)

    def _check(self, day: date, at: time) -> None:
        today = local_time(max(self._now(), wall_clock.FIRST)).date()
        if day < today or (self.known and day == today and _instant(day, at) <= self._now()):
            raise ValueError("that time is over")
        if (day - today).days > FARTHEST_DAYS:
            raise ValueError("that is more than ten years away")

    def _follow_clock(self) -> None:
        """Move what was set by a clock that has been set since."""
        ahead = self._now() - self._up()
        by, self._ahead = ahead - self._ahead, ahead
        if abs(by) <= JUMP_S:
            return
        for n, alarm in enumerate(self._alarms):
            if alarm.number not in self._fresh:
                continue
            if alarm.time is None:
                self._alarms[n] = replace(alarm, at=max(0.0, alarm.at + by))
            elif self._fresh[alarm.number] and abs(by) > MISSED_S and self.known:
                self._alarms[n] = replace(alarm, date=self._next(alarm.time, alarm.days))
        self._sort()

    def _next(self, at: time, days: tuple[int, ...]) -> date:
        """Return the next day on which it is that time, of the days of the week if there are any."""
        now = self._now()
        today = local_time(now).date()
        ahead = (today + timedelta(days=n) for n in range(9))
        return next(day for day in ahead if (not days or day.weekday() in days) and _instant(day, at) > now)

    def _set(self, new: Alarm, *, loose: bool) -> Alarm:
        if len(new.text) > LONGEST_TEXT:
            raise ValueError(f"what to remind of has at most {LONGEST_TEXT} characters")
        for alarm in self._alarms:
            if new.time is not None and replace(alarm, number=new.number) == new:
                return alarm
        if len(self._alarms) >= MOST:
            raise ValueError(f"there are {MOST} alarms and reminders already: cancel one first")
        self._alarms.append(new)
        self._fresh[new.number] = loose
        self._sort()
        return new

    def _number(self) -> int:
        return max((alarm.number for alarm in self._alarms), default=0) + 1

    def _sort(self) -> None:
        self._alarms.sort(key=lambda alarm: (self.rings_at(alarm) or _LAST, alarm.number))


def plain(text: str) -> str:
    """Return a text as one line that can be spoken: without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _instant(day: date, at: time) -> float:
    """Return when that is in the device's zone, in seconds since 1970.

    A time that summer time leaves out is as much later, one that comes twice is the first.
    """
    clock.tzset()  # a zone that was changed while the process runs
    return datetime.combine(day, at).timestamp()
