import pytest

from device.listen.lexicon import heard_lexicon, lexica, lexicon, words


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("Uh-huh.", ["uh", "huh"]),
        ("That\u2019s ENOUGH!", ["that's", "enough"]),
        ("...", []),
        ("Éh, bien?", ["éh", "bien"]),
    ],
)
def test_words_are_what_is_said_not_how_it_is_written(text, plain):
    assert words(text) == plain


@pytest.mark.parametrize("tag", ["en", "en-GB", "EN_us"])
def test_a_language_is_found_by_its_tag(tag):
    assert lexicon(tag) is lexica()["en"]


def test_a_language_that_nobody_wrote_down_has_no_lexicon():
    assert lexicon("tlh") is None


def test_only_what_the_recogniser_knows_is_judged_by_words():
    assert heard_lexicon("en-GB") is lexicon("en")
    assert lexicon("de") is not None
    assert heard_lexicon("de") is None


@pytest.mark.parametrize("language", lexica())
def test_no_phrase_means_two_things(language):
    known = lexica()[language]
    assert not known.backchannel & known.interruption
    assert all((known.backchannel, known.interruption, known.stop, known.snooze))


def test_the_languages_that_have_one():
    assert {"de", "en", "es", "fr", "it"} <= set(lexica())


@pytest.mark.parametrize("language", lexica())
def test_phrases_are_spelt_as_they_are_compared(language):
    for phrases in (lexica()[language].backchannel, lexica()[language].interruption, lexica()[language].stop):
        assert all(phrase and " ".join(words(phrase)) == phrase for phrase in phrases)
