import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.language import load_language
from device.local.brain.understand import CALLED, Understanding
from device.skills.arithmetic.sums import Sum
from device.skills.skill import Meaning

UNDERSTANDING = Understanding(load_language("en"), ["Jarvis"])


def said(value):
    return value.said(load_language("en")) if isinstance(value, Sum) else str(value)


def meant(text):
    return [
        (meaning.intent, {name: said(value) for name, value in meaning.slots.items()})
        for meaning in UNDERSTANDING.meanings(text)
    ]


@pytest.mark.parametrize(
    ("text", "meanings"),
    [
        ("What time is it?", [("time", {})]),
        ("Set a pasta timer for ten minutes.", [("set_timer", {"duration": "600.0", "name": "pasta"})]),
        ("what is two plus three", [("sum", {"sum": "2 plus 3"})]),
        ("Hey Jarvis.", [(CALLED, {})]),
        ("...", []),
        ("", []),
        # Two things in one breath, and of those the heaviest only.
        ("turn it up and set a timer for a minute", [("volume_up", {}), ("set_timer", {"duration": "60.0"})]),
        ("mute and what year is it", [("mute", {}), ("year", {})]),
        # After a comma, the last that makes sense: what was said before is taken back.
        ("mute, what year is it", [("year", {})]),
        ("Hello. What time is it?", [("time", {})]),
        ("What time is it? What time is it?", [("time", {})]),
        # What is left of the wake word before it, and what turns it around.
        ("this what time is it", [("time", {})]),
        ("he said what time is it", [("time", {})]),
        ("I already set a timer for ten minutes", []),
        ("he said set a timer for ten minutes", []),
        ("never mute", []),
        ("I would not, mute", []),
        # Like a template, but not quite.
        ("what is the tyme now", [("time", {})]),
        ("cancel the timmer", [("cancel_timer", {})]),
        # Half a sentence is no timer's name.
        (
            "set a timer for ten minutes for the pasta that I am about to cook",
            [("set_timer", {"duration": "600.0", "name": "pasta"})],
        ),
        ("stopp", []),
    ],
)
def test_what_was_said_has_its_meaning(text, meanings):
    assert meant(text) == meanings


@pytest.mark.parametrize(
    "text",
    [
        "set an alarm for seven, no, cancel that",
        "Set a timer for five minutes, actually cancel that please.",
        "add milk to the shopping list oh no wait forget it",
        "remind me to call mum, on second thoughts, never mind",
    ],
)
def test_of_what_is_taken_back_whole_nothing_is_done(text):
    assert meant(text) == meant("never mind") != []


@pytest.mark.parametrize("text", ["no, cancel that", "no cancel it", "the pasta timer is done, cancel it"])
def test_what_is_there_already_is_cancelled(text):
    assert meant(text) not in ([], meant("never mind"))


@pytest.mark.parametrize(
    ("text", "whole"),
    [("What time is it?", True), ("Set a timer.", False), ("What time is it? Well,", False), ("", False)],
)
def test_a_whole_request_needs_no_more_words(text, whole):
    assert UNDERSTANDING.whole(text) is whole


def test_warming_up_changes_no_meaning():
    fresh = Understanding(load_language("en"), ["Jarvis"])
    fresh.warm_up()
    assert fresh.meanings("What time is it?") == [Meaning("time", {})]


@given(st.text(max_size=40))
def test_the_heaviest_meanings_only_and_each_once(text):
    meanings = UNDERSTANDING.meanings(text)
    assert len({meaning.weight for meaning in meanings}) <= 1
    assert all(meaning not in meanings[:n] for n, meaning in enumerate(meanings))


@pytest.mark.parametrize(
    ("text", "intents"),
    [
        ("set a timer for ten minutes and add milk to the shopping list", ["set_timer", "add_to_list"]),
        ("what time is it and how long is left on my timer", ["time", "list_timers"]),
        ("could you put milk on the list and also wake me at seven tomorrow please", ["add_to_list", "set_alarm"]),
        ("turn it up and play some jazz", ["volume_up", "music"]),
        # One request all the same.
        ("add milk and eggs to the list", ["add_to_list"]),
        ("remind me to buy milk and call mum at five", ["set_reminder"]),
    ],
)
def test_two_things_at_once_are_both_understood(text, intents):
    assert [meaning.intent for meaning in UNDERSTANDING.meanings(text)] == intents


def test_another_request_takes_back_the_first():
    assert [meaning.intent for meaning in UNDERSTANDING.meanings("stop talking please, I mean mute yourself")] == [
        "mute"
    ]
