"""The owner's view as a web server: the code, the cookie, and the line."""

import asyncio
import json
from functools import partial

import aiohttp
import pytest
from aiohttp import WSMsgType
from support.browser_line import told
from support.scripted_door import snapshot

from device.door import messages as door
from device.page import live, owner_view, portal
from device.page.owners import COOKIE
from device.page.words import readable

ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}


def post(page, http, path, said, **headers):
    return http.post(f"{page.url}{path}", json=said, headers={"Origin": page.url} | headers)


async def sign_in(page, http):
    async with post(page, http, "/owner/sign-in", {"code": "123456"}) as answer:
        assert answer.status == 204
        return answer.cookies[COOKIE]


@pytest.fixture
def line(line):
    """Open a line to the owner's view."""
    return partial(line, "/owner")


async def test_without_the_code_there_is_nothing_but_how_to_get_one(page, http):
    async with page.door() as daemon, page.serving():
        async with http.get(f"{page.url}/settings") as answer:
            assert answer.status == 200
        async with http.get(f"{page.url}/owner.json") as answer:
            about = await answer.json()
            assert about["signed_in"] is False
            assert answer.headers["Cache-Control"] == "no-store"
        async with http.get(f"{page.url}/owner-words.json") as answer:
            told = await answer.json()
            assert set(told["languages"]) == set(readable())
            assert list(told["words"]) == ["en"]
        for wanted, language in (("de", "de"), ("xx,de,en", "de"), ("../x", "en"), ("a" * 5000 + ",de", "en")):
            async with http.get(f"{page.url}/owner-words.json?{wanted}") as translated:
                assert list((await translated.json())["words"]) == [language]
        async with http.get(answer.url, headers={"If-None-Match": answer.headers["ETag"]}) as again:
            assert again.status == 304, "a browser keeps them"
        async with http.get(f"{page.url}/owner", headers={"Origin": page.url}) as answer:
            assert answer.status == 401
        async with post(page, http, "/owner/sign-out", {"everywhere": True}) as answer:
            assert answer.status == 401
        assert daemon.asked.empty()


async def test_the_words_are_compressed_once(page, http, monkeypatch):
    async with page.door(), page.serving():
        async with http.get(f"{page.url}/owner-words.json") as answer:
            await answer.read()

        def no_more(*_, **__):
            raise AssertionError

        monkeypatch.setattr("device.page.assets.gzip.compress", no_more)
        async with http.get(f"{page.url}/owner-words.json") as answer:
            assert answer.status == 200


def test_nothing_that_is_posted_shows_what_is_secret():
    assert "123456" not in repr(owner_view._Offered("123456"))  # noqa: SLF001
    assert "secret" not in repr(portal._Join("6869", "secret"))  # noqa: SLF001


async def test_the_code_is_asked_of_the_daemon_and_a_cookie_is_given(page, http):
    async with page.door() as daemon, page.serving():
        cookie = await sign_in(page, http)
        assert (await daemon.asked.get()).code == "123456"
        assert (cookie["httponly"], cookie["samesite"]) == (True, "Strict")
        async with http.get(f"{page.url}/owner.json") as answer:
            assert (await answer.json())["signed_in"] is True
        async with http.get(page.url, headers=ELSEWHERE) as answer:
            assert answer.status == 200, "the kiosk view is the owner's, too"


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (door.Error(code="wait", what="it is wrong", fix="try again in 2 s", wait_s=2.0), 429),
        (door.Error(code="refused", what="there is no code", fix="hold the button"), 403),
        (door.Error(code="failed", what="something went wrong"), 503),
    ],
)
async def test_what_the_daemon_says_of_a_wrong_code_is_said(page, http, error, status):
    async with page.door() as daemon, page.serving():
        daemon.refuses = error
        async with post(page, http, "/owner/sign-in", {"code": "000000"}) as answer:
            said = await answer.json()
            assert (answer.status, said["code"], said.get("wait_s", 0)) == (status, error.code, error.wait_s)
            assert answer.cookies == {}


