"""Sums: what is asked, and what is said."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from device.skills.arithmetic.sums import Sum, SumError, fraction_words
from device.skills.skill import Meaning, Skill

if TYPE_CHECKING:
    from device.language.language import Language
    from device.skills.skill import Talk

_TWO_NUMBERS: Final = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "percent": "%", "goes_into": "/"}
_PERCENT: Final = {"more_percent": "+%", "less_percent": "-%"}
_POWERS: Final = {"square": 2.0, "cube": 3.0}
_ROOTS: Final = {"square_root": "root", "cube_root": "cube_root"}
"""Each with the phrase that says it; and those of other intents:"""
_PHRASES: Final = {"which_percent": "makes_percent", "fraction": "makes", "average": "average"}
_LEFT_OUT: Final = {"multiply": 2.0, "divide": 2.0}
"""The number that is not said: "twice seven", "half of seven"."""
_WITH_IT: Final = {"then_with_it": "more_percent", "then_without_it": "less_percent"}
"""After a percentage: the whole, more or less by its part."""
_THEN: Final = "then_"
"""Intents that go on from what was worked out before are called so, and as the one without it."""
_FIRST: Final = {"percent": "b", "more_percent": "b", "less_percent": "b"}
"""Where that is not the first number of the two."""
_FOLLOWS: Final = frozenset(
    f"{_THEN}{intent}" for intent in (*_TWO_NUMBERS, *_PERCENT, *_POWERS, "square_root") if intent != "goes_into"
) | frozenset(_WITH_IT)
_LARGEST_PART: Final = 100
"""Of a fraction that is said as one."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    try:
        return _worked_out(_whole(meaning), talk)
    except SumError as error:
        return talk.phrase(str(error))
    except (KeyError, ValueError):
        return talk.phrase("not_a_number")


def _worked_out(meaning: Meaning, talk: Talk) -> str:
    """Return the answer to what has all of its numbers. Raises `SumError`, `KeyError` and `ValueError`."""
    spoken, value = talk.language.numbers.spoken, _value(meaning)
    if meaning.intent in _ROOTS:
        return talk.phrase(_ROOTS[meaning.intent], a=spoken(meaning.number("a")), result=spoken(value))
    if phrase := _PHRASES.get(meaning.intent):
        return talk.phrase(phrase, result=spoken(value))
    task = _sum(meaning)
    if task.words and (part := _as_fraction(value, talk.language)):
        return talk.phrase("result_fraction", sum=task.said(talk.language), fraction=part, result=spoken(value))
    return talk.phrase("result", sum=task.said(talk.language), result=spoken(value))


def _whole(meaning: Meaning) -> Meaning:
    """Return what is asked for with the number from before in it, if it goes on from there. Raises `ValueError`."""
    before = meaning.slots.get("before")
    if not isinstance(before, Meaning):
        return meaning
    if meaning.intent in _WITH_IT:
        return Meaning(_WITH_IT[meaning.intent], _percent_of(before))
    intent = meaning.intent.removeprefix(_THEN)
    return Meaning(intent, {**meaning.slots, _FIRST.get(intent, "a"): _value(_whole(before))})


def _percent_of(before: Meaning) -> dict[str, object]:
    """Return of which number so many percent were asked for. Raises `KeyError` and `ValueError`."""
    task = before.slots.get("sum")
    if not isinstance(task, Sum):
        return {"a": before.slots["a"], "b": before.slots["b"]}
    if task.operators != ["%"]:
        raise ValueError("no percentage was asked for")
    return {"a": task.numbers[0], "b": task.numbers[1]}


def _value(meaning: Meaning) -> float:
    """Work out what is asked for, with no number from before in it. Raises `SumError` and `ValueError`."""
    if meaning.intent in _ROOTS:
        return _root_of(meaning)
    match meaning.intent:
        case "fraction":
            parts = [meaning.number("a", 1.0), float(str(meaning.slots["fraction"])), meaning.number("b")]
            return Sum(parts, ["/", "*"]).value()
        case "which_percent":
            return Sum([meaning.number("a"), meaning.number("b"), 100.0], ["/", "*"]).value()
        case "average":
            return _total(meaning).value() / len(_total(meaning).numbers)
    return _sum(meaning).value()


def _root_of(meaning: Meaning) -> float:
    a = meaning.number("a")
    if meaning.intent == "cube_root":
        return math.cbrt(a)
    if a < 0:
        raise SumError("no_root")
    return math.sqrt(a)


def _sum(meaning: Meaning) -> Sum:
    intent = meaning.intent
    if isinstance(task := meaning.slots.get("sum"), Sum):
        return task
    if intent == "total":
        return _total(meaning)
    if intent in _POWERS:
        return Sum([meaning.number("a"), _POWERS[intent]], ["^"])
    if intent in _PERCENT:
        return Sum([meaning.number("b"), meaning.number("a")], [_PERCENT[intent]])
    other = _LEFT_OUT.get(intent)
    return Sum([meaning.number("a", other), meaning.number("b", other)], [_TWO_NUMBERS[intent]])


def _total(meaning: Meaning) -> Sum:
    told = [meaning.number(slot) for slot in ("a", "b", "c", "d") if slot in meaning.slots]
    return Sum(told, ["+"] * (len(told) - 1))


def _as_fraction(value: float, language: Language) -> str:
    """Return a number as a fraction is said, such as "5 eighths"; "" for one that has no such name."""
    part = Fraction(value).limit_denominator(_LARGEST_PART)
    return "" if abs(float(part) - value) > 1e-9 else fraction_words(part, language)


ARITHMETIC: Final = Skill(name="arithmetic", answer=_answer, follows=_FOLLOWS)
