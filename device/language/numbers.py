"""Number words to digits, and numbers to what is said for them, by the grammar in a language's `numbers.toml`."""

from __future__ import annotations

import math
import re
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct, field

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGITS = r"\d+(?:\.\d+)?"


class Numbers(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """How a language says numbers. What was said is in lower case; digits have "." before decimals once it is read."""

    ones: tuple[str, ...]
    """0 to 9."""
    teens: tuple[str, ...]
    """10 to 19."""
    tens: tuple[str, ...]
    """20, 30 … 90."""
    together: str
    """How tens and ones make a number, as it is heard: "{tens} {ones}", "{ones}und{tens}"."""
    written: str
    """The same as it is written for speaking."""
    within: dict[str, str] = {}
    """What a word for ones becomes in front of tens: "eins" is "ein" in "einundzwanzig"."""
    also: dict[str, int] = {}
    """Other words for ones, teens and tens: "fourty"."""
    digits: dict[str, int] = {}
    """Other words for digits after the point: "oh"."""
    a: tuple[str, ...] = ()
    """What stands for one before hundred and thousand: "a hundred"."""
    bare: bool = False
    """Whether hundred and thousand also stand alone, without a word for one."""
    hundred: str
    scales: dict[str, int]
    space: str
    """A regular expression of what is between the words of a number: " ", or " ?" where they are written together."""
    point: str
    minus: str
    power: str
    """How {mantissa} · 10^{exponent} is said."""
    decimal: str
    """The sign before decimals in digits."""
    group: str
    """The sign between groups of three digits."""
    fractions: dict[str, float]
    """What follows a number to make it larger by so much, numbers in it in digits."""
    and_a_fraction: str
    """A regular expression: group 1 a number ({digits}), group 2 a fraction ({fractions})."""
    and_: str = field(name="and")

    @cached_property
    def _under_100(self) -> dict[str, int]:
        """The words of 0 to 99, the usual ones first."""
        ones = dict(zip(self.ones, range(10), strict=True))
        tens = dict(zip(self.tens, range(20, 100, 10), strict=True))
        small = {word: value for word, value in self.also.items() if value < 10}
        large = {word: value for word, value in self.also.items() if value >= 20}
        joined = {
            self.together.format(tens=ten, ones=self.within.get(one, one)): ten_value + one_value
            for ten, ten_value in (tens | large).items()
            for one, one_value in (ones | small).items()
            if one_value
        }
        return {**ones, **dict(zip(self.teens, range(10, 20), strict=True)), **tens, **joined, **self.also}

    @cached_property
    def _number(self) -> re.Pattern[str]:
        s = self.space
        small = _any(self._under_100)
        counted = _any([*self._under_100, *self.a])
        # Where nothing stands for one, "hundred" alone is a hundred.
        bare = self.bare or not self.a
        hundreds = rf"(?:{counted}{s})?{self.hundred}" if bare else rf"{counted}{s}{self.hundred}"
        below_1000 = rf"(?:{hundreds}(?:(?:{s}{self.and_})?{s}{small})?|{small})"
        digit = _any([*self.ones, *self.digits, r"\d"], escape=False)
        start = rf"(?:{below_1000}|{_DIGITS})(?: {self.point}(?: {digit})+)?"
        scale = _any(self.scales)
        rest = rf"(?:(?:{s}{self.and_})?{s}{below_1000}(?!{s}{self.hundred}))?"
        first = rf"{_any([start, *self.a], escape=False)}{s}"
        if self.bare:
            first = f"(?:{first})?"
        large = rf"{first}{scale}(?:(?:{s}{self.and_})?{s}{below_1000}{s}{scale})*{rest}"
        return re.compile(rf"\b(?:{large}|{start})\b")

    @cached_property
    def _part(self) -> re.Pattern[str]:
        words = [*self._under_100, *self.a, *self.digits, *self.scales, self.hundred, self.point, self.and_]
        return re.compile(rf"{_any(words)}|{_DIGITS}")

    @cached_property
    def _and_a_fraction(self) -> re.Pattern[str]:
        pattern = self.and_a_fraction.replace("{digits}", _DIGITS).replace("{fractions}", _any(self.fractions))
        return re.compile(pattern)

    def in_digits(self, text: str) -> str:
        """Return lower-case `text` with its number words as digits: "two hundred and five" as "205".

        Decimals ("three point one four"), "a hundred", mixed forms ("2 million") and "two and a half" are understood;
        numbers in a row that do not make one number stay apart ("four five" is "4 5").
        """
        text = re.sub(rf"(?<=\d){re.escape(self.group)}(?=\d{{3}}\b)", "", text)
        if self.decimal != ".":
            text = re.sub(rf"(?<=\d){re.escape(self.decimal)}(?=\d)", ".", text)
        text = re.sub(r"(?<=[^\W\d_])-(?=[^\W\d_])", " ", text)
        text = self._number.sub(lambda m: plain_number(self._value(m[0])), text)
        return self._and_a_fraction.sub(lambda m: plain_number(float(m[1]) + self.fractions[m[2]]), text)

    def _value(self, phrase: str) -> float:
        total = group = 0.0
        words = iter(self._part.findall(phrase))
        for word in words:
            if word in self.scales:
                total, group = total + (group or self.bare) * self.scales[word], 0
            elif word == self.hundred:
                group = max(group, 1) * 100
            elif word == self.point:
                decimals = ""
                for digit in words:
                    if digit in self.scales:
                        group = float(f"{int(group)}.{decimals}") * self.scales[digit]
                        break
                    decimals += str(self.digits.get(digit, self._under_100.get(digit, digit)))
                else:
                    group = float(f"{int(group)}.{decimals}")
            elif word != self.and_:
                group += 1 if word in self.a else self._under_100[word] if word in self._under_100 else float(word)
        return total + group

    def words(self, number: int) -> str:
        """Return a whole number from 0 to 99 in words, any other in digits."""
        if 0 <= number < 20:
            return (self.ones + self.teens)[number]
        if 20 <= number < 100:
            ten, one = self.tens[number // 10 - 2], self.ones[number % 10]
            return self.written.format(tens=ten, ones=self.within.get(one, one)) if number % 10 else ten
        return str(number)

    def spoken(self, value: float) -> str:
        """Return a number as a person would say it, in digits: 2 decimals, or 3 digits that count if it is small.

        Raises `ValueError` for one that is not finite.
        """
        if not math.isfinite(value):
            raise ValueError(f"{value} cannot be said")
        places = 2 if value == 0 or abs(value) >= 1 else 2 - math.floor(math.log10(abs(value)))
        rounded = round(abs(value), places)
        if rounded >= 1e15 or 0 < rounded < 1e-6:
            mantissa, exponent = f"{rounded:.2e}".split("e")
            power = f"{f'{self.minus} ' if int(exponent) < 0 else ''}{abs(int(exponent))}"
            text = self.power.format(mantissa=self._decimal(plain_number(float(mantissa))), exponent=power)
        elif rounded == int(rounded):
            text = str(int(rounded))
        else:
            text = self._decimal(f"{rounded:.{places}f}".rstrip("0"))
        return f"{self.minus} {text}" if value < 0 and rounded else text

    def _decimal(self, digits: str) -> str:
        return digits.replace(".", self.decimal)


def plain_number(value: float) -> str:
    """Return a number as digits, without needless decimals."""
    return str(int(value)) if value == int(value) else repr(value)


def _any(words: Iterable[str], *, escape: bool = True) -> str:
    """Return an expression for any of the words, the longest first."""
    longest_first = sorted(words, key=len, reverse=True)
    return f"(?:{'|'.join(map(re.escape, longest_first) if escape else longest_first)})"
