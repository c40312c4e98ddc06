"""What a client may ask for when it connects, what it is told of the rest, and its key."""

import logging

import aiohttp
import pytest
from aiohttp.test_utils import make_mocked_request
from support.raw_client import raw
from support.scripted import Scripted

from device.local.web.handshake import offered_key, unserved

KEY = "sk-very-secret"
UNSERVED = [
    ("?call_id=rtc_1", {}, 404, "call_id_not_found", "call_id"),
    ("?intent=transcription", {}, 400, "invalid_value", "intent"),
    ("?intent=", {}, 400, "invalid_value", "intent"),
    ("?model=x", {"OpenAI-Beta": "realtime=v1"}, 400, "beta_api_shape_disabled", None),
    ("?model=x", {"OpenAI-Beta": "assistants=v2, realtime=v1"}, 400, "beta_api_shape_disabled", None),
    (
        "?model=x",
        {"Sec-WebSocket-Protocol": f"realtime, openai-insecure-api-key.{KEY}, openai-beta.realtime-v1"},
        400,
        "beta_api_shape_disabled",
        None,
    ),
]
WEBSOCKET = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
}


@pytest.mark.parametrize(("query", "headers", "status", "code", "param"), UNSERVED)
async def test_what_is_not_served_is_named(query, headers, status, code, param):
    async with Scripted() as server, aiohttp.ClientSession() as http:
        async with http.get(f"{server.url}/realtime{query}", headers=WEBSOCKET | headers) as answer:
            error = (await answer.json())["error"]
        assert (answer.status, error["code"], error["param"]) == (status, code, param)
        assert KEY not in str(error)


@pytest.mark.parametrize("query", ["", "?model=x", "?intent=conversation", "?model=&more=1"])
def test_what_is_served(query):
    assert unserved(make_mocked_request("GET", f"/v1/realtime{query}", {"OpenAI-Beta": "assistants=v2"})) is None


@pytest.mark.parametrize(
    ("headers", "key"),
    [
        ({}, ""),
        ({"Authorization": f"Bearer {KEY}"}, KEY),
        ({"Authorization": f"bearer  {KEY} "}, KEY),
        ({"Authorization": f"Basic {KEY}"}, ""),
        ({"Sec-WebSocket-Protocol": f"realtime, openai-insecure-api-key.{KEY}"}, KEY),
        ({"Sec-WebSocket-Protocol": "realtime"}, ""),
    ],
)
def test_where_a_key_is(headers, key):
    assert offered_key(make_mocked_request("GET", "/", headers).headers) == key


@pytest.mark.parametrize(
    ("protocols", "agreed"),
    [
        (("realtime", f"openai-insecure-api-key.{KEY}"), "realtime"),
        ((f"openai-insecure-api-key.{KEY}", "realtime"), "realtime"),
        ((f"openai-insecure-api-key.{KEY}",), None),
        (("soap",), None),
        ((), None),
    ],
)
async def test_a_key_that_is_a_subprotocol_is_never_logged(protocols, agreed, caplog):
    caplog.set_level(logging.DEBUG)
    async with Scripted() as server, raw(server, protocols=protocols) as client:
        assert client.ws.protocol == agreed
        await client.lives()
    told = [line for line in caplog.records if not line.name.startswith("aiohttp.client")]
    assert KEY not in str([(line.getMessage(), line.exc_text) for line in told])
