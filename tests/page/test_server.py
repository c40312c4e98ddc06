"""The page as a web server: what is served to whom."""

import asyncio
import os
import resource
import socket
from pathlib import Path

import msgspec
import pytest

from device.page import assets
from device.page.link import ensure
from device.page.server import BROWSERS, LARGEST_PICTURE, PageError

ELSEWHERE = {"X-Forwarded-For": "192.0.2.7"}
"""What a proxy on this machine says of a browser that is elsewhere."""


async def test_what_browsers_load_is_there_and_shut_in(page, http):
    async with page.serving():
        for path in (
            "/",
            "/page.json",
            "/settings",
            "/owner.json",
            "/owner-words.json",
            *(f"/static/{name}" for name in assets.all_assets()),
        ):
            async with http.get(page.url + path) as answer:
                assert answer.status == 200, path
                assert {name: answer.headers[name] for name in assets.HEADERS} == assets.HEADERS
                assert "Server" not in answer.headers


@pytest.mark.parametrize(
    "path", ["/static/../server.py", "/static/%2e%2e%2fserver.py", "/static/", "/settings.toml", "/k/"]
)
async def test_nothing_else_is(page, http, path):
    async with page.serving(), http.get(page.url + path) as answer:
        assert answer.status == 404
        assert answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "192.0.2.1"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "document"},
    ],
    ids=str,
)
async def test_foreign_names_and_pages_are_refused_everywhere(page, http, headers):
    async with page.serving():
        kiosk = ("/", "/page.json", "/picture", "/live", "/static/page.css", "/k/x")
        for path in (*kiosk, "/settings", "/owner.json", "/owner", "/owner/sign-in"):
            async with http.get(page.url + path, headers=headers) as answer:
                assert answer.status == 403
                assert (await answer.json())["error"]["code"] in {"host_not_allowed", "origin_not_allowed"}