async def test_without_a_daemon_nobody_is_let_in(page, http):
    async with page.serving(), post(page, http, "/owner/sign-in", {"code": "000000"}) as answer:
        assert answer.status == 503
        assert "no daemon" in (await answer.json())["what"]


async def test_a_daemon_that_does_not_answer_is_not_waited_for(page, http, monkeypatch):
    monkeypatch.setattr(owner_view, "CHECKED_S", 0.05)
    server = await asyncio.start_unix_server(lambda *_: asyncio.sleep(60), page.path)
    async with page.serving(), post(page, http, "/owner/sign-in", {"code": "000000"}) as answer:
        assert answer.status == 503
        assert answer.cookies == {}
    server.close()


async def test_codes_are_tried_one_at_a_time(page, http):
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def daemon(reader, writer):
        await reader.readline()
        writer.write(door.encode(door.Hello(version=door.VERSION)))
        await reader.readline()
        asked.set()
        await go_on.wait()
        writer.write(door.encode(door.Error("refused", "no", id=1)))

    server = await asyncio.start_unix_server(daemon, page.path)
    async with page.serving():
        first = asyncio.ensure_future(post(page, http, "/owner/sign-in", {"code": "1"}).__aenter__())
        await asked.wait()
        async with post(page, http, "/owner/sign-in", {"code": "2"}) as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "wait")
        go_on.set()
        assert (await first).status == 403
        first.result().close()
    server.close()


@pytest.mark.parametrize(
    ("said", "headers", "status"),
    [
        (b'{"code": "123456"}', {"Content-Type": "text/plain"}, 415),
        (b"code=123456", {"Content-Type": "application/x-www-form-urlencoded"}, 415),
        (b"{", {}, 400),
        (b'{"code": 123456}', {}, 400),
        (b'{"code": "123456", "more": 1}', {}, 400),
        (json.dumps({"code": "1" * 1000}).encode(), {}, 400),
        (b"[" * 4000, {}, 400),
        (b"x" * 100_000, {}, 413),
        (b'{"code": "123456"}', {"Origin": "http://evil.example"}, 403),
        (b'{"code": "123456"}', {"Host": "evil.example"}, 403),
    ],
)
async def test_what_no_page_of_ours_sends_does_not_reach_the_daemon(page, http, said, headers, status):
    usual = {"Content-Type": "application/json", "Origin": page.url}
    async with page.door() as daemon, page.serving():
        usual["Origin"] = page.url
        async with http.post(f"{page.url}/owner/sign-in", data=said, headers=usual | headers) as answer:
            assert answer.status == status
        assert daemon.asked.empty()


async def test_who_does_not_say_an_origin_is_no_browser(page, http):
    async with page.door(), page.serving():
        async with http.post(f"{page.url}/owner/sign-in", json={"code": "123456"}) as answer:
            assert answer.status == 403
        await sign_in(page, http)
        async with http.get(f"{page.url}/owner") as answer:
            assert answer.status == 403


async def test_the_line_tells_the_owner_all(page, http, line):
    async with page.door(snapshot()) as daemon, page.serving():
        await sign_in(page, http)
        now = await told(await line(), "snapshot")
        assert now["cost"]["today"] == 1.5
        assert {"cost", "code"} <= set(await daemon.subscribed.get())


@pytest.mark.parametrize(
    "said",
    [
        {"type": "get_settings", "below": "wake"},
        {"type": "change_setting", "key": "name", "value": "Ada", "was": None},
        {"type": "get_transcripts", "search": "tea"},
        {"type": "delete_transcripts", "ids": ["a"]},
        {"type": "get_costs"},
        {"type": "restart"},
        {"type": "say", "text": "Hello"},
        {"type": "cancel_alarm", "number": 3},
        {"type": "wake"},
    ],
    ids=lambda said: said["type"],
)
async def test_what_the_owner_asks_for_is_asked_for(page, http, line, said):
    async with page.door() as daemon, page.serving():
        await sign_in(page, http)
        await daemon.asked.get()
        ws = await line()
        await told(ws, "snapshot")
        await ws.send_json({**said, "id": 7})
        assert (await told(ws, "done"))["id"] == 7
        asked = json.loads(door.encode(await daemon.asked.get()))
        assert {key: asked.get(key) for key in said} == said


