"""Units of measurement: what is asked, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.skills.skill import Meaning, Skill
from device.skills.units.ingredients import CUP_ML, grams
from device.skills.units.units import UNITS as KNOWN
from device.skills.units.units import convert

if TYPE_CHECKING:
    from device.skills.skill import Talk
    from device.skills.units.units import Unit


_SMALLER: Final = {"foot": "inch", "yard": "foot", "pound": "ounce", "stone": "pound", "metre": "centimetre"}
"""What a second number means without a unit: "six foot two"."""
_OTHER_SCALE: Final = {"degree Fahrenheit": "degree Celsius", "degree Celsius": "degree Fahrenheit"}
"""What is meant by "in ours"."""
_MEASURES: Final = {"cup": CUP_ML, "tablespoon": CUP_ML / 16, "teaspoon": CUP_ML / 48}
"""Millilitres of those that recipes mean: who measures flour by the cup has an American one."""


class UnitWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `units.toml`."""

    names: dict[str, tuple[str, str]]
    """What is said for one, and for many, of each unit."""
    one: str = "1 {unit}"
    """How one of a {unit} is said."""
    ingredients: dict[str, str] = {}
    """What ingredients are called, where it is not as in `ingredients.py`."""


def _answer(meaning: Meaning, talk: Talk) -> str:
    try:
        return _convert(meaning, talk)
    except (KeyError, ValueError):
        return talk.phrase("not_a_number")


def _whole(meaning: Meaning) -> Meaning:
    """Return what is asked for, with what was asked before in it if it goes on from there."""
    before = meaning.slots.get("before")
    if not isinstance(before, Meaning):
        return meaning
    own = {name: value for name, value in meaning.slots.items() if name != "before"}
    earlier = _whole(before)
    return Meaning(earlier.intent, {**earlier.slots, **own})


def _convert(meaning: Meaning, talk: Talk) -> str:
    meaning = _whole(meaning)
    names = talk.language.words("units", UnitWords).names
    spans = talk.language.spans
    if meaning.intent == "in_feet":
        return _in_feet(meaning, talk)
    if meaning.intent == "weigh":
        return _weigh(meaning, talk)
    if meaning.intent == "convert_two":
        return _convert_two(meaning, talk)
    target = KNOWN[str(meaning.slots.get("target") or _OTHER_SCALE[str(meaning.slots["source"])])]
    if meaning.intent == "convert_time":
        value, source = meaning.number("duration"), KNOWN["second"]
        given, one = spans.said(value), spans.begins_with_one(value)
    else:
        value, source = meaning.number("number", 1.0), _source(meaning, target)
        given, one = _quantity(value, source, talk), _is_one(value, talk)
    if source.dimension != target.dimension:
        return talk.phrase("cannot_convert", source=names[source.name][1], target=names[target.name][1])
    result = _quantity(convert(value, source, target), target, talk)
    if result == given:  # of a span of time, which is said in units of its own
        return talk.phrase("converted_same", target=result)
    return talk.phrase("converted_one" if one else "converted", source=given, target=result)


def _convert_two(meaning: Meaning, talk: Talk) -> str:
    source, target = KNOWN[str(meaning.slots["source"])], KNOWN[str(meaning.slots["target"])]
    smaller = KNOWN[str(meaning.slots.get("smaller", _SMALLER.get(source.name, "")))]
    if not source.dimension == smaller.dimension == target.dimension:
        names = talk.language.words("units", UnitWords).names
        return talk.phrase("cannot_convert", source=names[source.name][1], target=names[target.name][1])
    value = convert(meaning.number("number"), source, target) + convert(meaning.number("rest"), smaller, target)
    parts = _quantity(meaning.number("number"), source, talk), _quantity(meaning.number("rest"), smaller, talk)
    return talk.phrase("converted", source=" ".join(parts), target=_quantity(value, target, talk))


def _in_feet(meaning: Meaning, talk: Talk) -> str:
    source = KNOWN[str(meaning.slots["source"])]
    inches = round(convert(meaning.number("number"), source, KNOWN["inch"]))
    if inches < 0:
        raise ValueError("nothing is so short")
    feet, rest = divmod(inches, 12)
    return talk.phrase("feet", source=_quantity(meaning.number("number"), source, talk), feet=feet, inches=rest)


def _weigh(meaning: Meaning, talk: Talk) -> str:
    source, target = KNOWN[str(meaning.slots["source"])], KNOWN[str(meaning.slots.get("target", "gram"))]
    number, ingredient = meaning.number("number", 1.0), str(meaning.slots["ingredient"])
    if (source.dimension, target.dimension) != ("volume", "weight"):
        return talk.phrase("cannot_weigh")
    millilitres = (
        number * _MEASURES[source.name] if source.name in _MEASURES else convert(number, source, KNOWN["millilitre"])
    )
    weight = convert(grams(ingredient, millilitres), KNOWN["gram"], target)
    about = float(f"{weight:.2g}") if weight < 10 else round(weight)
    said = _quantity(about, target, talk)
    name = talk.language.words("units", UnitWords).ingredients.get(ingredient, ingredient)
    return talk.phrase("about", source=_quantity(number, source, talk), ingredient=name, target=said)


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


UNITS: Final = Skill(name="units", answer=_answer, follows=frozenset({"then_to", "then_of"}))
