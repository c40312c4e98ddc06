"""What is written, as it is said: numbers, times, dates, money, units and abbreviations in words.

The words of a language are data, `data/languages/CODE/spoken.toml`; numbers are written out by CLDR's rules for it, of
the package unicode-rbnf, which knows more than sixty. A voice of a language without that file reads what is written.
"""

from __future__ import annotations

import functools
import re
from decimal import Decimal
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.data import DATA
from device.local.tts.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Match = re.Match[str]

_MOST_DIGITS: Final = 15
"""Beyond that, digits are said one by one: nobody has the words."""
_LONG: Final = 7
"""Digits in a row, without a mark between them, that are said one by one: a telephone's number, not an amount."""


class Clock(Struct, frozen=True, forbid_unknown_fields=True):
    """How a time of day is said."""

    hours: int
    full: str
    exact: str
    time: str
    below_ten: str
    one: str = ""
    halves: dict[str, str] = {}
    morning: str = ""
    afternoon: str = ""


class Words(Struct, frozen=True, forbid_unknown_fields=True):
    """A language's `spoken.toml`."""

    numbers: str
    decimal: str
    thousands: str
    point: str
    minus: str
    to: str
    over: str
    and_: str = msgspec.field(name="and")
    ordinal: str
    ordinals: str
    months: list[str]
    date: str
    year_after: list[str]
    digits_after: list[str]
    clock: Clock
    currencies: dict[str, list[str]]
    units: dict[str, list[str]]
    fractions: dict[str, list[str]]
    numbered: dict[str, str]
    abbreviations: dict[str, str]
    signs: dict[str, str]


class Spoken:
    """Says what is written in a language, such as `en` or `de-AT`."""

    def __init__(self, language: str) -> None:
        words = _words(language.partition("-")[0])
        self._rules = _Rules(words).all() if words else []

    def say(self, text: str) -> str:
        """Return `text` as `plain` does, in words."""
        text = plain(text)
        for pattern, said in self._rules:
            text = pattern.sub(said, text)
        return " ".join(text.split())


@functools.cache
def _words(code: str) -> Words | None:
    path = DATA / "languages" / code / "spoken.toml"
    if not code.isalpha() or not path.is_file():
        return None
    return msgspec.toml.decode(path.read_bytes(), type=Words)


class Numbers:
    """Numbers in the words of a language."""

    def __init__(self, words: Words) -> None:
        from unicode_rbnf import RbnfEngine  # noqa: PLC0415 - half a second on a Pi, for who speaks only
        from unicode_rbnf.engine import FormatPurpose  # noqa: PLC0415 - as above

        self._engine = RbnfEngine.for_language(words.numbers)
        self._purposes = {kind: FormatPurpose[kind] for kind in ("CARDINAL", "YEAR")}
        self._words = words

    def cardinal(self, digits: str) -> str:
        """Say a number of digits."""
        return self._say(digits, "CARDINAL")

    def year(self, digits: str) -> str:
        """Say a year."""
        return self._say(digits, "YEAR")

    def ordinal(self, digits: str) -> str:
        """Say which in a row."""
        if len(digits) > _MOST_DIGITS:
            return self.one_by_one(digits)
        return str(self._engine.format_number(int(digits), ruleset_names=[self._words.ordinal]).text)

    def one_by_one(self, digits: str) -> str:
        """Say each digit."""
        return " ".join(self.cardinal(digit) for digit in digits)

    def decimal(self, number: str) -> str:
        """Say a number with or without marks for thousands and decimals, as it is written in the language."""
        whole, mark, rest = number.replace(self._words.thousands, "").partition(self._words.decimal)
        said = self.cardinal(whole) if whole else self.cardinal("0")
        return f"{said} {self._words.point} {self.one_by_one(rest)}" if mark and rest else said

    def _say(self, digits: str, kind: str) -> str:
        if len(digits) > _MOST_DIGITS:
            return self.one_by_one(digits)
        return str(self._engine.format_number(Decimal(int(digits)), purpose=self._purposes[kind]).text)


