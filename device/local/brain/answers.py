"""What is said to a meaning that needs no tool: sums, units, small talk; and the choice of words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from device.local.brain import durations
from device.local.brain.arithmetic import Sum, SumError
from device.local.brain.numbers import spoken
from device.local.brain.units import UNITS, Unit, convert

if TYPE_CHECKING:
    from device.local.brain.language import Language
    from device.local.brain.understand import Meaning

_TWO_NUMBERS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "percent": "%"}
_POWERS = {"square": 2.0, "cube": 3.0}
_LEFT_OUT = {"multiply": 2.0, "divide": 2.0}
"""The number that is not said: "twice seven", "half of seven"."""


class Phrases:
    """The phrases of a language, a different one each time that there is a choice; `name` is the assistant's own."""

    def __init__(self, language: Language, name: str) -> None:
        self._language = language
        self._name = name

    def phrase(self, key: str, count: int = 0, last: str = "", /, **values: object) -> str:
        """Return the phrase called `key`; `count` chooses, and what was said `last` is not said again if possible."""
        return self._choose(self._language.phrases[key], count, last, values)

    def reply(self, intent: str, count: int = 0, last: str = "") -> str:
        """Return one of the replies of an intent, "" if it has none."""
        replies = self._language.intents[intent].replies
        return self._choose(replies, count, last, {}) if replies else ""

    def _choose(self, choices: tuple[str, ...], count: int, last: str, values: dict[str, object]) -> str:
        said = [choice.format(name=self._name) if not values else choice.format_map(values) for choice in choices]
        at = count % len(said)
        text = said[at] if said[at] != last else said[(at + 1) % len(said)]
        return text[:1].upper() + text[1:]


def calculate(meaning: Meaning, phrases: Phrases, count: int) -> str | None:
    """Return the answer to a sum or a conversion, also if it is that there is none; None if the meaning is neither.

    `count` chooses among phrases that mean the same.
    """
    try:
        if meaning.intent in {"convert", "convert_time"}:
            return _convert(meaning, phrases)
        if meaning.intent in {"square_root", "cube_root"}:
            return _root(meaning, phrases)
        if task := _sum(meaning):
            return phrases.phrase("result", count, sum=task, result=spoken(task.value()))
    except SumError as error:
        return str(error)
    except ValueError:
        return phrases.phrase("not_a_number")
    return None


def _sum(meaning: Meaning) -> Sum | None:
    intent = meaning.intent
    if isinstance(task := meaning.slots.get("sum"), Sum):
        return task
    if intent in _TWO_NUMBERS:
        other = _LEFT_OUT.get(intent, 0.0)
        return Sum([_number(meaning, "a", other), _number(meaning, "b", other)], [_TWO_NUMBERS[intent]])
    if intent in _POWERS:
        return Sum([_number(meaning, "a"), _POWERS[intent]], ["^"])
    return None


def _root(meaning: Meaning, phrases: Phrases) -> str:
    a = _number(meaning, "a")
    if meaning.intent == "cube_root":
        return phrases.phrase("cube_root", a=spoken(a), result=spoken(math.cbrt(a)))
    if a < 0:
        return phrases.phrase("no_root")
    return phrases.phrase("root", a=spoken(a), result=spoken(math.sqrt(a)))


def _convert(meaning: Meaning, phrases: Phrases) -> str:
    target = UNITS[str(meaning.slots["target"])]
    if meaning.intent == "convert_time":
        value, source = _number(meaning, "duration"), UNITS["second"]
        given = durations.said(value)
    else:
        value, source = _number(meaning, "number", 1.0), _source(meaning, target)
        given = _quantity(value, source)
    if source.dimension != target.dimension:
        return phrases.phrase("cannot_convert", source=source.many, target=target.many)
    result = _quantity(convert(value, source, target), target)
    return phrases.phrase("converted", source=given, verb="is" if given.startswith("1 ") else "are", target=result)


def _source(meaning: Meaning, target: Unit) -> Unit:
    """Return the unit to convert from; of temperatures it need not be said."""
    if "source" in meaning.slots:
        return UNITS[str(meaning.slots["source"])]
    if target.dimension != "temperature":
        raise ValueError("no unit was said")
    return UNITS["degree Celsius" if target.one == "degree Fahrenheit" else "degree Fahrenheit"]


def _quantity(value: float, unit: Unit) -> str:
    said = spoken(value)
    return f"{said} {unit.one if said in {'1', 'minus 1'} else unit.many}"


def _number(meaning: Meaning, slot: str, default: float | None = None) -> float:
    value = meaning.slots.get(slot, default)
    if not isinstance(value, float | int):
        raise ValueError(f"{slot} is no number")  # noqa: TRY004 - what was said is wrong, not the program
    return float(value)
