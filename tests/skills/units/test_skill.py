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


@pytest.mark.parametrize(
    ("intent", "slots", "said"),
    [
        (
            "convert_two",
            {"number": 6.0, "source": "foot", "rest": 2.0, "target": "centimetre"},
            "6 feet 2 inches are 187.96 centimetres.",
        ),
        (
            "convert_two",
            {"number": 12.0, "source": "stone", "rest": 5.0, "target": "kilogram"},
            "12 stone 5 pounds are 78.47 kilograms.",
        ),
        (
            "convert_two",
            {"number": 6.0, "source": "foot", "rest": 2.0, "target": "gram"},
            "Feet cannot be converted to grams: they measure different things.",
        ),
        ("convert_two", {"number": 6.0, "source": "mile", "rest": 2.0, "target": "metre"}, "I cannot work that out."),
        ("in_feet", {"number": 180.0, "source": "centimetre"}, "180 centimetres: 5 feet 11."),
        ("weigh", {"source": "cup", "ingredient": "flour", "target": "gram"}, "1 cup of flour is about 125 grams."),
        (
            "weigh",
            {"source": "tablespoon", "number": 2.0, "ingredient": "butter"},
            "2 tablespoons of butter is about 28 grams.",
        ),
        ("weigh", {"source": "cup", "ingredient": "sugar", "target": "ounce"}, "1 cup of sugar is about 7.1 ounces."),
        (
            "weigh",
            {"source": "gram", "number": 200.0, "ingredient": "flour", "target": "cup"},
            "I can only tell how much of that there is in a cup, a spoon or so, by weight.",
        ),
    ],
)
def test_two_numbers_and_ingredients(intent, slots, said):
    assert UNITS.answer(Meaning(intent, slots), talk()) == said


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("then_to", {"target": "ounce"}, "2 pounds are 32 ounces."),
        ("then_of", {"number": 3.0}, "3 pounds are 1.36 kilograms."),
    ],
)
def test_it_goes_on_from_what_was_converted_before(intent, slots, answer):
    before = Meaning("convert", {"number": 2.0, "source": "pound", "target": "kilogram"})
    assert UNITS.answer(Meaning(intent, {**slots, "before": before}), talk()) == answer


def test_ours_is_the_other_scale():
    meaning = Meaning("convert_ours", {"number": 212.0, "source": "degree Fahrenheit"})
    assert UNITS.answer(meaning, talk()) == "212 degrees Fahrenheit are 100 degrees Celsius."
