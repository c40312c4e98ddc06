import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.listen.lexicon import words
from device.local.end_of_turn.completeness import CompletenessRules, all_rules, completeness_rules

ENGLISH = completeness_rules("en")


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
    assert ENGLISH.judge(text) == "incomplete"


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
    assert ENGLISH.judge(text) == "uncertain"


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
    assert ENGLISH.judge(text) == "complete"


@given(st.text())
def test_any_text_is_judged(text):
    assert ENGLISH.judge(text) in {"incomplete", "uncertain", "complete"}


def test_of_a_language_without_words_only_the_punctuation_counts():
    unknown = completeness_rules("xx")
    assert unknown == CompletenessRules()
    assert (unknown.judge("for the"), unknown.judge("for the,")) == ("complete", "incomplete")
    assert completeness_rules("en_US") is completeness_rules("en-GB") is ENGLISH


@pytest.mark.parametrize("language", sorted(all_rules()))
def test_phrases_are_spelt_as_they_are_looked_for(language):
    known = all_rules()[language]
    for name in known.__struct_fields__:
        for phrase in getattr(known, name):
            assert " ".join(words(phrase)) == phrase
            assert len(phrase.split()) <= 4
    assert known.open.isdisjoint(known.doubtful | known.closed)
    assert known.doubtful.isdisjoint(known.closed)


@pytest.mark.parametrize(
    ("text", "judged"),
    [
        ("Stell einen Timer auf.", "uncertain"),
        ("Stell einen Timer für.", "incomplete"),
        ("Wie ist das Wetter in.", "incomplete"),
        ("Erinnere mich an.", "incomplete"),
        ("Kannst du?", "incomplete"),
        ("Sag mir, ähm.", "incomplete"),
        ("Milch und", "incomplete"),
        ("Wie viel ist 7 mal", "incomplete"),
        ("Stell die Lautstärke.", "uncertain"),
        ("Wenn ich nach Hause komme.", "uncertain"),
        ("Stell einen Timer auf zehn Minuten.", "complete"),
        ("Wie spät ist es?", "complete"),
        ("Wie geht es dir?", "complete"),
        ("Mach das Licht an.", "complete"),
        ("Stell den Timer aus.", "complete"),
        ("Mach lauter.", "complete"),
        ("Wie lange noch?", "complete"),
        ("Danke.", "complete"),
    ],
)
def test_german(text, judged):
    assert completeness_rules("de").judge(text) == judged
