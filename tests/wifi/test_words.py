"""What is said of Wi-Fi, in each language that has words for it."""

import re
from typing import get_args

import pytest

from device.language.files import file_of, languages
from device.wifi.messages import Why
from device.wifi.words import FILE, sentences

PLACES = re.compile(r"\{(\w+)\}")
SPOKEN = [name for name in languages() if file_of(name, FILE)]


def test_english_and_german_have_them():
    assert {"en", "de"} <= set(SPOKEN)


@pytest.mark.parametrize("language", SPOKEN)
def test_a_language_has_every_sentence_with_its_places(language):
    said, english = sentences(language), sentences("en")
    assert said.keys() == english.keys()
    for key, text in said.items():
        assert sorted(PLACES.findall(text)) == sorted(PLACES.findall(english[key])), key


def test_whatever_keeps_a_network_from_being_joined_can_be_said():
    assert {f"not_{why}" for why in get_args(Why)} <= sentences("en").keys()


def test_another_language_is_english():
    assert sentences("xx") == sentences("en") != sentences("de")