@pytest.mark.parametrize("said", ['{"type": "new_code"}', '{"type": "check_code", "code": "1"}', "{", "[" * 10_000])
async def test_codes_are_not_for_browsers_to_make(page, http, line, said):
    async with page.door() as daemon, page.serving():
        await sign_in(page, http)
        await daemon.asked.get()
        ws = await line()
        await told(ws, "snapshot")
        await ws.send_str(said)
        assert (await told(ws, "error"))["code"] == "bad_message"
        assert daemon.asked.empty()


async def test_answers_are_not_waited_for_one_after_the_other_but_are_not_too_many(page, http, line):
    go_on = asyncio.Event()

    async def daemon(reader, writer):
        await reader.readline()
        writer.write(door.encode(door.Hello(version=door.VERSION)))
        numbers = []
        while request := await reader.readline():
            number = json.loads(request)["id"]
            if json.loads(request)["type"] in {"subscribe", "check_code"}:
                writer.write(door.encode(door.Done(id=number)))
                writer.write(door.encode(snapshot()))
                continue
            numbers.append(number)
            if len(numbers) == live.MOST_AT_ONCE:
                await go_on.wait()
                for one in reversed(numbers):
                    writer.write(door.encode(door.Done(id=one)))

    server = await asyncio.start_unix_server(daemon, page.path)
    async with page.serving():
        await sign_in(page, http)
        ws = await line()
        await told(ws, "snapshot")
        for number in range(live.MOST_AT_ONCE + 1):
            await ws.send_json({"type": "get_costs", "id": 100 + number})
        error = await told(ws, "error")
        assert (error["code"], error["id"]) == ("too_many", 100 + live.MOST_AT_ONCE)
        go_on.set()
        done = [(await told(ws, "done"))["id"] for _ in range(live.MOST_AT_ONCE)]
        assert done == sorted(done, reverse=True)
    server.close()


@pytest.mark.parametrize("asks", [False, True])
async def test_who_signs_out_loses_the_line(page, http, line, monkeypatch, asks):
    monkeypatch.setattr(live, "HERE_S", 100 if asks else 0.01)
    async with page.door() as daemon, page.serving():
        await sign_in(page, http)
        await daemon.asked.get()
        ws = await line()
        await told(ws, "snapshot")
        async with post(page, http, "/owner/sign-out", {"everywhere": asks}) as answer:
            assert answer.status == 204
        if asks:
            await ws.send_json({"type": "restart", "id": 1})
        async with asyncio.timeout(20):
            while (await ws.receive()).type is WSMsgType.TEXT:
                pass
        assert daemon.asked.empty()


async def test_an_old_cookie_opens_no_line(page, http):
    async with page.door(), page.serving():
        cookie = await sign_in(page, http)
        async with post(page, http, "/owner/sign-out", {}) as answer:
            assert answer.status == 204
    async with page.door(), page.serving(), aiohttp.ClientSession() as other:
        headers = {"Origin": page.url, "Cookie": f"{COOKIE}={cookie.value}"}
        async with other.get(f"{page.url}/owner", headers=headers) as answer:
            assert answer.status == 401


async def test_there_are_not_too_many_of_the_owner_s(page, http, line):
    async with page.door(), page.serving():
        await sign_in(page, http)
        for _ in range(owner_view.BROWSERS):
            await line()
        async with http.get(f"{page.url}/owner", headers={"Origin": page.url}) as answer:
            assert answer.status == 503
