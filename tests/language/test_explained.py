"""What settings mean, in other languages than English: all of it, and of nothing else."""

import re

import msgspec
import pytest

from device.language.explained import FILE, explanations
from device.language.files import file_of, languages
from device.settings.described import described
from device.settings.engines import CartesiaEngine, GeminiEngine, LiveEngine, known_engines
from device.settings.mcp import McpSettings
from device.settings.tree import Settings

OTHERS = [language for language in languages() if language != "en"]


def told():
    """Return what the English docstrings say, by where they say it."""
    settings = Settings(mcp={"home": McpSettings(url="http://box/mcp")})
    shapes = {type(engine) for engine in known_engines().values()}
    assert shapes >= {CartesiaEngine, GeminiEngine, LiveEngine}
    return {key.told_at: key.about for key in described(settings, tuple(settings.engine)) if key.about}


def test_there_is_another_language():
    assert "de" in OTHERS


@pytest.mark.parametrize("language", OTHERS)
def test_each_setting_that_is_explained_is_explained_in_every_language(language):
    assert set(explanations(language)) == {*told(), "Settings.engine"}


@pytest.mark.parametrize("language", OTHERS)
def test_what_is_to_be_typed_is_the_same(language):
    found, compared = explanations(language), 0
    for at, english in told().items():
        for typed in re.findall(r"`([^`]*)`", english):
            if not re.search("NAME|MODEL|tts = ", typed):  # what stands for something, and examples of a language
                assert typed in found[at]
                compared += 1
    assert compared > 25


def test_a_language_without_explanations_has_none():
    assert explanations("en") == explanations("xx") == explanations("../etc") == {}
    assert explanations("de-AT") == explanations("de")
    assert msgspec.toml.decode(file_of("de", FILE).read_bytes())
