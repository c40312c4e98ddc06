"""English number words to digits, and numbers to what is said for them."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TEENS = (
    *("ten", "eleven", "twelve", "thirteen", "fourteen"),
    *("fifteen", "sixteen", "seventeen", "eighteen", "nineteen"),
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SMALL = {
    **{word: n for n, word in enumerate(_ONES + _TEENS)},
    **{word: n * 10 for n, word in enumerate(_TENS, 2)},
    "fourty": 40,
    "oh": 0,
    "a": 1,
    "an": 1,
}
_SCALES = {"thousand": 10**3, "million": 10**6, "billion": 10**9}
_FRACTIONS = {"half": 0.5, "quarter": 0.25, "3 quarters": 0.75}


def _any(words: Iterable[str]) -> str:
    return f"(?:{'|'.join(words)})"


_ONE = _any(_ONES)
_UNDER_100 = rf"(?:{_any((*_TENS, 'fourty'))}(?: {_ONE})?|{_any(_TEENS)}|{_ONE})"
_UNDER_1000 = rf"(?:(?:{_UNDER_100}|an?) hundred(?:(?: and)? {_UNDER_100})?|{_UNDER_100})"
_DIGITS = r"\d+(?:\.\d+)?"
_POINT = rf"(?: point(?: (?:{_ONE}|oh|\d))+)?"
_START = rf"(?:{_UNDER_1000}|{_DIGITS}){_POINT}"
_SCALE = _any(_SCALES)
_REST = rf"(?:(?: and)? {_UNDER_1000}(?! hundred))?"
_LARGE = rf"(?:{_START}|an?) {_SCALE}(?:(?: and)? {_UNDER_1000} {_SCALE})*{_REST}"
_NUMBER = re.compile(rf"\b(?:{_LARGE}|{_START})\b")
_AND_A_FRACTION = re.compile(
    rf"\b({_DIGITS}) and (?:a )?({_any(_FRACTIONS)})\b(?! (?:an?|the|of|hour|minute|past|to)\b)"
)


def digits(text: str) -> str:
    """Return lower-case `text` with its number words as digits: "two hundred and five" as "205".

    Decimals ("three point one four"), "a hundred", mixed forms ("2 million") and "two and a half" are understood;
    numbers in a row that do not make one number stay apart ("four five" is "4 5").
    """
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    text = re.sub(r"(?<=[a-z])-(?=[a-z])", " ", text)
    text = _NUMBER.sub(lambda m: plain_number(_value(m[0])), text)
    return _AND_A_FRACTION.sub(lambda m: plain_number(float(m[1]) + _FRACTIONS[m[2]]), text)


def _value(phrase: str) -> float:
    total = group = 0.0
    words = iter(phrase.split())
    for word in words:
        if word in _SCALES:
            total, group = total + group * _SCALES[word], 0
        elif word == "hundred":
            group *= 100
        elif word == "point":
            decimals = ""
            for digit in words:
                if digit in _SCALES:
                    group = float(f"{int(group)}.{decimals}") * _SCALES[digit]
                    break
                decimals += str(_SMALL.get(digit, digit))
            else:
                group = float(f"{int(group)}.{decimals}")
        elif word != "and":
            group += _SMALL[word] if word in _SMALL else float(word)
    return total + group


def plain_number(value: float) -> str:
    """Return a number as digits, without needless decimals."""
    return str(int(value)) if value == int(value) else repr(value)


def spoken(value: float) -> str:
    """Return a number as a person would say it, in digits: with 2 decimals, or 3 digits that count if it is small.

    Raises `ValueError` for one that is not finite.
    """
    if not math.isfinite(value):
        raise ValueError(f"{value} cannot be said")
    places = 2 if value == 0 or abs(value) >= 1 else 2 - math.floor(math.log10(abs(value)))
    rounded = round(abs(value), places)
    if rounded >= 1e15 or 0 < rounded < 1e-6:
        mantissa, exponent = f"{rounded:.2e}".split("e")
        power = f"{'minus ' if int(exponent) < 0 else ''}{abs(int(exponent))}"
        text = f"{plain_number(float(mantissa))} times 10 to the power of {power}"
    elif rounded == int(rounded):
        text = str(int(rounded))
    else:
        text = f"{rounded:.{places}f}".rstrip("0")
    return f"minus {text}" if value < 0 and rounded else text
