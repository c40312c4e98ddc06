"""To whom keys go."""

import msgspec
import pytest

from device.settings.house import HouseSettings
from device.settings.keys import diverted, is_key, recipients, server_of
from device.settings.loading import settle
from device.settings.metrics import MetricsSettings
from device.settings.types import Secret, Section

ENVIRON = {"HOME": "/nowhere", "OPENAI_API_KEY": "sk-vendor", "PARLEY_BRAIN_API_KEY": "sk-brain",
           "PARLEY_MQTT_PASSWORD": "house"}  # fmt: skip


def settings(**table):
    return settle(table, ENVIRON).settings


def with_secrets(section):
    """Yield all tables that have a key; what others must know of us, `metrics.token`, is sent nowhere."""
    if isinstance(section, MetricsSettings):
        return
    for value in (getattr(section, name) for name in section.__struct_fields__):
        if isinstance(value, Section):
            yield from with_secrets(value)
        elif isinstance(value, dict):
            yield from (one for one in value.values() if isinstance(one, Section) and hasattr(one, "api_key"))
        elif isinstance(value, Secret):
            yield section


def test_every_table_that_has_a_key_is_known():
    tables = list(with_secrets(settings()))
    assert len(tables) > 5
    keyed = {"url": "http://box/v1", "api_key": "k"}
    names = [name for name, one in settings().engine.items() if hasattr(one, "api_key")]
    engine = {name: {"url": f"wss://{name}/", "api_key": name} for name in names}
    full = settle(
        {
            "engine": engine,
            "brain": keyed,
            "transcription": keyed,
            "cartesia": {"api_key": "c"},
            "mqtt": {"host": "box", "password": "m"},
        },
        {"HOME": "/nowhere"},
    ).settings
    keys = {
        value.reveal()
        for one in with_secrets(full)
        if not isinstance(one, HouseSettings)  # whose secret goes nowhere
        for value in (getattr(one, name) for name in one.__struct_fields__)
        if isinstance(value, Secret)
    }
    assert keys == {key for key, _ in recipients(full)} == {*names, "k", "c", "m"}
    assert all(isinstance(one, msgspec.Struct) for one in tables)


@pytest.mark.parametrize(
    ("table", "server"),
    [
        (
            {"engine": {"openai": {"url": "wss://evil.example/v1", "key_variable": "OPENAI_API_KEY"}}},
            "wss://evil.example",
        ),
        ({"engine": {"x": {"url": "wss://evil.example", "key_variable": "OPENAI_API_KEY"}}}, "wss://evil.example"),
        ({"engine": {"openai": {"url": "wss://cdn.openai.com/v1"}}}, "wss://cdn.openai.com"),
        ({"engine": {"openai": {"url": "ws://api.openai.com/v1/realtime"}}}, "ws://api.openai.com"),
        ({"brain": {"url": "http://evil.example/v1"}}, "http://evil.example"),
        ({"brain": {"url": "http://box:1@evil.example/v1"}}, "http://evil.example"),
        ({"brain": {"url": "auto", "host": "evil.example"}}, "http://evil.example"),
        ({"brain": {"url": "auto"}}, "auto"),
        ({"mqtt": {"host": "evil.example", "tls": True}}, "mqtts://evil.example:8883"),
        ({"mqtt": {"host": "box"}}, "mqtt://box:1883"),
    ],
    ids=str,
)
def test_a_key_that_would_go_elsewhere_is_seen(table, server):
    before = settings(brain={"url": "http://box:1/v1"})
    assert diverted(before, settings(**table), "anything") == server


def test_what_leaves_keys_where_they_are_is_free():
    before = settings(brain={"url": "http://box:1/v1"})
    assert diverted(before, settings(brain={"url": "http://Box:1/v2"}), "") == ""
    assert diverted(before, settings(engine={"lan": {"url": "ws://box/"}}), {"url": "ws://box/"}) == ""
    mine = {"url": "wss://other/", "api_key": " mine "}
    assert diverted(before, settings(engine={"own": mine}), mine) == ""
    assert diverted(before, settings(engine={"own": mine}), ["wss://other/"]) == "wss://other"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("wss://api.openai.com/v1/realtime?x=1", "wss://api.openai.com"),
        ("ws://user:secret@Box:8080/v1", "ws://box:8080"),
        ("auto", "auto"),
    ],
)
def test_a_server_is_scheme_host_and_port_without_what_is_secret(url, server):
    assert server_of(url) == server


def test_a_key_is_one_piece_that_a_header_can_have():
    assert is_key("sk-proj_A1.b/c+d=")
    assert not any(map(is_key, ("a b", "a\nb", "a\x00", "ä", "a\u200b")))
