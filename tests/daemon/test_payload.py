"""What each engine would be sent."""

import json

import pytest

from device.daemon.payload import engines, payload
from device.settings.loading import settle

KEY = "sk-a-very-secret-key"


@pytest.fixture
def loaded():
    return settle({"profile": "support", "engines": ["gemini", "local"]}, {"GEMINI_API_KEY": KEY})


def test_the_chosen_engines_come_first_and_all_others_after_them(loaded):
    there = engines(loaded)
    assert there[:2] == ["gemini", "local"]
    assert {"openai", "gpt-live", "cartesia"} < set(there)
    assert len(there) == len(set(there))


def test_every_engine_has_a_message_without_a_key(loaded):
    for engine in engines(loaded):
        message = payload(loaded, engine)
        assert isinstance(message, dict), engine
        assert KEY not in json.dumps(message)


def test_it_has_the_profile_s_instructions_and_tools(loaded):
    setup = payload(loaded, "gemini")["setup"]
    assert "customer support" in setup["systemInstruction"]["parts"][0]["text"]
    names = [tool["name"] for tool in setup["tools"][0]["functionDeclarations"]]
    assert names == ["get_time", "sleep", "find_order", "find_answer", "submit_result"]


def test_there_is_none_for_an_engine_that_there_is_not(loaded):
    with pytest.raises(KeyError):
        payload(loaded, "opnai")
