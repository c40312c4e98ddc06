import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.skills.timers import names as module
from device.skills.timers.names import timer_names

NAMES = timer_names("en")


def test_the_examples_hold():
    assert doctest.testmod(module).failed == 0


@pytest.mark.parametrize(
    ("seconds", "name"),
    [
        (1, "one second timer"),
        (45, "forty five second timer"),
        (300, "five minute timer"),
        (3600, "one hour timer"),
        (5400, "one hour thirty minute timer"),
        (86_400, "twenty four hour timer"),
        (3661, "one hour one minute one second timer"),
    ],
)
def test_default_names(seconds, name):
    assert NAMES.usual(seconds) == name


@given(st.integers(1, 86_400))
def test_names_of_different_lengths_differ(seconds):
    assert NAMES.usual(seconds) != NAMES.usual(seconds % 86_400 + 1)


@pytest.mark.parametrize(
    ("name", "said", "are_same"),
    [
        ("one minute thirty second timer", "1 minute and 30 seconds", True),
        ("one hour one minute one second timer", "an 1 hour, 1 minute and 1 second", False),
        ("salt and pepper", "the salt and pepper timer", True),
        ("tea", "the green tea timer", False),
    ],
)
def test_names_of_the_same_timer(name, said, are_same):
    assert NAMES.same(name, said) is are_same


@pytest.mark.parametrize(
    ("name", "seconds", "given"),
    [("five minute timer", 300, ""), ("five minute timer 2", 300, ""), ("tea", 300, "tea"), ("", 300, "")],
)
def test_a_name_that_is_the_length_was_not_given(name, seconds, given):
    assert NAMES.given(name, seconds) == given


def test_a_language_without_words_for_timers_has_the_english_names():
    assert timer_names("tlh").usual(60) == "one minute timer"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("sponge", ["sponge cake"]),
        ("the cake timer", ["sponge cake"]),
        ("egg", ["egg"]),
        ("boiled", []),
        ("five minutes", []),
        ("rice", []),
    ],
)
def test_a_part_of_a_name_is_enough_if_it_is_of_one(said, meant):
    names = ["sponge cake", "egg", "soft boiled egg", "hard boiled egg", "one hour five minute timer"]
    assert timer_names("en").meant(names, said) == meant
