"""Sums as they are said, worked out."""

from __future__ import annotations

import math
import operator
import re
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from device.language.language import Language

_NUMBER: Final = r"(?:{minus} |-)?(?:{fraction}|\d+(?:\.\d+)?)"
_FRACTION: Final = r"(?:(?P<count>\d+) |an? )?(?P<part>{parts})\b(?! of\b)"
FRACTIONS: Final = "fraction"
"""The list of a language that says what parts of one are called: for each denominator one, and many."""
_BINDS: Final = {"^": 3, "%": 2, "*": 2, "/": 2, "+": 1, "-": 1, "+%": 1, "-%": 1}
_LARGEST: Final = 1e100
"""Results from which on are refused: they can be said, but not understood, and powers of them overflow."""
_WORKED_OUT: dict[str, Callable[[float, float], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": lambda a, b: a / 100 * b,
    "+%": lambda a, b: a * (1 + b / 100),
    "-%": lambda a, b: a * (1 - b / 100),
    "^": operator.pow,
}


class SumError(ValueError):
    """A sum has no answer; the message is the phrase that says why."""


class SumWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `arithmetic.toml`."""

    operators: dict[str, str]
    """What is heard → the operator: "times" → "*"; "%" is "percent of"."""
    said: dict[str, str]
    """The operator → what is said."""
    percent: str = ""
    """What follows a number that is added or taken off as a part of what comes before it."""


class Sum(Struct, frozen=True):
    """Numbers and the operators between them, one fewer."""

    numbers: list[float]
    operators: list[str]
    words: dict[int, str] = {}
    """How those numbers are said that are fractions: which of them it is → "3 eighths"."""

    def said(self, language: Language) -> str:
        """Return it as it is said: "12 times 7"."""
        words, spoken = language.words("arithmetic", SumWords), language.numbers.spoken
        numbers = [self.words.get(at) or spoken(number) for at, number in enumerate(self.numbers)]
        said = [
            f"{words.said[sign[:1]]} {number}{f' {words.percent}' if sign[1:] else ''}"
            for sign, number in zip(self.operators, numbers[1:], strict=True)
        ]
        return " ".join([numbers[0], *said])

    def value(self) -> float:
        """Work it out by the usual precedence; raises `SumError`."""
        numbers, operators = list(self.numbers), list(self.operators)
        for at in reversed(range(len(operators))):
            if operators[at] == "^":  # 9^9^9 is 9^(9^9)
                numbers[at : at + 2] = [_apply(operators.pop(at), numbers[at], numbers[at + 1])]
        for strength in (2, 1):
            at = 0
            while at < len(operators):
                if _BINDS[operators[at]] == strength:
                    numbers[at : at + 2] = [_apply(operators.pop(at), numbers[at], numbers[at + 1])]
                else:
                    at += 1
        return numbers[0]


def _apply(sign: str, a: float, b: float) -> float:
    if b == 0 if sign == "/" else sign == "^" and a == 0 and b < 0:
        raise SumError("divided_by_zero")
    try:
        result = _WORKED_OUT[sign](a, b)
    except (OverflowError, ZeroDivisionError):
        result = math.inf
    if isinstance(result, complex):
        raise SumError("not_real")
    if not abs(result) < _LARGEST:
        raise SumError("too_large")
    return float(result)


class Sums:
    """Finds sums in what is said in a language; in one without words for them there are none."""

    def __init__(self, language: Language) -> None:
        words = language.words("arithmetic", SumWords) if "arithmetic" in language.skills else SumWords({}, {})
        self._operators = {**words.operators, **{sign: sign for sign in "*/+-^"}}
        self._minus = language.numbers.minus
        longest_first = sorted(self._operators, key=len, reverse=True)
        operator_ = "|".join(map(re.escape, longest_first))
        self._parts = {spoken: float(value) for spoken, value in language.lists.get(FRACTIONS, ())}
        parts = "|".join(sorted(self._parts, key=len, reverse=True)) or "(?!)"
        self._fraction = re.compile(_FRACTION.replace("{parts}", parts))
        number = _NUMBER.replace("{minus}", re.escape(self._minus))
        number = number.replace("{fraction}", re.sub(r"\?P<\w+>", "?:", self._fraction.pattern))
        percent = rf"(?: {re.escape(words.percent)}\b)?" if words.percent else ""
        self._sum = re.compile(rf"(?<![\w.]){number}(?: ?(?:{operator_}) ?{number}{percent})+(?![\w.]\w)")
        self._first = re.compile(number)
        self._next = re.compile(rf" ?({operator_}) ?({number})({percent})")

    def replace(self, text: str, by: Callable[[Sum], str]) -> str:
        """Return lower-case `text`, numbers in digits, with each sum such as "2 plus 3" replaced by `by(sum)`."""
        return self._sum.sub(lambda m: by(self._parse(m[0])), text)

    def _parse(self, phrase: str) -> Sum:
        first = self._first.match(phrase)
        assert first is not None  # noqa: S101 - `_sum` begins with a number
        rest = self._next.findall(phrase, first.end())
        numbers = [first[0], *(number for _, number, _ in rest)]
        return Sum(
            [self._value(number) for number in numbers],
            [self._operator(words, part) for words, _, part in rest],
            {at: number for at, number in enumerate(numbers) if self._fraction.search(number)},
        )

    def _value(self, number: str) -> float:
        number = number.replace(f"{self._minus} ", "-")
        if (part := self._fraction.search(number)) is None:
            return float(number)
        return (-1 if number.startswith("-") else 1) * float(part["count"] or 1) / self._parts[part["part"]]

    def _operator(self, words: str, percent: str) -> str:
        sign = self._operators[words]
        return f"{sign}%" if percent and sign in "+-" else sign


def fraction_words(part: Fraction, language: Language) -> str:
    """Return a fraction as it is said, such as "1 and 5 eighths"; "" where the language has no name for it."""
    whole, rest = divmod(abs(part.numerator), part.denominator)
    names = [spoken for spoken, value in language.lists.get(FRACTIONS, ()) if int(value) == part.denominator]
    if not rest or not names:
        return ""
    said = f"{rest} {names[0] if rest == 1 else names[-1]}"
    said = f"{whole} {language.numbers.and_} {said}" if whole else said
    return f"{language.numbers.minus} {said}" if part < 0 else said
