"""Units of measurement and how they convert."""

from __future__ import annotations

from msgspec import Struct


class Unit(Struct, frozen=True):
    """A unit: its value in its dimension's base unit is `value * factor + offset`."""

    dimension: str
    name: str
    """Also its key in `UNITS` and in the language files."""
    factor: float
    offset: float = 0.0


def _units(dimension: str, *units: tuple[str, float]) -> dict[str, Unit]:
    return {name: Unit(dimension, name, factor) for name, factor in units}


UNITS: dict[str, Unit] = {
    # Metres; a foot is 0.3048 m by the international agreement of 1959.
    **_units(
        "length",
        ("millimetre", 0.001),
        ("centimetre", 0.01),
        ("metre", 1.0),
        ("kilometre", 1000.0),
        ("inch", 0.0254),
        ("foot", 0.3048),
        ("yard", 0.9144),
        ("mile", 1609.344),
    ),
    # Grams; a pound is 453.59237 g.
    **_units(
        "weight",
        ("milligram", 0.001),
        ("gram", 1.0),
        ("kilogram", 1000.0),
        ("tonne", 1e6),
        ("ounce", 28.349523125),
        ("pound", 453.59237),
        ("stone", 6350.29318),
    ),
    # Litres; pints and gallons are imperial, cups and spoons metric.
    **_units(
        "volume",
        ("millilitre", 0.001),
        ("centilitre", 0.01),
        ("decilitre", 0.1),
        ("litre", 1.0),
        ("teaspoon", 0.005),
        ("tablespoon", 0.015),
        ("cup", 0.25),
        ("fluid ounce", 0.0284130625),
        ("pint", 0.56826125),
        ("quart", 1.1365225),
        ("gallon", 4.54609),
        ("US pint", 0.473176473),
        ("US gallon", 3.785411784),
    ),
    # Metres a second.
    **_units(
        "speed",
        ("kilometre per hour", 1 / 3.6),
        ("metre per second", 1.0),
        ("mile per hour", 0.44704),
        ("knot", 1852 / 3600),
    ),
    # Seconds.
    **_units(
        "time",
        ("second", 1.0),
        ("minute", 60.0),
        ("hour", 3600.0),
        ("day", 86_400.0),
        ("week", 604_800.0),
    ),
    # Kelvin.
    "degree Celsius": Unit("temperature", "degree Celsius", 1.0, 273.15),
    "degree Fahrenheit": Unit("temperature", "degree Fahrenheit", 5 / 9, 273.15 - 32 * 5 / 9),
    "kelvin": Unit("temperature", "kelvin", 1.0),
}


def convert(value: float, source: Unit, target: Unit) -> float:
    """Return `value` of one unit in another; raises `ValueError` if they measure different things."""
    if source.dimension != target.dimension:
        raise ValueError(f"{source.name} measures {source.dimension}, {target.name} measures {target.dimension}")
    base = value * source.factor + source.offset
    return (base - target.offset) / target.factor
