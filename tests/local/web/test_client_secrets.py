"""Keys that SDKs ask for before they connect."""

import json

import aiohttp
import pytest
from openai import AsyncOpenAI
from openai.types.realtime import ClientSecretCreateResponse
from support.raw_client import raw
from support.scripted import Scripted

from device.local.web.client_secrets import LARGEST, MOST, ClientSecrets
from device.wire.errors import WireError

SESSION = {"type": "realtime", "instructions": "Be short.", "output_modalities": ["text"]}


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def asked(**body):
    return json.dumps(body).encode()


@pytest.mark.parametrize("body", [b"", b"{}", asked(session=SESSION), asked(session={"model": "x"})])
def test_what_is_answered_is_as_the_sdk_reads_it(body):
    given = ClientSecrets("en-gb", Clock()).give(body)
    read = ClientSecretCreateResponse.model_validate(given)
    assert read.value.startswith("ek_")
    assert read.expires_at == Clock.now + 600
    assert read.session.type == "realtime"


def test_a_key_is_good_until_it_expires():
    clock = Clock()
    keys = ClientSecrets("en-gb", clock)
    key = keys.give(asked(session=SESSION, expires_after={"anchor": "created_at", "seconds": 20}))["value"]
    assert keys.session(key).instructions == "Be short."
    clock.now += 19
    assert keys.session(key)
    clock.now += 1
    assert keys.session(key) is None
    assert keys.session("ek_other") is None


def test_only_the_newest_are_kept():
    keys = ClientSecrets("en-gb", Clock())
    given = [keys.give(b"")["value"] for _ in range(MOST + 3)]
    assert [keys.session(key) is None for key in given] == [True] * 3 + [False] * MOST


WRONG = [
    (b"[]", "invalid_type", None),
    (b"{", "invalid_json", None),
    (b"\xff", "invalid_json", None),
    (b'{"x": ' + b"[" * 100_000, "invalid_json", None),
    (asked(expires_after={"seconds": 9}), "invalid_value", "expires_after.seconds"),
    (asked(expires_after={"seconds": 7201}), "invalid_value", "expires_after.seconds"),
    (asked(session={"instructions": 3}), "invalid_type", "session.instructions"),
    (asked(session={"type": "transcription"}), "invalid_value", "session.type"),
    (asked(session={"type": "realtime", "tools": [{"type": "mcp"}]}), "invalid_value", "session.tools[0].type"),
]


@pytest.mark.parametrize(("body", "code", "param"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_named(body, code, param):
    with pytest.raises(WireError) as caught:
        ClientSecrets("en-gb").give(body)
    assert (caught.value.code, caught.value.param) == (code, param)


async def test_the_official_client_connects_with_a_key_that_it_was_given():
    async with Scripted() as server, AsyncOpenAI(api_key="x", base_url=server.url, max_retries=0) as openai:
        secret = await openai.realtime.client_secrets.create(session=SESSION)
        async with (
            AsyncOpenAI(api_key=secret.value, base_url=server.url) as client,
            client.realtime.connect(model="other") as connection,
        ):
            session = (await connection.recv()).session
            assert (session.instructions, session.output_modalities) == ("Be short.", ["text"])


async def test_a_browsers_client_connects_with_a_key_that_it_was_given():
    async with Scripted() as server, AsyncOpenAI(api_key="x", base_url=server.url, max_retries=0) as openai:
        secret = await openai.realtime.client_secrets.create(session=SESSION)
        async with raw(server, protocols=("realtime", f"openai-insecure-api-key.{secret.value}")) as client:
            await client.send(type="session.update", session={"type": "realtime"})
            assert (await client.until("session.updated")).session.instructions == "Be short."


async def test_wrong_requests_are_answered_in_json():
    async with Scripted() as server, aiohttp.ClientSession() as http:
        for data, status, code in ((b"[]", 400, "invalid_type"), (b"x" * (LARGEST + 1), 413, "request_too_large")):
            async with http.post(f"{server.url}/realtime/client_secrets", data=data) as answer:
                assert (answer.status, (await answer.json())["error"]["code"]) == (status, code)
