"""Units of measurement and how they convert."""

from __future__ import annotations

from msgspec import Struct


class Unit(Struct, frozen=True):
    """A unit: its value in its dimension's base unit is `value * factor + offset`."""

    dimension: str
    one: str
    many: str
    factor: float
    offset: float = 0.0


def _units(dimension: str, *units: tuple[str, str, float]) -> dict[str, Unit]:
    return {one: Unit(dimension, one, many, factor) for one, many, factor in units}


UNITS: dict[str, Unit] = {
    # Metres; a foot is 0.3048 m by the international agreement of 1959.
    **_units(
        "length",
        ("millimetre", "millimetres", 0.001),
        ("centimetre", "centimetres", 0.01),
        ("metre", "metres", 1.0),
        ("kilometre", "kilometres", 1000.0),
        ("inch", "inches", 0.0254),
        ("foot", "feet", 0.3048),
        ("yard", "yards", 0.9144),
        ("mile", "miles", 1609.344),
    ),
    # Grams; a pound is 453.59237 g.
    **_units(
        "weight",
        ("milligram", "milligrams", 0.001),
        ("gram", "grams", 1.0),
        ("kilogram", "kilograms", 1000.0),
        ("tonne", "tonnes", 1e6),
        ("ounce", "ounces", 28.349523125),
        ("pound", "pounds", 453.59237),
        ("stone", "stone", 6350.29318),
    ),
    # Litres; pints and gallons are imperial, cups and spoons metric.
    **_units(
        "volume",
        ("millilitre", "millilitres", 0.001),
        ("centilitre", "centilitres", 0.01),
        ("decilitre", "decilitres", 0.1),
        ("litre", "litres", 1.0),
        ("teaspoon", "teaspoons", 0.005),
        ("tablespoon", "tablespoons", 0.015),
        ("cup", "cups", 0.25),
        ("fluid ounce", "fluid ounces", 0.0284130625),
        ("pint", "pints", 0.56826125),
        ("quart", "quarts", 1.1365225),
        ("gallon", "gallons", 4.54609),
        ("US pint", "US pints", 0.473176473),
        ("US gallon", "US gallons", 3.785411784),
    ),
    # Metres a second.
    **_units(
        "speed",
        ("kilometre per hour", "kilometres per hour", 1 / 3.6),
        ("metre per second", "metres per second", 1.0),
        ("mile per hour", "miles per hour", 0.44704),
        ("knot", "knots", 1852 / 3600),
    ),
    # Seconds.
    **_units(
        "time",
        ("second", "seconds", 1.0),
        ("minute", "minutes", 60.0),
        ("hour", "hours", 3600.0),
        ("day", "days", 86_400.0),
        ("week", "weeks", 604_800.0),
    ),
    # Kelvin.
    "degree Celsius": Unit("temperature", "degree Celsius", "degrees Celsius", 1.0, 273.15),
    "degree Fahrenheit": Unit("temperature", "degree Fahrenheit", "degrees Fahrenheit", 5 / 9, 273.15 - 32 * 5 / 9),
    "kelvin": Unit("temperature", "kelvin", "kelvin", 1.0),
}


def convert(value: float, source: Unit, target: Unit) -> float:
    """Return `value` of one unit in another; raises `ValueError` if they measure different things."""
    if source.dimension != target.dimension:
        raise ValueError(f"{source.many} measure {source.dimension}, {target.many} measure {target.dimension}")
    base = value * source.factor + source.offset
    return (base - target.offset) / target.factor
