"""Units of measurement: what is asked, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.skills.skill import Skill
from device.skills.units.units import UNITS as KNOWN
from device.skills.units.units import convert

if TYPE_CHECKING:
    from device.skills.skill import Meaning, Talk
    from device.skills.units.units import Unit


class UnitWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `units.toml`."""

    names: dict[str, tuple[str, str]]
    """What is said for one, and for many, of each unit."""
    one: str = "1 {unit}"
    """How one of a {unit} is said."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    try:
        return _convert(meaning, talk)
    except ValueError:
        return talk.phrase("not_a_number")


def _convert(meaning: Meaning, talk: Talk) -> str:
    names = talk.language.words("units", UnitWords).names
    spans = talk.language.spans
    target = KNOWN[str(meaning.slots["target"])]
    if meaning.intent == "convert_time":
        value, source = meaning.number("duration"), KNOWN["second"]
        given, one = spans.said(value), spans.begins_with_one(value)
    else:
        value, source = meaning.number("number", 1.0), _source(meaning, target)
        given, one = _quantity(value, source, talk), _is_one(value, talk)
    if source.dimension != target.dimension:
        return talk.phrase("cannot_convert", source=names[source.name][1], target=names[target.name][1])
    result = _quantity(convert(value, source, target), target, talk)
    return talk.phrase("converted_one" if one else "converted", source=given, target=result)


def _source(meaning: Meaning, target: Unit) -> Unit:
    """Return the unit to convert from; of temperatures it need not be said."""
    if "source" in meaning.slots:
        return KNOWN[str(meaning.slots["source"])]
    if target.dimension != "temperature":
        raise ValueError("no unit was said")
    return KNOWN["degree Celsius" if target.name == "degree Fahrenheit" else "degree Fahrenheit"]


def _quantity(value: float, unit: Unit, talk: Talk) -> str:
    words, spoken = talk.language.words("units", UnitWords), talk.language.numbers.spoken
    one, many = words.names[unit.name]
    if not _is_one(abs(value), talk):
        return f"{spoken(value)} {many}"
    return words.one.format(unit=one) if value > 0 else f"{talk.language.numbers.minus} {words.one.format(unit=one)}"


def _is_one(value: float, talk: Talk) -> bool:
    return talk.language.numbers.spoken(value) == "1"


UNITS: Final = Skill(name="units", answer=_answer)