class _Rules:
    """What is looked for in a text of a language, in this order, and what is said for it."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._numbers = Numbers(words)
        thousands, decimal = re.escape(words.thousands), re.escape(words.decimal)
        self._amount = rf"\d{{1,3}}(?:{thousands}\d{{3}})+(?:{decimal}\d+)?(?!\d)|\d+(?:{decimal}\d+)?"
        self._months = _any(words.months)

    def all(self) -> list[tuple[re.Pattern[str], Callable[[Match], str]]]:
        """Return them."""
        words, amount = self._words, self._amount
        money, units = _any(words.currencies), _any(words.units)
        halves = "|".join(f"(?:{half})" for half in words.clock.halves) or "(?!)"
        after = _any([*words.year_after, *words.months])
        ordinals = words.ordinals.replace("{months}", self._months)
        return [
            (re.compile(rf"(?<![\w.])({_any(words.numbered)})\s*(?=\d)"), lambda m: f"{words.numbered[m[1]]} "),
            (re.compile(rf"(?<![\w.]){_any(words.abbreviations)}(?!\w)"), lambda m: words.abbreviations[m[0]]),
            (re.compile(r"(?<![\w.])((?:[A-Za-z]\.){2,})(\s+[A-Z]|\s*$)?"), self._initials),
            (re.compile(r"(?<![\d.-])(\d{4})-(\d\d)-(\d\d)(?![\d-])"), self._date),
            (
                re.compile(rf"(?<![\d:.,])(\d{{1,2}}):(\d\d)(?![\d:])(?:\s*({halves}))?(?!\w)", re.IGNORECASE),
                self._time,
            ),
            (re.compile(rf"(?<![\d:.,])(\d{{1,2}})()\s*({halves})", re.IGNORECASE), self._time),
            (re.compile(rf"(?<!\w)({money})\s*({amount})(?:\s+(million|billion|trillion))?"), self._money),
            (re.compile(rf"(?<![\w.,])({amount})\s*({money})(?!\w)"), lambda m: self._pay(m[1], m[2])),
            (re.compile(rf"(?<![\w.,])(\d+){ordinals}", re.IGNORECASE), lambda m: self._numbers.ordinal(m[1])),
            (
                re.compile(rf"\b({self._months}\s+)(\d{{1,2}})(?![\w:]|[.,]\d)"),
                lambda m: m[1] + self._numbers.ordinal(m[2]),
            ),
            (
                re.compile(rf"\b({after}\s+(?:[\w-]+,?\s+)?)(1[1-9]\d\d|20\d\d)(?![\w:%°]|[.,]\d)", re.IGNORECASE),
                self._year,
            ),
            (re.compile(rf"\b({_any(words.digits_after)}\s+)(\d+)(?!\w)", re.IGNORECASE), self._one_by_one),
            (re.compile(rf"()(?<![\w.,])(\d{{{_LONG},}}|0\d+)(?![\w]|[.,]\d)"), self._one_by_one),
            (re.compile(r"(?<=\d)-(?=[^\W\d_])"), lambda _: " "),
            (re.compile(r"(?<=\d)\s*[\u2013-]\s*(?=\d)|(?<=\d)\s+-\s+(?=\d)"), self._between),
            (re.compile(r"(?<![\w.)])[\u2212-](?=[\d.])"), lambda _: f"{words.minus} "),
            (re.compile(r"(?<![\w./])(\d{1,2})/(\d{1,2})(?![\w/])"), self._fraction),
            (re.compile(rf"(?<![\w.,])({amount})\s*({units})(?!\w)"), self._unit),
            (re.compile(r"(?<![\d])\d+(?:\.\d+){2,}"), self._version),
            (re.compile(rf"{amount}"), lambda m: f" {self._numbers.decimal(m[0])} "),
            (re.compile(_any(words.signs)), lambda m: f" {words.signs[m[0]]} "),
            (re.compile(r"\s+(?=[.,;:!?)])(?![.]\w)"), lambda _: ""),
        ]

    def _initials(self, match: Match) -> str:
        """Say "p.m." as PM; at the end of a sentence its dot is the sentence's."""
        end = "." if match[2] is not None and len(match[1]) > 2 and not match[2].strip() else ""
        return match[1].replace(".", "") + end + (match[2] or "")

    def _date(self, match: Match) -> str:
        year, month, day = match[1], int(match[2]), int(match[3])
        if not (1 <= month <= 12 and 1 <= day <= 31):
            return " ".join(self._numbers.cardinal(part) for part in match.groups())
        return self._words.date.format(
            day=self._numbers.ordinal(str(day)), month=self._words.months[month - 1], year=self._numbers.year(year)
        )

    def _time(self, match: Match) -> str:
        clock, hour, minute = self._words.clock, int(match[1]), int(match[2] or 0)
        if hour > 24 or minute > 59:
            return (
                " ".join(self._numbers.cardinal(part) for part in (match[1], match[2]) if part) + f" {match[3] or ''}"
            )
        half = next(
            (said for one, said in clock.halves.items() if re.fullmatch(one, match[3] or "", re.IGNORECASE)), ""
        )
        if clock.hours == 12 and not half and (hour > 12 or hour == 0):
            half = clock.afternoon if 12 <= hour < 24 else clock.morning
        shown = (hour % 12 or 12) if clock.hours == 12 else hour
        words = clock.one if clock.one and shown == 1 else self._numbers.cardinal(str(shown))
        form = clock.time if minute else clock.exact if half or not match[2] else clock.full
        said = self._numbers.cardinal(str(minute))
        minutes = clock.below_ten.format(minute=said) if minute < 10 else said
        # A dot after "p.m" belongs to the sentence if nothing or another one follows.
        rest = match.string[match.end() :]
        stop = "." if (match[3] or "").endswith(".") and (not rest.strip() or re.match(r"\s+[A-Z]", rest)) else ""
        return form.format(hour=words, minute=minutes, half=half) + stop

    def _money(self, match: Match) -> str:
        if match[3]:
            return f"{self._numbers.decimal(match[2])} {match[3]} {self._words.currencies[match[1]][1]}"
        return self._pay(match[2], match[1])

    def _pay(self, amount: str, sign: str) -> str:
        one, many, *small = self._words.currencies[sign]
        whole, _, rest = amount.replace(self._words.thousands, "").partition(self._words.decimal)
        if len(rest) != 2 or not small:
            return f"{self._numbers.decimal(amount)} {many}" if amount != "1" else one
        said = f"{self._numbers.cardinal(whole)} {many}" if whole != "1" else one
        cents = f"{self._numbers.cardinal(rest)} {small[1]}" if rest != "01" else small[0]
        if rest == "00":
            return said
        return f"{said} {self._words.and_} {cents}" if int(whole) else cents

    def _year(self, match: Match) -> str:
        return match[1] + self._numbers.year(match[2])

    def _one_by_one(self, match: Match) -> str:
        return match[1] + self._numbers.one_by_one(match[2])

    def _between(self, match: Match) -> str:
        spaced = match[0].strip() == "-" and match[0] != "-"
        return f" {self._words.minus if spaced else self._words.to} "

    def _fraction(self, match: Match) -> str:
        names = self._words.fractions.get(match[2])
        above, below = self._numbers.cardinal(match[1]), self._numbers.cardinal(match[2])
        return f"{above} {names[match[1] != '1']}" if names else f"{above} {self._words.over} {below}"

    def _unit(self, match: Match) -> str:
        one, many = self._words.units[match[2]]
        return f"{self._numbers.decimal(match[1])} {many}" if match[1] != "1" else one

    def _version(self, match: Match) -> str:
        return " " + f" {self._words.point} ".join(self._numbers.cardinal(part) for part in match[0].split(".")) + " "


def _any(words: Iterable[str]) -> str:
    """Return a pattern of any of some words, the longest first."""
    return "(?:" + "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True)) + ")"
