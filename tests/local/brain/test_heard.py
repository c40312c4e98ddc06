import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.language import load_language
from device.local.brain.heard import MOST, Hearing, clauses, marked, without_wake_word
from device.skills.arithmetic.sums import Sum

ENGLISH = load_language("en")
hear = Hearing(ENGLISH).hear


@pytest.mark.parametrize(
    ("said", "text", "values"),
    [
        ("What's 12 times 7?", "what is suma", ["12 times 7"]),
        ("What\u2019s twelve times seven", "what is suma", ["12 times 7"]),
        ("Set a timer for 4 five minutes.", "set a timer for dura", ["300.0"]),
        ("timer 4 5 minutes", "timer for dura", ["300.0"]),
        ("set the volume 2 50%", "set the volume to numa percent", ["50.0"]),
        ("thirty per cent", "numa percent", ["30.0"]),
        ("what is five times for", "what is suma", ["5 times 4"]),
        ("for plus too", "suma", ["4 plus 2"]),
        ("how many minutes is to hours", "how many minutes is dura", ["7200.0"]),
        ("-5 degrees", "numa degrees", ["-5.0"]),
        ("5-3", "suma", ["5 minus 3"]),
        ("70\u00b0F in \u00b0C", "numa degrees f in degrees c", ["70.0"]),
        ("seventy-fahrenheit", "numa fahrenheit", ["70.0"]),
        ("5km", "numa km", ["5.0"]),
        ("2x3", "suma", ["2 times 3"]),
        ("I can't, don't, won't", "i cannot do not will not", []),
        ("let's what's", "let us what is", []),
        ("today's date", "todays date", []),
        ("  ", "", []),
    ],
)
def test_hear(said, text, values):
    heard = hear(said)
    assert heard.text == text
    assert [v.said(ENGLISH) if isinstance(v, Sum) else str(v) for v in heard.values.values()] == values


@given(st.text())
def test_anything_can_be_heard(text):
    heard = hear(text)
    assert heard.text == " ".join(heard.text.split())
    assert all(mark in heard.text.split() for mark in heard.values)


@pytest.mark.parametrize(
    ("said", "rest"),
    [
        ("Hey Jarvis what time", "what time"),
        ("Jarvis, what time", "what time"),
        ("Ravis what time", "what time"),
        ("hey Travis what time", "what time"),
        ("Jar vis what time", "what time"),
        ("hey service what time", "hey service what time"),
        ("what time is it", "what time is it"),
        ("what time is it Jarvis?", "what time is it"),
        ("tell me a story of the Jarvis family", "tell me a story of the Jarvis family"),
        ("Jarvis", ""),
        ("", ""),
    ],
)
def test_wake_word_goes(said, rest):
    assert without_wake_word(said, ["jarvis"]) == rest


def test_clauses():
    end = re.compile(ENGLISH.heard.sentence_end)
    assert clauses("No, stop. It is 3.5, or 1,000! And?", end) == [["No", "stop"], ["It is 3.5", "or 1,000"], ["And"]]
    assert clauses("...", end) == []


def test_marks_are_put_back():
    assert marked("set a timer for dur", ["durb"]) == "set a timer for durb"
    assert marked("num and num", ["numa", "numb"]) == "numa and numb"
    assert marked("num", ["numa", "numb"]) is None
    assert marked("num and num", ["numa"]) is None


def test_values_beyond_the_letters_stay_as_they_were_said():
    heard = hear("1, 2, 3, 4, 5, 6, 7")
    assert heard.text == "numa numb numc numd nume numf 7"
    assert len(heard.values) == MOST
