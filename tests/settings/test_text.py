"""The settings written out, to be read by people and again by the settings."""

import pytest

from device.settings.loading import load, read
from device.settings.text import in_force, quoted
from device.settings.tree import Settings

KEY = "sk-this-must-never-be-seen"


def test_what_is_in_force_is_toml_and_names_origins(write, home):
    path = write(
        'name = "J\\u0001\\u007f\\"é😀"\nengines = ["openai", "local"]\n'
        '[wake]\nmodels = ["alexa", "b\\\\c"]\nthreshold = 1e-9'
    )
    loaded = read(path, home | {"OPENAI_API_KEY": KEY})
    text = in_force(loaded.settings, loaded.origins)
    assert "# api_key is set, by OPENAI_API_KEY" in text
    assert f"threshold = 1e-09  # {path}" in text
    assert load(write(text), home | {"OPENAI_API_KEY": KEY}) == loaded.settings


def test_prices_are_shown_as_they_were_set(write, home):
    path = write('[prices."models/gemini-3.8-live"]\nminute = 0.02\n[prices.mine]\ninput_audio = 1\ndate = "now"')
    loaded = read(path, home)
    text = in_force(loaded.settings, loaded.origins)
    assert f'[prices."models/gemini-3.8-live"]\nminute = 0.02  # {path}\n' in text
    assert "[prices.mine]" in text
    assert load(write(text), home) == loaded.settings


@pytest.mark.parametrize("engines", [("local",), ("openai", "local"), ("gpt-live", "gemini", "cartesia")])
def test_of_the_engines_only_those_in_use_are_shown(engines):
    lines = in_force(Settings(engines=engines)).splitlines()
    assert {line for line in lines if line.startswith("[engine.")} == {
        f"[engine.{name}]" for name in engines if name != "local"
    }


@pytest.mark.parametrize(("name", "shown"), [("gpt-4o", "gpt-4o"), ("a.b", '"a.b"'), ("é", '"é"'), ('"', '"\\""')])
def test_a_name_is_quoted_where_toml_wants_it(name, shown):
    assert quoted(name) == shown
