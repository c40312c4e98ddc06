"""A browser's line to the daemon, without a browser."""

import asyncio

import pytest
from aiohttp import WSMsgType
from support.browser_line import told
from support.scripted_door import ScriptedDoor, snapshot, state

from device.door import messages as door
from device.page import live
from device.page.access import COOKIE
from device.page.link import ensure, renew


async def test_it_begins_with_how_all_is_but_for_what_is_the_owner_s(page, line):
    async with page.door(snapshot(state("listening"))) as daemon, page.serving():
        now = await told(await line(), "snapshot")
        assert now["state"]["light"] == "listening"
        assert "today" not in now["cost"]
        assert "seconds" not in now.get("code", {})
        assert not {"cost", "code"} & set(await daemon.subscribed.get())


async def test_what_happens_goes_on_as_it_came(page, line):
    async with page.door() as daemon, page.serving():
        ws = await line()
        await told(ws, "snapshot")
        await daemon.tell(door.Caption(id="a", role="assistant", text="Yes?"), door.Heard(id="a", chars=2))
        assert await told(ws, "caption") == {"type": "caption", "id": "a", "role": "assistant", "text": "Yes?"}
        assert await told(ws, "heard") == {"type": "heard", "id": "a", "chars": 2}


@pytest.mark.parametrize("kind", ["wake", "stop", "mute", "unmute", "repeat"])
async def test_what_a_kiosk_may_ask_for_is_asked_for(page, line, kind):
    async with page.door() as daemon, page.serving():
        ws = await line()
        await told(ws, "snapshot")
        await ws.send_json({"type": kind, "id": 7})
        assert await told(ws, "done") == {"type": "done", "id": 7}
        assert type(await daemon.asked.get()).__name__.lower() == kind


@pytest.mark.parametrize(
    "said",
    [
        "",
        "[]",
        "{",
        '{"type": "restart"}',
        '{"type": "new_code", "speak": true}',
        '{"type": "change_setting", "key": "brain.url", "value": "http://evil.example"}',
        '{"type": "get_transcripts"}',
        '{"type": "wake", "more": 1}',
        '{"type": "ask", "text": "hello"}',
    ],
)
async def test_all_else_is_refused_and_does_not_reach_the_daemon(page, line, said):
    async with page.door() as daemon, page.serving():
        ws = await line()
        await told(ws, "snapshot")
        await ws.send_str(said)
        assert (await told(ws, "error"))["code"] == "bad_message"
        await ws.send_json({"type": "wake"})
        await told(ws, "done")
        assert isinstance(await daemon.asked.get(), door.Wake)


async def test_who_waits_for_the_answer_to_what_is_refused_gets_it(page, line):
    async with page.door(), page.serving():
        ws = await line()
        await told(ws, "snapshot")
        await ws.send_json({"type": "restart", "id": 7})
        assert (await told(ws, "error"))["id"] == 7


async def test_what_cannot_be_done_is_told(page, line):
    async with page.door() as daemon, page.serving():
        daemon.refuses = door.Error(code="impossible", what="a switch holds it muted", fix="turn it")
        ws = await line()
        await told(ws, "snapshot")
        await ws.send_json({"type": "unmute", "id": 3})
        error = await told(ws, "error")
        assert (error["code"], error["fix"], error["id"]) == ("impossible", "turn it", 3)


async def test_without_a_daemon_it_says_so_and_comes_back_by_itself(page, line):
    async with page.serving():
        ws = await line()
        gone = await told(ws, "gone")
        assert "no daemon" in gone["what"]
        assert gone["fix"]
        await ws.send_json({"type": "wake", "id": 1})
        assert (await told(ws, "error"))["code"] == "closing"
        async with page.door():
            assert (await told(ws, "snapshot"))["about"]["name"] == "Jarvis"
        assert await told(ws, "gone")
        async with ScriptedDoor(page.path):
            assert await told(ws, "snapshot")


async def test_it_says_that_it_is_there_though_nothing_happens(page, line, monkeypatch):
    monkeypatch.setattr(live, "HERE_S", 0.01)
    async with page.door(), page.serving():
        ws = await line()
        for _ in range(3):
            await told(ws, "here")


async def test_a_browser_that_says_too_much_is_hung_up_on(page, line):
    async with page.door(), page.serving():
        ws = await line()
        await told(ws, "snapshot")
        await ws.send_str("x" * 100_000)
        while not (await ws.receive(timeout=20)).type.name.startswith("CLOS"):
            pass
        assert ws.close_code == 1009


@pytest.mark.parametrize("asks", [False, True])
async def test_a_new_link_ends_the_lines_of_those_who_came_by_the_old_one(page, http, monkeypatch, asks):
    monkeypatch.setattr(live, "HERE_S", 100 if asks else 0.01)
    elsewhere = {"X-Forwarded-For": "192.0.2.7", "Cookie": f"{COOKIE}={ensure(page.folder)}"}
    async with page.door() as daemon, page.serving():
        async with http.ws_connect(f"{page.url}/live", headers=elsewhere | {"Origin": page.url}) as ws:
            await told(ws, "snapshot")
            renew(page.folder)
            if asks:
                await ws.send_json({"type": "mute"})
            async with asyncio.timeout(20):
                while (await ws.receive()).type is WSMsgType.TEXT:
                    pass
            assert ws.closed
        assert daemon.asked.empty()
