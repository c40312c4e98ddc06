import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.language import load_language

ENGLISH = load_language("en")
replace, said, digits = ENGLISH.spans.replace, ENGLISH.spans.said, ENGLISH.numbers.in_digits


def spans(text):
    found = []
    rest = replace(digits(text), lambda seconds: found.append(seconds) or "<>")
    return found, rest


@given(st.integers(1, 7 * 86_400))
def test_what_is_said_is_understood(seconds):
    assert spans(f"timer for {said(seconds)}") == ([seconds], "timer for <>")


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("five minutes", 300),
        ("a minute and a half", 90),
        ("an hour and a half", 5400),
        ("one and a half minutes", 90),
        ("two and a half hours", 9000),
        ("two and a half minute", 150),
        ("half an hour", 1800),
        ("a half hour", 1800),
        ("half a minute", 30),
        ("a quarter of an hour", 900),
        ("three quarters of an hour", 2700),
        ("an hour and a quarter", 4500),
        ("an hour and half a minute", 3630),
        ("one hour and thirty minutes", 5400),
        ("one hour thirty", 5400),
        ("one minute thirty", 90),
        ("1 hour, 5 minutes and 10 seconds", 3910),
        ("a couple of minutes", 120),
        ("ninety second", 90),
        ("five-minute", 300),
        ("90 sec", 90),
        ("2 hrs", 7200),
        ("a second", 1),
        ("three days", 259_200),
    ],
)
def test_durations(text, seconds):
    assert spans(text) == ([seconds], "<>")


def test_one_more_is_another_span():
    assert spans("one for six minutes and one for a quarter of an hour") == ([360, 900], "1 for <> and 1 for <>")


@pytest.mark.parametrize(
    "text", ["in a month", "five", "five miles", "half of eighty", "a quarter past two", "the second one", "minutes"]
)
def test_no_durations(text):
    assert spans(text)[0] == []


def test_two_durations():
    assert spans("5 minutes or 10 minutes") == ([300, 600], "<> or <>")


@pytest.mark.parametrize(
    ("text", "seconds", "left"),
    [
        ("3 minutes 6 minutes and 9 minutes", [180, 360, 540], "<> <> and <>"),
        ("2 hours 10 no wait 2 hours 20", [7800, 8400], "<> no wait <>"),
        ("1 hour 5 minutes and 10 seconds and 2 hours", [3910, 7200], "<> and <>"),
    ],
)
def test_what_is_no_smaller_than_what_came_before_is_another_duration(text, seconds, left):
    assert spans(text) == (seconds, left)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 seconds"),
        (1, "1 second"),
        (59.6, "1 minute"),
        (90, "1 minute and 30 seconds"),
        (3600, "1 hour"),
        (90_061, "1 day, 1 hour, 1 minute and 1 second"),
        (-5, "0 seconds"),
    ],
)
def test_said(seconds, words):
    assert said(seconds) == words
