import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.listen.lexicon import words
from device.local.end_of_turn.completeness import Endings, _all, endings

ENGLISH = endings("en")


@pytest.mark.parametrize(
    "text",
    [
        "Set a timer for.",
        "What is the capital of?",
        "I think we should.",
        "Tell me, um.",
        "Put milk and",
        "Remind me.",
        "Could you?",
        "How old is?",
        "I went to the shop,",
        "And then I thought…",
        "I don't know if I",
    ],
)
def test_more_must_come(text):
    assert ENGLISH.ending(text) == "open"


@pytest.mark.parametrize(
    "text",
    [
        "Turn the volume.",
        "Please set the temperature.",
        "Play something.",
        "When I came home yesterday.",
        "How far is it?",
        "",
    ],
)
def test_more_may_come(text):
    assert ENGLISH.ending(text) == "doubtful"


@pytest.mark.parametrize(
    "text",
    [
        "What time does the train leave?",
        "How are you?",
        "Yes, I do.",
        "Thank you.",
        "Turn it on.",
        "Turn the volume up.",
        "Set it to 7.",
        "Set the heating to seven.",
        "What are you looking for?",
        "When does the next train leave?",
    ],
)
def test_it_can_be_all(text):
    assert ENGLISH.ending(text) == "plain"


@given(st.text())
def test_any_text_has_an_ending(text):
    assert ENGLISH.ending(text) in {"open", "doubtful", "plain"}


def test_of_a_language_without_words_only_the_punctuation_counts():
    unknown = endings("xx")
    assert unknown == Endings()
    assert (unknown.ending("for the"), unknown.ending("for the,")) == ("plain", "open")
    assert endings("en_US") is endings("en-GB") is ENGLISH


@pytest.mark.parametrize("language", sorted(_all()))
def test_phrases_are_spelt_as_they_are_looked_for(language):
    known = _all()[language]
    for name in known.__struct_fields__:
        for phrase in getattr(known, name):
            assert " ".join(words(phrase)) == phrase
            assert len(phrase.split()) <= 4
    assert known.open.isdisjoint(known.doubtful | known.closed)
    assert known.doubtful.isdisjoint(known.closed)
