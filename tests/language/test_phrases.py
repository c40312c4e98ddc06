import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.language import load_language
from device.language.phrases import Phrases

PHRASES = Phrases(load_language("en"), "Jarvis")


@given(st.integers(0, 100))
def test_what_was_said_last_is_not_said_again_where_there_is_a_choice(count):
    last = PHRASES.phrase("unknown", count)
    assert PHRASES.phrase("unknown", count, last) != last
    assert PHRASES.phrase("done", count, "Done.") == "Done."


def test_a_phrase_begins_with_a_capital_and_knows_the_name():
    assert PHRASES.phrase("converted", 0, "", source="a mile", target="1.61 kilometres").startswith("A mile")
    assert "Jarvis" in PHRASES.reply("name")


def test_an_intent_without_replies_says_nothing():
    assert PHRASES.reply("set_timer") == ""


@pytest.mark.parametrize(
    ("key", "text", "is_one"),
    [
        ("which_timer", "Which one? There are these timers: pasta, rice.", True),
        ("which_timer", "For how long?", False),
        ("ask_duration", "For how long?", True),
    ],
)
def test_a_text_is_told_for_a_phrase_whatever_its_values(key, text, is_one):
    assert Phrases(load_language("en"), "Jarvis").is_one_of(key, text) is is_one
