import pytest

from device.language.language import LanguageError, load_language
from device.local.brain.understand import CALLED


@pytest.mark.parametrize("name", ["en", "en-GB", "en_us", "EN"])
def test_a_language_is_found_by_its_tag(name):
    assert load_language(name) == load_language("en")
    assert load_language(name).language == "en"


def test_unknown_languages_are_named_with_those_there_are():
    with pytest.raises(LanguageError, match=r'"xx".*en.*brain\.url'):
        load_language("xx")


def test_every_reply_can_be_formatted():
    for intent in load_language("en").intents.values():
        for reply in intent.replies:
            assert reply.format(name="Jarvis")[0].isupper()


def test_every_intent_can_be_asked_for_or_is_the_wake_word_alone():
    assert [name for name, intent in load_language("en").intents.items() if not intent.sentences] == [CALLED]
