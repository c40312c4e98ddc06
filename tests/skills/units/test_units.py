import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.skills.units.units import UNITS, convert


@pytest.mark.parametrize(
    ("value", "source", "target", "result"),
    [
        (5, "mile", "kilometre", 8.04672),
        (70, "degree Fahrenheit", "degree Celsius", 21.111),
        (-40, "degree Celsius", "degree Fahrenheit", -40),
        (0, "degree Celsius", "kelvin", 273.15),
        (1, "pound", "ounce", 16),
        (1, "stone", "pound", 14),
        (6, "foot", "centimetre", 182.88),
        (1, "gallon", "pint", 8),
        (100, "kilometre per hour", "mile per hour", 62.137),
        (2, "week", "hour", 336),
        (1, "litre", "millilitre", 1000),
        (1, "hectare", "acre", 2.47105),
        (1, "square mile", "acre", 640),
        (1, "kilowatt hour", "kilojoule", 3600),
        (1, "bar", "pound per square inch", 14.5038),
        (1, "year", "week", 52.1775),
        (1, "cubic foot", "cubic inch", 1728),
    ],
)
def test_conversions(value, source, target, result):
    assert math.isclose(convert(value, UNITS[source], UNITS[target]), result, rel_tol=1e-4)


@given(st.sampled_from(sorted(UNITS)), st.sampled_from(sorted(UNITS)), st.floats(-1e6, 1e6))
def test_there_and_back(one, other, value):
    source, target = UNITS[one], UNITS[other]
    if source.dimension != target.dimension:
        with pytest.raises(ValueError, match=source.dimension):
            convert(value, source, target)
    else:
        assert math.isclose(convert(convert(value, source, target), target, source), value, rel_tol=1e-9, abs_tol=1e-6)


def test_no_unit_has_two_names():
    assert all(UNITS[name].name == name for name in UNITS)
    assert len({(unit.dimension, unit.factor, unit.offset) for unit in UNITS.values()}) == len(UNITS)
