"""What a session over a WebSocket needs to know."""

from __future__ import annotations

import pytest

from device.engines.cartesia.session import CartesiaConfig
from device.engines.live.config import LiveConfig
from device.settings.engines import CartesiaEngine, LiveEngine
from device.settings.types import Secret

KEY = "sk-very-secret"
ENGINE = LiveEngine(url=f"wss://user:{KEY}@api.example.org/v1/live", model="m", key_variable="EXAMPLE_KEY")


@pytest.mark.parametrize(
    ("key", "headers", "sent"),
    [
        (KEY, {"Authorization": "Bearer {key}"}, {"Authorization": "Bearer {key}"}),
        ("", {"Authorization": "Bearer {key}"}, {}),
        ("", {"X-Version": "2"}, {"X-Version": "2"}),
        (KEY, {"X-Version": ""}, {}),
    ],
)
def test_headers_with_the_key_are_sent_if_there_is_one(key: str, headers: dict[str, str], sent: dict[str, str]) -> None:
    engine = LiveEngine(url="ws://x/", api_key=Secret(key))
    connection = LiveConfig(engine=engine).connection(headers)
    assert connection.headers == sent
    assert connection.key.reveal() == key


def test_limits_go_with_the_connection() -> None:
    config = LiveConfig(engine=ENGINE, section="engine.x", open_timeout_s=1, stuck_s=2, heartbeat_s=None, unheard_s=3)
    connection = config.connection({}, lifetime_s=4)
    assert (connection.open_timeout_s, connection.stuck_s, connection.heartbeat_s) == (1, 2, None)
    assert (connection.unheard_s, connection.lifetime_s) == (3, 4)
    assert connection.at == config.endpoint


@pytest.mark.parametrize(("url", "to"), [("", ENGINE.url), ("wss://elsewhere/", "wss://elsewhere/")])
def test_it_goes_to_the_engines_address_unless_there_is_another(url: str, to: str) -> None:
    assert LiveConfig(engine=ENGINE).connection({}, url=url).url == to


def test_messages_name_the_host_and_where_to_set_the_key() -> None:
    at = LiveConfig(engine=ENGINE, section="engine.x").endpoint
    assert (at.host, at.model, at.section) == ("api.example.org", "m", "engine.x")
    assert at.key == "set EXAMPLE_KEY or engine.x.api_key"
    assert LiveConfig(engine=LiveEngine(url="")).endpoint.host == "The engine"


def test_an_agent_stands_where_others_have_a_model() -> None:
    engine = CartesiaEngine(url="ws://x/", model="m", agent="agent_1")
    assert CartesiaConfig(engine=engine).endpoint.model == "agent_1"


def test_what_is_shown_of_it_holds_no_secret() -> None:
    config = LiveConfig(engine=ENGINE)
    assert repr(config) == "LiveConfig('api.example.org', model='m')"
