"""Sums: what is asked, and what is said."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

from device.skills.arithmetic.sums import Sum, SumError
from device.skills.skill import Skill

if TYPE_CHECKING:
    from device.skills.skill import Meaning, Talk

_TWO_NUMBERS: Final = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "percent": "%"}
_PERCENT: Final = {"more_percent": "+%", "less_percent": "-%"}
_POWERS: Final = {"square": 2.0, "cube": 3.0}
_LEFT_OUT: Final = {"multiply": 2.0, "divide": 2.0}
"""The number that is not said: "twice seven", "half of seven"."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    try:
        if meaning.intent in {"square_root", "cube_root"}:
            return _root(meaning, talk)
        if meaning.intent == "fraction":
            return _fraction(meaning, talk)
        if meaning.intent == "which_percent":
            part = Sum([meaning.number("a"), meaning.number("b"), 100.0], ["/", "*"]).value()
            return talk.phrase("makes_percent", result=talk.language.numbers.spoken(part))
        task = _sum(meaning)
        return talk.phrase("result", sum=task.said(talk.language), result=talk.language.numbers.spoken(task.value()))
    except SumError as error:
        return talk.phrase(str(error))
    except ValueError:
        return talk.phrase("not_a_number")


def _sum(meaning: Meaning) -> Sum:
    intent = meaning.intent
    if isinstance(task := meaning.slots.get("sum"), Sum):
        return task
    if intent == "total":
        told = [meaning.number(slot) for slot in ("a", "b", "c", "d") if slot in meaning.slots]
        return Sum(told, ["+"] * (len(told) - 1))
    if intent in _POWERS:
        return Sum([meaning.number("a"), _POWERS[intent]], ["^"])
    if intent in _PERCENT:
        return Sum([meaning.number("b"), meaning.number("a")], [_PERCENT[intent]])
    other = _LEFT_OUT.get(intent)
    return Sum([meaning.number("a", other), meaning.number("b", other)], [_TWO_NUMBERS[intent]])


def _fraction(meaning: Meaning, talk: Talk) -> str:
    part = Sum([meaning.number("a", 1.0), float(str(meaning.slots["fraction"])), meaning.number("b")], ["/", "*"])
    return talk.phrase("makes", result=talk.language.numbers.spoken(part.value()))


def _root(meaning: Meaning, talk: Talk) -> str:
    a, spoken = meaning.number("a"), talk.language.numbers.spoken
    if meaning.intent == "cube_root":
        return talk.phrase("cube_root", a=spoken(a), result=spoken(math.cbrt(a)))
    if a < 0:
        return talk.phrase("no_root")
    return talk.phrase("root", a=spoken(a), result=spoken(math.sqrt(a)))


ARITHMETIC: Final = Skill(name="arithmetic", answer=_answer)
