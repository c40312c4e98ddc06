"""Spans of time, as a language says them, by its `spans.toml`."""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING, Final

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SAID: Final = ("day", "hour", "minute", "second")
"""The units in which spans are said."""
_NUMBER: Final = r"(\d+(?:\.\d+)?)"


class Spans(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """How a language says spans of time."""

    units: dict[str, tuple[str, ...]]
    """Of each of `SECONDS`: what is said for one, what for many, and what else is heard for it."""
    shapes: tuple[tuple[str, float], ...]
    """Regular expressions with a {unit}, and how many of it they mean: "half an hour"."""
    one: str = "1 {unit}"
    """How one of a {unit} is said."""
    dative: dict[str, tuple[str, str]] = {}
    """Of each unit, what is said for one and many after words like "in", where that differs."""
    another: str
    """A regular expression of what is between two parts: "1 hour and 5 minutes"."""
    alone: str
    """The same of what must follow a last number without a unit: "1 hour 30"."""
    and_: str = field(name="and")
    """What is said before the last part; and between others:"""
    comma: str

    @cached_property
    def _seconds_of(self) -> dict[str, int]:
        return {word.lower(): SECONDS[unit] for unit, words in self.units.items() for word in words}

    @cached_property
    def _unit(self) -> str:
        return "|".join(sorted(map(re.escape, self._seconds_of), key=len, reverse=True))

    @cached_property
    def _shapes(self) -> list[tuple[re.Pattern[str], float]]:
        unit = rf"(?P<unit>{self._unit})"
        return [(re.compile(shape.replace("{unit}", unit)), count) for shape, count in self.shapes]

    @cached_property
    def _summed(self) -> re.Pattern[str]:
        part = rf"{_NUMBER} ?(?:{self._unit})\b"
        last = rf"(?!1\b){_NUMBER}{self.alone}"  # "and one for …" is another span
        return re.compile(rf"(?<![\w.]){part}(?:{self.another}(?:{part}|{last}))*")

    @cached_property
    def _part(self) -> re.Pattern[str]:
        return re.compile(rf"{_NUMBER}(?: ?({self._unit})\b)?")

    def replace(self, text: str, by: Callable[[float], str]) -> str:
        """Return lower-case `text`, numbers in digits, with each span of time replaced by `by(seconds)`.

        They are such as "5 minutes", "1 hour and 30 minutes", "an hour and a half", "half an hour", "1 minute 30".
        """
        for pattern, count in self._shapes:
            text = pattern.sub(lambda m, count=count: f"{count:g} {m['unit']}", text)  # type: ignore[misc]
        return self._summed.sub(lambda m: self._replaced(m[0], by), text)

    def _replaced(self, phrase: str, by: Callable[[float], str]) -> str:
        """Return spans that follow each other, each replaced: after a unit only smaller ones go on with it."""
        out, total, last, end = "", 0.0, 0, 0
        for part in self._part.finditer(phrase):
            number, unit = part.groups()
            # "1 hour 30" means minutes, "1 minute 30" seconds.
            counts = self._seconds_of[unit] if unit else last // 60
            if last and counts >= last:
                out, total = f"{out}{by(total)}{phrase[end : part.start()]}", 0.0
            total, last, end = total + float(number) * counts, counts, part.end()
        return out + by(total)

    def begins_with_one(self, seconds: float) -> bool:
        """Return whether a span begins with one of a unit: "there is 1 hour and 5 minutes left"."""
        rest = max(0, round(seconds))
        return next((rest // SECONDS[unit] for unit in _SAID if rest >= SECONDS[unit]), 0) == 1

    def said(self, seconds: float, *, dative: bool = False, units: Sequence[str] = _SAID) -> str:
        """Return a span of time, to the second, as it is said: "an hour and a half" is "1 hour and 30 minutes".

        With `dative` it is fit for standing after "in" or "ago", where a language makes a difference. Of `units`, the
        largest is first.
        """
        names = {**self.units, **self.dative} if dative else self.units
        rest = max(0, round(seconds))
        parts = []
        for unit in units:
            count, rest = divmod(rest, SECONDS[unit])
            if count:
                one, many = names[unit][:2]
                parts.append(self.one.format(unit=one) if count == 1 else f"{count} {many}")
        if not parts:
            return f"0 {names['second'][1]}"
        return parts[0] if len(parts) == 1 else f"{self.comma.join(parts[:-1])}{self.and_}{parts[-1]}"
