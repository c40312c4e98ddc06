"""The wake word is no part of what was said, however an engine writes it."""

from difflib import SequenceMatcher

import pytest

from device.conversation.address import LONGEST, without_address


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("Hey Jarvis, what time is it?", "What time is it?"),
        ("Hey, Jarvis. Next!", "Next!"),
        ("Hey Travis, stop.", "Stop."),
        ("Hey, John R. Vist, what time is it?", "What time is it?"),
        ("Jarvis, what time is it?", "What time is it?"),
        ("Hey Jarvis.", ""),
        ("", ""),
        ("What time is it?", "What time is it?"),
        ("Hey, what's up with Jarvis?", "Hey, what's up with Jarvis?"),
        ("Where is Paris?", "Where is Paris?"),
        ("Have a look at the timers.", "Have a look at the timers."),
        ("今何時ですか", "今何時ですか"),
    ],
)
def test_what_is_like_the_wake_word_at_the_beginning_is_left_out(text, rest):
    assert without_address(text, "hey_jarvis") == rest


def test_no_more_is_compared_than_a_wake_word_may_have(monkeypatch):
    compared = []

    class Matcher(SequenceMatcher):
        def __init__(self, junk, text, *rest, **more):
            compared.append(len(text))
            super().__init__(junk, text, *rest, **more)

    monkeypatch.setattr("device.conversation.address.SequenceMatcher", Matcher)
    text = "e" * 1_000_000
    assert without_address(text, "hey_jarvis") == text
    assert compared == [LONGEST]
