"""The tables of engines: what is known, what a user changes, and what is wrong with it."""

from typing import Any

import pytest

from device.settings.engines import (
    RealtimeEngine,
    engine_faults,
    engines,
    is_foreign,
    known_engines,
    lacks_address,
    missing_key,
    with_keys,
)


def test_what_is_known_is_without_fault() -> None:
    known = known_engines()
    assert {"openai", "gpt-live", "gemini", "cartesia"} <= set(known)
    assert all(engine.url.startswith("wss://") or not engine.key_variable for engine in known.values())


def test_a_table_counts_over_what_is_known() -> None:
    made = engines({"openai": {"model": "mine"}})
    assert made["openai"].model == "mine"
    assert made["openai"].url == known_engines()["openai"].url


def test_a_new_engine_begins_like_a_known_one() -> None:
    box = engines({"box": {"like": "openai", "url": "ws://10.0.0.5:8080/v1/realtime"}})["box"]
    assert isinstance(box, RealtimeEngine)
    assert (box.url, box.model) == ("ws://10.0.0.5:8080/v1/realtime", known_engines()["openai"].model)
    assert engines({"box": {"url": "ws://10.0.0.5/x"}})["box"] == RealtimeEngine(url="ws://10.0.0.5/x")


@pytest.mark.parametrize(
    ("tables", "fault"),
    [
        ("openai", "the order of engines is `engines`"),
        ({"openai": 3}, "engine.openai: is a table"),
        ({"local": {}}, "the local engine's table is [local]"),
        ({"box": {}}, "engine.box.url: is missing"),
        ({"box": {"like": "opanai"}}, "engine.box.like: 'opanai' is not known; there are"),
        ({"box": {"url": "ws://x/", "protocol": "smtp"}}, "engine.box.protocol: 'smtp' is not known"),
        ({"openai": {"modle": "x"}}, "engine.openai.modle: no such key; did you mean model?"),
        ({"gpt-live": {"noise_reduction": ""}}, "engine.gpt-live.noise_reduction: no such key"),
        ({"openai": {"dialect": "klingon"}}, "engine.openai.dialect: 'klingon' is not known; there are openai, "),
        (
            {"openai": {"noise_reduction": "", "noise_reduction_strength": 0.3}},
            "engine.openai.noise_reduction_strength: means nothing without noise_reduction",
        ),
        (
            {"openai": {"retention_tokens": 9000}},
            'engine.openai.retention_tokens: means nothing without truncation = "retention_ratio"',
        ),
    ],
)
def test_what_is_wrong_is_named(tables: object, fault: str) -> None:
    found = engine_faults(tables)
    assert len(found) == 1
    assert fault in found[0]


def test_keys_come_from_the_variable_of_the_engine_that_one_begins_like() -> None:
    tables, origins = with_keys({"second": {"like": "openai"}}, {"OPENAI_API_KEY": "k"})
    made = engines(tables)
    assert made["second"].api_key.reveal() == made["openai"].api_key.reveal() == "k"
    assert origins["engine.second.api_key"] == "OPENAI_API_KEY"
    assert not made["gemini"].api_key


def test_a_vendors_key_goes_to_no_other_server_unasked() -> None:
    box = {"like": "openai", "url": "ws://10.0.0.5/v1/realtime"}
    environ = {"OPENAI_API_KEY": "k", "BOX_KEY": "b"}
    for table, key in ((box, ""), (box | {"key_variable": "BOX_KEY"}, "b")):
        tables, _ = with_keys({"box": table}, environ)
        assert engines(tables)["box"].api_key.reveal() == key


def test_only_a_vendors_server_needs_a_key() -> None:
    assert "OPENAI_API_KEY" in missing_key("openai", known_engines()["openai"])
    assert not missing_key("openai", engines({"openai": {"url": "ws://10.0.0.5/v1/realtime"}})["openai"])
    assert not missing_key("openai", engines({"openai": {"api_key": "x"}})["openai"])


def test_an_address_with_a_part_of_one_s_own_and_an_agent_are_asked_for() -> None:
    known = known_engines()
    azure = next(name for name, engine in known.items() if "YOUR-RESOURCE" in engine.url)
    assert missing_key(azure, known[azure]).startswith(f"engine.{azure}.url: put the name of your resource where ")
    assert missing_key("cartesia", known["cartesia"]).startswith("engine.cartesia.agent: set it to the id of an agent")
    ours = engines({"cartesia": {"agent": "a", "api_key": "k"}})["cartesia"]
    assert missing_key("cartesia", ours) == ""


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"dialect": "klingon"}, "engine.x.dialect: 'klingon' is not known; there are openai, azure, xai"),
        ({"speed": 2}, "engine.x.speed: 2 is not valid; valid is a number from 0.25 to 1.5"),
        ({"reasoning": "some"}, 'valid is "high", "low", "medium", "minimal" or "xhigh"'),
        ({"max_output_tokens": 0}, "valid is a whole number from 1 to 4096"),
        ({"parallel_tools": "yes"}, "valid is true or false"),
        ({"prompt_id": "p", "prompt_variables": 3}, "valid is a table of text"),
        ({"noise_reduction_strength": 0.5}, "noise_reduction_strength: means nothing without noise_reduction"),
        ({"retention_tokens": 100}, 'retention_tokens: means nothing without truncation = "retention_ratio"'),
        ({"transcription_keywords": ["a"]}, "transcription_keywords: means nothing without transcription_model"),
        ({"prompt_version": "2"}, "prompt_version: means nothing without prompt_id"),
    ],
)
def test_wrong_keys_are_named_with_what_to_do(keys: dict[str, Any], fault: str) -> None:
    (found,) = engine_faults({"x": {"url": "ws://x/", **keys}})
    assert fault in found


@pytest.mark.parametrize("name", sorted(n for n, one in known_engines().items() if isinstance(one, RealtimeEngine)))
def test_every_known_engine_is_its_name_and_a_key(name: str) -> None:
    engine = engines({name: {"api_key": "k"}})[name]
    said = missing_key(name, engine)
    assert (said == "") != ("YOUR-RESOURCE" in engine.url)
    if said:
        assert said.startswith(f"engine.{name}.url: put the name of your resource where")
        mine = engines({name: {"url": engine.url.replace("YOUR-RESOURCE", "mine"), "api_key": "k"}})[name]
        assert missing_key(name, mine) == ""


def test_a_key_of_azure_goes_to_any_of_its_resources() -> None:
    mine = engines({"azure": {"url": "wss://mine.openai.azure.com/openai/v1/realtime"}})["azure"]
    assert "AZURE_OPENAI_API_KEY" in missing_key("azure", mine)


def test_a_vendors_engine_at_another_server_is_foreign_and_ones_own_is_not() -> None:
    moved = engines({"openai": {"url": "wss://evil.example/v1"}, "azure": {"url": "wss://me.openai.azure.com/v1"}})
    assert is_foreign("openai", moved["openai"])
    assert not is_foreign("azure", moved["azure"])
    assert not any(is_foreign(name, engine) for name, engine in known_engines().items())
    assert not is_foreign("localai", engines({"localai": {"url": "ws://10.0.0.5/v1"}})["localai"])


def test_an_address_lacks_the_part_that_each_user_has_for_themselves() -> None:
    assert {name for name, engine in known_engines().items() if lacks_address(engine)} == {"azure", "voice-live"}
    assert not lacks_address(engines({"azure": {"url": "wss://me.openai.azure.com/v1"}})["azure"])
