"""Moments as a language says them, by its `when.toml`, found in what was said."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct, field

from device.language.when import When

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from device.language.clock import ClockWords

_HOUR: Final = r"(?P<hour>2[0-4]|[01]?\d)"
_MINUTE: Final = r"(?P<minute>[0-5]\d)"
_MINUTES: Final = r"(?P<minute>[0-5]?\d)"
_WEEK: Final = 7
_DAY: Final = r"(?P<day>3[01]|[12]\d|0?[1-9])(?!\d)"


class Part(Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the day, and the hours of it."""

    said: str
    begin: int = field(name="from")
    end: int = field(name="to")
    short: str = ""
    usual: str = ""
    sure: bool = False


class TimeShape(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to say a time of day."""

    said: str
    hours: int = 0
    minute: int | None = None
    back: bool = False
    bare: bool = False


class DayShape(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to say a day."""

    said: str
    ahead: int
    part: str = ""


class Repeat(Struct, frozen=True, forbid_unknown_fields=True):
    """A way to say that something is again and again."""

    said: str
    days: tuple[int, ...]
    part: str = ""


class Moments(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How a language says moments; the file says what each part is."""

    context: str
    lead: str
    before: str
    after: str
    join: str
    oclock: str
    weekday: str
    year: str
    dates: tuple[str, ...]
    ordinal_end: str
    ordinals: tuple[str, ...]
    times: tuple[TimeShape, ...]
    named: dict[str, str]
    parts: dict[str, Part]
    days: tuple[DayShape, ...]
    repeats: tuple[Repeat, ...]
    without: str = ""
    also: str = ""


class HearsMoments:
    """Finds moments in what was said in a language, whose days and months are those of its clock."""

    def __init__(self, moments: Moments, clock: ClockWords) -> None:
        self._moments = moments
        self._weekdays = [day.lower() for day in clock.weekdays]
        self._months = [month.lower() for month in clock.months]
        self._context = re.compile(moments.context)
        self._and = re.compile(moments.also or r"(?!)")

    def replace(self, text: str, by: Callable[[When, str], str], *, asked: bool = False) -> str:
        """Return lower-case `text`, numbers in digits, with each moment replaced by `by(when, words)`.

        Where nothing is spoken of that has a time, and no time was asked for before, only what is a time of day beyond
        doubt is one.
        """
        context = asked or self._context.search(text) is not None

        def found(run: str) -> str:
            when, sure = self._read(run)
            told = when.has_time or (context and when.has_day) or (context and bool(when.usual))
            return by(when, run.strip()) if told and (context or sure) else run

        return self._run.sub(lambda match: "".join(map(found, self._apart(match[0]))), text)

    def _apart(self, run: str) -> list[str]:
        """Return the moments of a run of parts, and what is between them: several if each says a time and a day."""
        for joint in self._and.finditer(run):
            first, rest = run[: joint.start()], run[joint.end() :]
            if all(when.has_time and when.has_day for when in (self._read(first)[0], self._read(rest)[0])):
                return [first, joint[0], *self._apart(rest)]
        return [run]

    @cached_property
    def _run(self) -> re.Pattern[str]:
        """The expression for all parts of a moment."""
        m = self._moments
        bare = _any(_plain(_time(shape)) for shape in m.times if shape.bare)
        short = _any(part.short for part in m.parts.values() if part.short)
        sure = _any(_plain(piece) for piece, kind, _ in self._pieces if kind != "bare")
        # An hour that is only a number: known by what stands before it, or by the part of the day after it.
        halves = _any(part.said for part in m.parts.values() if part.sure)
        hour = rf"(?:{m.lead}{bare}(?:{m.after}|(?={m.join}(?:{sure}|{short})\b))|{m.before}{bare}(?={m.join}{halves}))"
        more = rf"{m.join}(?:{sure}|{short}|{bare}(?:{m.after}|(?={m.join}(?:{sure}))))"
        return re.compile(rf"(?<!\S)(?:{m.before}{sure}|{hour})(?:{more})*(?!\S)")

    @cached_property
    def _pieces(self) -> list[tuple[str, str, Any]]:
        """The expressions for what a moment may be made of, and what each is."""
        m = self._moments
        weekday = m.weekday.replace("{weekdays}", _any(map(re.escape, self._weekdays)))
        return [
            *([(self._without(weekday), "without", None)] if m.without else ()),
            *((repeat.said, "repeat", repeat) for repeat in m.repeats),
            *((self._date(shape), "date", None) for shape in m.dates),
            *((day.said, "day", day) for day in m.days),
            (weekday, "weekday", None),
            *((said, "named", at) for said, at in m.named.items()),
            *((_time(shape), "time", shape) for shape in m.times if not shape.bare),
            (rf"{_HOUR}{m.oclock}", "time", TimeShape("")),
            *((part.said, "part", part) for part in m.parts.values()),
            *((_time(shape), "bare", shape) for shape in m.times if shape.bare),
        ]

    def _without(self, weekday: str) -> str:
        """Return the expression for "except", before days."""
        days = _any(_plain(said) for said in (weekday, *(repeat.said for repeat in self._moments.repeats)))
        return rf"(?:{self._moments.without})(?= {days})"

    @cached_property
    def _readers(self) -> list[tuple[re.Pattern[str], str, Any]]:
        shorts = [(part.short, "part", part) for part in self._moments.parts.values() if part.short]
        return [(re.compile(rf"(?:{said})(?!\w)"), kind, what) for said, kind, what in [*self._pieces, *shorts]]

    def _read(self, text: str) -> tuple[When, bool]:
        """Return the moment of a run of parts, and whether it is one beyond doubt."""
        told: dict[str, Any] = {}
        sure = False
        parts = [*self._parts_of(text)]
        for found, kind, what in parts:
            if kind in {"repeat", "day", "part"}:
                told |= self._of_a_day(kind, what)
                sure |= kind == "part" and what.sure
            elif kind == "date":
                told |= self._date_read(found)
            elif kind in {"named", "time", "bare"} and "hour" not in told:
                told |= _time_read(found, kind, what)
                sure |= kind != "bare"
        return When(**told, **self._days(parts)), sure

    def _days(self, parts: Sequence[tuple[re.Match[str], str, Any]]) -> dict[str, Any]:
        """Return on which days of the week it is, less those after "except"."""
        days: list[int] = []
        repeated: list[int] = []
        never: list[int] | None = None
        again = False
        for found, kind, what in parts:
            if kind == "without":
                never = []
            elif kind == "repeat":
                (repeated if never is None else never).extend(what.days)
            elif kind == "weekday":
                (days if never is None else never).append(self._weekdays.index(found["name"]))
                again |= never is None and bool(found["every"] or found["many"])
        if never and not days and not repeated:
            repeated = [*range(_WEEK)]
        if again or repeated or len(days) > 1:
            return {"days": tuple(sorted({*days, *repeated} - {*(never or ())}))}
        return {"weekday": days[0]} if days else {}

    def _parts_of(self, text: str) -> Iterator[tuple[re.Match[str], str, Any]]:
        at = 0
        while at < len(text):
            for reader, kind, what in self._readers if at == 0 or text[at - 1] == " " else ():
                if (found := reader.match(text, at)) and found.end() > at:
                    yield found, kind, what
                    at = found.end()
                    break
            else:
                at += 1

    def _of_a_day(self, kind: str, what: Any) -> dict[str, Any]:
        part = what if kind == "part" else self._moments.parts.get(what.part)
        told: dict[str, Any] = {"hours": (part.begin, part.end), "usual": part.usual} if part else {}
        if kind == "day":
            told["ahead"] = what.ahead
        return told

    def _date(self, shape: str) -> str:
        m = self._moments
        ordinal = rf"(?P<ordinal>{_any(m.ordinals)}|{_plain(_DAY)}{m.ordinal_end})\b"
        day = rf"(?:{ordinal}|{_DAY})"
        month = rf"(?P<month>{_any(self._months)})\b"
        return (
            shape.replace("{day}", day)
            .replace("{ordinal}", ordinal)
            .replace("{month}", month)
            .replace("{year}", f"(?P<year>{m.year})")
        )

    def _date_read(self, found: re.Match[str]) -> dict[str, Any]:
        said = found.groupdict()
        day = said.get("day") or said["ordinal"]
        ordinals = self._moments.ordinals
        told: dict[str, Any] = {
            "day": ordinals.index(day) + 1 if day in ordinals else int(re.sub(r"\D", "", day)),
        }
        if said.get("month"):
            told["month"] = self._months.index(said["month"]) + 1
        if said.get("year"):
            told["year"] = int(said["year"].replace(" ", ""))
        return told


def _time(shape: TimeShape) -> str:
    return shape.said.replace("{hour}", _HOUR).replace("{minutes}", _MINUTES).replace("{minute}", _MINUTE)


def _time_read(found: re.Match[str], kind: str, what: Any) -> dict[str, Any]:
    if kind == "named":
        hour, minute = map(int, what.split(":"))
        return {"hour": hour, "minute": minute, "fixed": True}
    said = found.groupdict()
    hour, minute = int(said["hour"]), int(said.get("minute") or 0)
    if what.back:
        hour, minute = (hour - 1, 60 - minute) if minute else (hour, 0)
    hour += what.hours
    if hour == 0 and int(said["hour"]):
        hour = 12  # a quarter to one is after twelve, which is not the hour 0 of 24
    return {"hour": hour % 24, "minute": minute if what.minute is None else what.minute}


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(sorted(words, key=len, reverse=True))})"


def _plain(expression: str) -> str:
    """Return an expression without the names of its groups."""
    return re.sub(r"\(\?P<\w+>", "(?:", expression)
