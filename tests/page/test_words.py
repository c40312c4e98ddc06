"""The words on the page: every language that has them has all of them."""

import re

import pytest

from device.page.words import offered, readable, words

PLACES = re.compile(r"\{\w+\}")


def keys(language):
    return {
        (section, key): sorted(PLACES.findall(text))
        for section, one in words(language).items()
        for key, text in one.items()
    }


def test_english_and_german_can_be_read():
    assert {"de", "en"} <= set(readable())


@pytest.mark.parametrize("language", readable())
def test_a_language_has_every_word_with_its_places(language):
    assert keys(language) == keys("en")
    assert all(text.strip() for section in words(language).values() for text in section.values())


def test_a_language_without_words_is_english():
    assert words("xx") == words("en")
    assert words("de-AT") == words("de") != words("en")


@pytest.mark.parametrize(
    ("wanted", "there"),
    [
        (("de-CH", "en"), ("de", "en")),
        (("de", "de-AT"), ("de",)),
        (("xx", "de"), ("de",)),
        (("xx",), ("en",)),
        ((), ("en",)),
    ],
)
def test_what_is_offered_is_what_there_is(wanted, there):
    assert offered(wanted) == there
