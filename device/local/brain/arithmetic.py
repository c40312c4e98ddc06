"""Sums as they are said, worked out."""

from __future__ import annotations

import math
import operator
import re
from typing import TYPE_CHECKING, Any, Final

from device.local.brain.numbers import spoken

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = r"(?:minus |-)?\d+(?:\.\d+)?"
_OPERATORS = {
    "to the power of": "^",
    "raised to the power of": "^",
    "to the": "^",
    "multiplied by": "*",
    "divided by": "/",
    "percent of": "%",
    "take away": "-",
    "added to": "+",
    "times": "*",
    "over": "/",
    "plus": "+",
    "minus": "-",
    "x": "*",
    "*": "*",
    "/": "/",
    "+": "+",
    "-": "-",
    "^": "^",
}
_SAID = {"^": "to the power of", "*": "times", "/": "divided by", "%": "percent of", "-": "minus", "+": "plus"}
_BINDS = {"^": 3, "%": 2, "*": 2, "/": 2, "+": 1, "-": 1}
_OPERATOR = "|".join(re.escape(words) for words in sorted(_OPERATORS, key=len, reverse=True))
_SUM = re.compile(rf"(?<![\w.]){_NUMBER}(?: ?(?:{_OPERATOR}) ?{_NUMBER})+(?![\w.]\w)")
_FIRST = re.compile(_NUMBER)
_NEXT = re.compile(rf" ?({_OPERATOR}) ?({_NUMBER})")
_LARGEST: Final = 1e100
"""Results from which on are refused: they can be said, but not understood, and powers of them overflow."""
_WORKED_OUT: dict[str, Callable[[float, float], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": lambda a, b: a / 100 * b,
    "^": operator.pow,
}


class SumError(ValueError):
    """A sum has no answer; the message says why, in words to be spoken."""


class Sum:
    """Numbers and the operators between them, one fewer."""

    def __init__(self, numbers: list[float], operators: list[str]) -> None:
        self.numbers = numbers
        self.operators = operators

    def __str__(self) -> str:
        """Return it as it is said: "12 times 7"."""
        said = [f"{_SAID[sign]} {spoken(n)}" for sign, n in zip(self.operators, self.numbers[1:], strict=True)]
        return " ".join([spoken(self.numbers[0]), *said])

    def value(self) -> float:
        """Work it out by the usual precedence; raises `SumError`."""
        numbers, operators = list(self.numbers), list(self.operators)
        for strength in (3, 2, 1):
            at = 0
            while at < len(operators):
                if _BINDS[operators[at]] == strength:
                    numbers[at : at + 2] = [_apply(operators.pop(at), numbers[at], numbers[at + 1])]
                else:
                    at += 1
        return numbers[0]


def _apply(sign: str, a: float, b: float) -> float:
    if sign == "/" and b == 0:
        raise SumError("Nothing can be divided by zero.")
    try:
        result = _WORKED_OUT[sign](a, b)
    except (OverflowError, ZeroDivisionError):
        result = math.inf
    if isinstance(result, complex):
        raise SumError("That is not a real number.")
    if not abs(result) < _LARGEST:
        raise SumError("That number is too large for me.")
    return float(result)


def replace(text: str, by: Callable[[Sum], str]) -> str:
    """Return lower-case `text`, numbers in digits, with each sum such as "2 plus 3" replaced by `by(sum)`."""
    return _SUM.sub(lambda m: by(_parse(m[0])), text)


def _parse(phrase: str) -> Sum:
    first = _FIRST.match(phrase)
    assert first is not None  # noqa: S101 - `_SUM` begins with a number
    rest = _NEXT.findall(phrase, first.end())
    numbers = [first[0], *(number for _, number in rest)]
    return Sum([float(number.replace("minus ", "-")) for number in numbers], [_OPERATORS[words] for words, _ in rest])
