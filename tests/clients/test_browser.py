"""Web pages in a real browser, and the local engine: it serves those that the settings name, and no other."""

import platform

import pytest
from support.browser import page, visit
from support.scripted import Scripted

from device.web.gate import Allowed

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="the browser's package has it for x86 only")

TRIES = """
const secrets = `http://${engine}/v1/realtime/client_secrets`;
tried.health = await get(`http://${engine}/health`);
tried.blind = await get(`http://${engine}/health`, { mode: "no-cors" });
tried.secret = await get(secrets, { method: "POST", body: "{}" });
const headers = { "content-type": "application/json", authorization: "Bearer x" };
tried.json = await get(secrets, { method: "POST", headers, body: "{}" });
tried.socket = await socket(`ws://${engine}/v1/realtime?model=x`, ["realtime", "openai-insecure-api-key.x"]);
"""
NOTHING = {"health": "unreadable", "blind": "opaque", "secret": "unreadable", "json": "unreadable", "socket": "refused"}
ALL = {"health": 200, "blind": "opaque", "secret": 200, "json": 200, "socket": "session.created"}
"""A page cannot tell a blind request that was refused from one that was not."""


def at(host: str, server: Scripted) -> str:
    return f"{host}:{server.url.split(':')[2].split('/')[0]}"


async def test_a_page_that_is_not_allowed_reaches_nothing():
    async with page(TRIES) as (origin, reported), Scripted() as server:
        assert await visit(origin, at("127.0.0.1", server), reported) == NOTHING


async def test_a_page_of_the_same_machine_reaches_nothing_either():
    async with page(TRIES, "localhost") as (origin, reported), Scripted() as server:
        assert await visit(origin, at("localhost", server), reported) == NOTHING


async def test_a_page_that_gives_this_machine_a_name_of_its_own_reaches_nothing():
    async with page(TRIES, "evil.example") as (origin, reported), Scripted() as server:
        assert await visit(origin, at("evil.example", server), reported) == NOTHING


async def test_a_page_that_is_allowed_is_served():
    async with (
        page(TRIES) as (origin, reported),
        Scripted(allowed=Allowed(origins=(origin,))) as server,
    ):
        assert await visit(origin, at("127.0.0.1", server), reported) == ALL


async def test_an_allowed_page_may_not_rename_this_machine():
    async with (
        page(TRIES, "kiosk.example") as (origin, reported),
        Scripted(allowed=Allowed(origins=(origin,))) as server,
    ):
        told = {"health": 403, "secret": 403}  # an allowed page may read why
        assert await visit(origin, at("evil.example", server), reported) == NOTHING | told


async def test_a_name_that_is_allowed_is_answered_to():
    async with (
        page(TRIES, "kiosk.example") as (origin, reported),
        Scripted(allowed=Allowed(origins=(origin,), hosts=("engine.example",))) as server,
    ):
        assert await visit(origin, at("engine.example", server), reported) == ALL
