"""The settings as a list of keys, for who shows them."""

import msgspec
import pytest

from device.settings.described import about, changed, described
from device.settings.engines import secret
from device.settings.loading import settle
from device.settings.tree import ListenSettings, Settings, WakeSettings


@pytest.fixture
def keys():
    table = {"brain": {"api_key": "s3cret"}, "local": {"url": "ws://ada:s3cret@box/v1"}}
    settings = msgspec.convert(table, Settings, dec_hook=secret)
    return {key.name: key for key in described(settings)}


def test_each_key_says_what_it_is_and_admits(keys):
    threshold = keys["wake.threshold"]
    assert (threshold.value, threshold.default, threshold.kind) == (0.5, 0.5, "number")
    assert threshold.valid == "a number above 0 and below 1"
    assert threshold.about == "Score from which a frame counts as the wake word."
    rate = keys["card.rate"]
    assert (rate.kind, rate.choices) == ("choice", (0, 16_000, 24_000, 44_100, 48_000))
    days = keys["transcripts.keep_days"]
    assert (days.kind, days.least, days.most) == ("whole", 0, 36_500)
    assert keys["playout.earcons"].kind == "switch"
    assert keys["wake.models"].kind == "list"
    assert keys["name"].kind == "text"


def test_all_keys_of_the_tree_are_there_and_can_be_told(keys):
    assert len(keys) > 100
    assert {name.partition(".")[0] for name in keys} >= {"engines", "card", "panel", "ledger", "brain", "prices"}
    assert msgspec.json.encode(list(keys.values()))


def test_a_secret_says_whether_it_is_set_and_nothing_else(keys):
    assert (keys["brain.api_key"].value, keys["brain.api_key"].present) == (None, True)
    assert not keys["cartesia.api_key"].present
    assert b"s3cret" not in msgspec.json.encode(list(keys.values()))


def test_of_engines_those_that_are_chosen(keys):
    assert not any(name.startswith("engine.") for name in keys)
    settings = settle({"engines": ["openai"]}, {}).settings
    assert {key.name for key in described(settings)} >= {"engine.openai.model", "engine.openai.api_key"}


def test_what_stands_below_a_field_is_told_in_one_line():
    assert about(WakeSettings)["models"].startswith("openWakeWord models, by name as")
    assert all("\n" not in text for text in about(ListenSettings).values())
    assert "engines" in about(Settings)


def test_what_two_settings_differ_in_is_named_secrets_too():
    before = settle({"engines": ["local"], "brain": {"api_key": "a"}}, {}).settings
    assert list(changed(before, before)) == []
    table = {"engines": ["openai"], "brain": {"api_key": "b"}, "wake": {"threshold": 0.4}}
    assert list(changed(before, settle(table, {}).settings)) == ["engines", "wake.threshold", "brain.api_key"]
