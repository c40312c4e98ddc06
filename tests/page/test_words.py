"""The words on the page: every language that has them has all of them."""

import re

import pytest

from device.page.assets import STATIC
from device.page.words import offered, owner_words, readable, words

OWN = STATIC / "owner"
SECTIONS = re.findall(r'^  "([\w-]+)",$', (OWN / "sections.js").read_text("utf-8"), re.MULTILINE)
PLACES = re.compile(r"\{\w+\}")


def keys(found):
    return {(section, key): sorted(PLACES.findall(text)) for section, one in found.items() for key, text in one.items()}


def test_english_and_german_can_be_read():
    assert {"de", "en"} <= set(readable())


@pytest.mark.parametrize("language", readable())
def test_a_language_has_every_word_with_its_places(language):
    for all_of in (words, owner_words):
        assert keys(all_of(language)) == keys(all_of("en"))
        assert all(text.strip() for section in all_of(language).values() for text in section.values())


def test_every_section_of_the_owner_s_view_is_there_and_has_a_title():
    assert "settings" in SECTIONS
    assert len(SECTIONS) == len(set(SECTIONS))
    for name in SECTIONS:
        assert (OWN / f"{name}.js").exists()
        assert owner_words("en")[name]["title"]


def test_no_word_is_asked_for_that_there_is_not():
    found = owner_words("en")
    asked = [
        (path.name, section, key)
        for path in STATIC.rglob("*.js")
        for section, key in re.findall(r'\.say\("(\w+)", "(\w+)"', path.read_text("utf-8"))
    ]
    assert len(asked) > 20
    assert [one for one in asked if one[2] not in found[one[1]]] == []


def test_the_owner_s_words_hide_none_of_the_kiosk_s():
    assert {name: owner_words("en")[name] for name in words("en")} == words("en")


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
