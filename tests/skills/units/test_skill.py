import pytest
from support.skills import talk

from device.language.files import languages
from device.language.language import load_language
from device.skills.skill import Meaning
from device.skills.units.skill import UNITS, UnitWords
from device.skills.units.units import UNITS as KNOWN


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("convert", {"number": 5.0, "source": "mile", "target": "kilometre"}, "5 miles are 8.05 kilometres."),
        ("convert", {"source": "pound", "target": "ounce"}, "1 pound is 16 ounces."),
        ("convert", {"number": -1.0, "source": "mile", "target": "foot"}, "Minus 1 mile are minus 5280 feet."),
        (
            "convert",
            {"number": 20.0, "target": "degree Fahrenheit"},
            "20 degrees Celsius are 68 degrees Fahrenheit.",
        ),
        (
            "convert",
            {"number": 68.0, "target": "degree Celsius"},
            "68 degrees Fahrenheit are 20 degrees Celsius.",
        ),
        ("convert", {"number": 3.0, "target": "mile"}, "I cannot work that out."),
        (
            "convert",
            {"number": 5.0, "source": "pound", "target": "mile"},
            "Pounds cannot be converted to miles: they measure different things.",
        ),
        ("convert_time", {"duration": 7200.0, "target": "minute"}, "2 hours are 120 minutes."),
    ],
)
def test_conversions_are_answered(intent, slots, answer):
    assert UNITS.answer(Meaning(intent, slots), talk()) == answer


@pytest.mark.parametrize("language", [name for name in languages() if "units" in load_language(name).skills])
def test_every_unit_can_be_said_and_is_known(language):
    known = load_language(language)
    assert {value for _, value in known.lists["unit"]} == set(KNOWN)
    assert set(known.words("units", UnitWords).names) == set(KNOWN)