async def test_a_link_on_another_site_may_lead_here(page, http):
    """The kiosk link comes by mail."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    async with page.serving():
        async with http.get(page.url, headers=headers) as answer:
            assert answer.status == 200
        async with http.post(page.url, headers=headers) as answer:
            assert answer.status == 403


async def test_a_line_is_for_browsers_alone_and_not_for_too_many(page, http):
    async with page.door(), page.serving():
        async with http.get(f"{page.url}/live") as answer:
            assert answer.status == 403
        async with http.get(f"{page.url}/live", headers={"Origin": page.url}) as answer:
            assert answer.status == 426
        lines = [await http.ws_connect(f"{page.url}/live", headers={"Origin": page.url}) for _ in range(BROWSERS)]
        async with http.get(f"{page.url}/live", headers={"Origin": page.url}) as answer:
            assert answer.status == 503
        for ws in lines:
            await ws.close()


async def test_others_need_the_kiosk_link(page, http):
    token = ensure(page.folder)
    async with page.serving():
        async with http.get(page.url, headers=ELSEWHERE) as answer:
            assert answer.status == 401
            assert "parley page link" in await answer.text()
        for path in ("/page.json", "/picture", "/live"):
            async with http.get(page.url + path, headers=ELSEWHERE | {"Origin": page.url}) as answer:
                assert answer.status == 401
        async with http.get(f"{page.url}/k/{'x' * 22}", headers=ELSEWHERE, allow_redirects=False) as answer:
            assert (answer.status, answer.cookies) == (403, {})
        async with http.get(f"{page.url}/k/{token}", headers=ELSEWHERE) as answer:
            assert (answer.status, answer.url.path) == (200, "/")
        async with http.get(f"{page.url}/page.json", headers=ELSEWHERE) as answer:
            assert answer.status == 200


async def test_it_says_what_the_page_is_to_look_like(page, http):
    async with page.serving(languages=("de", "en"), idle="Frag mich!", saver_s=60):
        async with http.get(f"{page.url}/page.json") as answer:
            about = await answer.json()
        assert (about["languages"], about["idle"], about["saver_s"]) == (["de", "en"], "Frag mich!", 60)
        assert about["words"]["de"]["do"]["wake"] == "Sprechen"
        assert about["picture"] is False
        page.language, page.settings = "de", msgspec.structs.replace(page.settings, languages=())
        async with http.get(f"{page.url}/page.json") as answer:
            assert (await answer.json())["languages"] == ["de"], "as the settings are by now"


async def test_the_picture_is_shown_if_it_is_one(page, http, tmp_path, caplog):
    picture = tmp_path / "museum.PNG"
    async with page.serving(picture=str(picture)):
        async with http.get(f"{page.url}/picture") as answer:
            assert answer.status == 404
            assert "page.picture" in caplog.text
        picture.write_bytes(b"\x89PNG")
        async with http.get(f"{page.url}/picture") as answer:
            assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", b"\x89PNG")
    async with page.serving(), http.get(f"{page.url}/picture") as answer:
        assert answer.status == 404


async def test_the_picture_is_not_sent_again_to_who_has_it_and_is_no_pipe(page, http, tmp_path, caplog):
    picture, pipe = tmp_path / "museum.jpg", tmp_path / "pipe.png"
    picture.write_bytes(b"\xff\xd8")
    os.mkfifo(pipe)
    async with page.serving(picture=str(picture)):
        async with http.get(f"{page.url}/picture") as answer:
            assert answer.headers["Cache-Control"] == "no-cache"
            assert {name: answer.headers[name] for name in assets.HEADERS} == assets.HEADERS
            known = {"If-None-Match": answer.headers["ETag"]}
        async with http.get(f"{page.url}/picture", headers=known) as answer:
            assert answer.status == 304
        page.settings = msgspec.structs.replace(page.settings, picture=str(pipe))
        async with http.get(f"{page.url}/picture") as answer:
            assert answer.status == 404
            assert "a pipe" in caplog.text


async def test_slow_readers_of_the_picture_take_no_memory(page, tmp_path):
    picture = tmp_path / "museum.jpg"
    with picture.open("wb") as file:
        file.truncate(LARGEST_PICTURE)
    async with page.serving(picture=str(picture)):
        before = resident()
        slow = [await asyncio.open_connection("127.0.0.1", page.port, limit=2**10) for _ in range(20)]
        for reader, writer in slow:
            writer.write(b"GET /picture HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b"200" in await reader.readline()
        assert resident() - before < 2 * LARGEST_PICTURE
        for _, writer in slow:
            writer.close()


def resident():
    """Return the bytes of memory that this process takes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_an_odd_handshake_is_refused_and_no_fault(page, http, caplog):
    odd = {"Connection": "upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "\xff"}
    async with page.serving(), http.get(f"{page.url}/live", headers=odd | {"Origin": page.url}) as answer:
        assert answer.status == 426
    assert caplog.text == ""


async def test_a_port_in_use_is_named_with_what_to_change(page):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(PageError, match=r"another page.*page\.port"):
        await page.serving(port=taken.getsockname()[1]).__aenter__()


async def test_who_asks_for_nothing_is_not_waited_for_by_others(page, http):
    async with page.serving():
        silent = [await asyncio.open_connection("127.0.0.1", page.port) for _ in range(80)]
        async with http.get(page.url) as answer:
            assert answer.status == 200
        for _, writer in silent:
            writer.close()


@pytest.mark.parametrize(
    ("changed", "moves"), [({"lan": True}, True), ({"hosts": ("box",)}, True), ({"idle": "x"}, False)]
)
async def test_when_the_daemon_was_started_anew_it_moves_where_the_settings_have_it(page, http, changed, moves):
    async with page.serving():
        async with page.door():
            ws = await http.ws_connect(f"{page.url}/live", headers={"Origin": page.url})
            while (await ws.receive_json(timeout=20))["type"] != "snapshot":
                pass
        while (await ws.receive_json(timeout=20))["type"] != "gone":
            pass
        page.settings = msgspec.structs.replace(page.settings, **changed)
        page.looked.clear()
        async with page.door():
            assert await asyncio.to_thread(page.looked.wait, 20)
            if moves:
                await asyncio.wait_for(page.work, 20)
            else:
                async with http.get(page.url) as answer:
                    assert answer.status == 200
                assert not page.work.done()
        await ws.close()
