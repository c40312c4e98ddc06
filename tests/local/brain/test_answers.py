import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.local.brain.answers import Phrases, calculate
from device.local.brain.arithmetic import Sum
from device.local.brain.language import load_language
from device.local.brain.understand import Meaning

PHRASES = Phrases(load_language("en"), "Jarvis")


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("sum", {"sum": Sum([12.0, 7.0], ["*"])}, "12 times 7 is 84."),
        ("add", {"a": 2.0, "b": 3.0}, "2 plus 3 is 5."),
        ("subtract", {"a": 20.0, "b": 5.0}, "20 minus 5 is 15."),
        ("multiply", {"a": 7.0}, "7 times 2 is 14."),
        ("divide", {"a": 9.0}, "9 divided by 2 is 4.5."),
        ("percent", {"a": 15.0, "b": 80.0}, "15 percent of 80 is 12."),
        ("square", {"a": 12.0}, "12 to the power of 2 is 144."),
        ("cube", {"a": 3.0}, "3 to the power of 3 is 27."),
        ("square_root", {"a": 144.0}, "The square root of 144 is 12."),
        ("square_root", {"a": -4.0}, "The square root of a negative number is not a real number."),
        ("cube_root", {"a": -27.0}, "The cube root of minus 27 is minus 3."),
        ("divide", {"a": 5.0, "b": 0.0}, "Nothing can be divided by zero."),
        ("square", {"a": "many"}, "I cannot work that out."),
        ("square", {}, "I cannot work that out."),
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
        ("hello", {}, None),
        ("set_timer", {"duration": 60.0}, None),
    ],
)
def test_sums_and_conversions_are_answered_and_nothing_else(intent, slots, answer):
    assert calculate(Meaning(intent, slots), PHRASES, 0) == answer


@given(st.integers(0, 100))
def test_what_was_said_last_is_not_said_again_where_there_is_a_choice(count):
    last = PHRASES.phrase("unknown", count)
    assert PHRASES.phrase("unknown", count, last) != last
    assert PHRASES.phrase("done", count, "Done.") == "Done."


def test_a_phrase_begins_with_a_capital_and_knows_the_name():
    assert PHRASES.phrase("converted", 0, "", source="a mile", verb="is", target="1.61 kilometres").startswith("A mile")
    assert "Jarvis" in PHRASES.reply("name")


def test_an_intent_without_replies_says_nothing():
    assert PHRASES.reply("set_timer") == ""
