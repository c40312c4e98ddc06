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
        ("nautical mile", 1852.0),
        ("fathom", 1.8288),
        ("furlong", 201.168),
        ("light year", 9.4607304725808e15),
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
        ("metric pound", 500),
        ("stone", 6350.29318),
        ("hundredweight", 50_802.34544),
        ("carat", 0.2),
    ),
    # Litres; pints and gallons are imperial, cups and spoons metric. A cubic centimetre is called a millilitre.
    **_units(
        "volume",
        ("millilitre", 0.001),
        ("centilitre", 0.01),
        ("decilitre", 0.1),
        ("litre", 1.0),
        ("cubic metre", 1000.0),
        ("cubic inch", 0.016387064),
        ("cubic foot", 28.316846592),
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
    # Square metres; an acre is 4,840 square yards.
    **_units(
        "area",
        ("square centimetre", 1e-4),
        ("square metre", 1.0),
        ("hectare", 1e4),
        ("square kilometre", 1e6),
        ("square inch", 0.0254**2),
        ("square foot", 0.3048**2),
        ("square yard", 0.9144**2),
        ("acre", 4840 * 0.9144**2),
        ("square mile", 1609.344**2),
    ),
    # Joules; a calorie is the one on food, of 1,000 small ones, by the thermochemical 4.184 J.
    **_units(
        "energy",
        ("joule", 1.0),
        ("kilojoule", 1000.0),
        ("calorie", 4184.0),
        ("kilowatt hour", 3.6e6),
    ),
    # Watts; a horsepower is the mechanical one, 550 foot-pounds a second.
    **_units("power", ("watt", 1.0), ("kilowatt", 1000.0), ("horsepower", 745.6998715822702)),
    # Pascals; a pound per square inch by the pound-force.
    **_units(
        "pressure",
        ("pascal", 1.0),
        ("hectopascal", 100.0),
        ("bar", 1e5),
        ("atmosphere", 101_325.0),
        ("pound per square inch", 6894.757293168361),
    ),
    # Bytes, as they are sold: by the thousand.
    **_units("data", ("kilobyte", 1e3), ("megabyte", 1e6), ("gigabyte", 1e9), ("terabyte", 1e12)),
    # Metres a second.
    **_units(
        "speed",
        ("kilometre per hour", 1 / 3.6),
        ("metre per second", 1.0),
        ("mile per hour", 0.44704),
        ("knot", 1852 / 3600),
    ),
    # Seconds; a year is the mean one of the calendar, 365.2425 days.
    **_units(
        "time",
        ("second", 1.0),
        ("minute", 60.0),
        ("hour", 3600.0),
        ("day", 86_400.0),
        ("week", 604_800.0),
        ("month", 31_556_952 / 12),
        ("year", 31_556_952.0),
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
