"""A server by HTTP: what each request carries, and every way in which an answer comes, or does not."""

import asyncio
import json
import ssl
from pathlib import Path

import msgspec
import pytest
from aiohttp import web
from support.scripted_mcp import ScriptedMcp, event, events, said

from device.mcp import http
from device.mcp.http import HttpTransport
from device.mcp.messages import McpError, NonsenseError, RefusedError, RpcError, SilentError, StatusError
from device.settings.mcp import McpSettings
from device.settings.types import Secret

PEM = Path(__file__).parents[1] / "support/localhost.pem"


@pytest.fixture
async def server():
    async with ScriptedMcp() as running:
        yield running


@pytest.fixture
async def older():
    async with ScriptedMcp(revision="2025-06-18", session="s-1") as running:
        yield running


def way(server, **settings):
    return HttpTransport("home", McpSettings(**{"url": server.url if server else "", **settings}))


def read(result):
    return msgspec.json.decode(result)


async def asked(server, method="tools/list", params=None, *, timeout_s=2, **settings):
    transport = way(server, **settings)
    try:
        return read(await transport.ask(method, params or {}, timeout_s=timeout_s))
    finally:
        await transport.close()


async def test_a_request_says_what_it_is_in_its_headers(server):
    await asked(server, "tools/call", {"name": "größer", "arguments": {}}, token=Secret("s3cret"))
    (headers,) = server.headers
    assert headers["Accept"] == "application/json, text/event-stream"
    assert headers["Content-Type"] == "application/json"
    assert headers["MCP-Protocol-Version"] == "2026-07-28"
    assert headers["Mcp-Method"] == "tools/call"
    assert headers["Mcp-Name"] == "=?base64?Z3LDtsOfZXI=?="
    assert headers["Authorization"] == "Bearer s3cret"
    assert "Mcp-Session-Id" not in headers


async def test_the_token_shows_itself_nowhere(server, caplog):
    caplog.set_level("DEBUG")
    transport = way(server, token=Secret("s3cret"), url="http://127.0.0.1:1/mcp")
    with pytest.raises(McpError) as found:
        await transport.ask("tools/list", {}, timeout_s=2)
    assert "s3cret" not in repr(transport) + str(found.value) + repr(found.value.__dict__) + caplog.text
    await transport.close()


async def test_a_token_that_goes_in_the_clear_is_told_of_but_not_on_this_machine(caplog):
    caplog.set_level("INFO")
    HttpTransport("a", McpSettings(url="http://127.0.0.1/", token=Secret("t")))
    HttpTransport("b", McpSettings(url="https://box/", token=Secret("t")))
    assert not caplog.text
    HttpTransport("c", McpSettings(url="http://box/", token=Secret("t")))
    assert "The token of mcp.c travels unencrypted to box" in caplog.text


@pytest.mark.parametrize("by_stream", [False, True])
async def test_an_older_server_has_a_session_which_is_ended(older, by_stream):
    async def begun(request, message):
        headers = {"Mcp-Session-Id": "s-1", "Content-Type": "text/event-stream"}
        return web.Response(text=event({"id": message["id"], "result": {}}), headers=headers)

    older.results |= {"initialize": begun} if by_stream else {}
    transport = way(older)
    transport.begin()
    await transport.ask("initialize", {}, timeout_s=2)
    transport.agree("2025-06-18")
    await transport.notify("notifications/initialized")
    assert read(await transport.ask("tools/list", {}, timeout_s=2))["tools"]
    await transport.close()
    first, *rest = older.headers
    assert "Mcp-Session-Id" not in first
    assert "MCP-Protocol-Version" not in first
    assert "Mcp-Method" not in first
    assert [(one["Mcp-Session-Id"], one["MCP-Protocol-Version"]) for one in rest] == [("s-1", "2025-06-18")] * 2
    assert older.deleted == ["s-1"]


async def test_a_stream_brings_progress_and_then_the_answer(server):
    progress, told = [], []

    async def stream(request, message):
        token = message["params"]["_meta"]["progressToken"]
        steps = [
            event({"method": "notifications/progress", "params": {"progressToken": token, "progress": n}})
            for n in range(3)
        ]
        other = event({"method": "notifications/message", "params": {}})
        return await events(
            request, ": hello\n\n", *steps, other, event({"id": message["id"], "result": {"ok": 1}}), pause_s=0.3
        )

    server.results["tools/call"] = stream
    transport = way(server)
    transport.told = told.append
    result = await transport.ask("tools/call", {"name": "x"}, timeout_s=1, progress=progress.append)
    assert read(result) == {"ok": 1}
    assert [one.params["progress"] for one in progress] == [0, 1, 2]
    assert [one.method for one in told] == ["notifications/message"]
    await transport.close()


async def test_a_request_of_a_server_is_answered(older):
    async def stream(request, message):
        ping = event({"id": "ping-1", "method": "ping"})
        return await events(request, ping, event({"id": message["id"], "result": {}}), pause_s=0.1)

    older.results["tools/list"] = stream
    older.session = ""
    transport = way(older)
    transport.begin()
    await transport.ask("tools/list", {}, timeout_s=2)
    assert {"jsonrpc": "2.0", "id": "ping-1", "result": {}} in older.asked
    await transport.close()


async def test_an_answer_that_broke_off_is_taken_up_again_where_that_can_be(older):
    number = []

    class Broken(ScriptedMcp):
        async def stream(self, request):
            assert request.headers["Last-Event-ID"] == "e-1"
            return await events(request, event({"id": number[0], "result": {"late": 1}}, id="e-2"))

    async def broken(request, message):
        number.append(message["id"])
        return await events(request, "id: e-1\nretry: 50\ndata:\n\n")

    async with Broken(revision="2025-11-25") as server:
        server.results["tools/call"] = broken
        transport = way(server)
        transport.begin()
        transport.agree("2025-11-25")
        assert read(await transport.ask("tools/call", {"name": "x"}, timeout_s=3)) == {"late": 1}
        await transport.close()
        with pytest.raises(McpError, match="broke off"):
            await asked(server, "tools/call", {"name": "x"})


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_server_may_send_us_on_within_itself(server, status):
    async def moved(request, message):
        if request.path == "/mcp":
            return web.Response(status=status, headers={"Location": "/mcp/"})
        return said(message, {"tools": []})

    server.results["tools/list"] = moved
    assert await asked(server, token=Secret("t")) == {"tools": []}
    assert server.headers[1]["Authorization"] == "Bearer t"


async def test_a_token_follows_to_no_other_server(server):
    async with ScriptedMcp() as other:

        async def moved(request, message):
            return web.Response(status=307, headers={"Location": other.url})

        server.results["tools/list"] = moved
        with pytest.raises(McpError, match=rf"on to http://127\.0\.0\.1:{other.port}, where no token follows"):
            await asked(server, token=Secret("t"))
        assert other.asked == []


@pytest.mark.parametrize("location", ["", "http://[", "//", "ftp://x", "/mcp"])
async def test_a_redirect_to_nowhere_is_a_fault(server, location):
    async def moved(request, message):
        return web.Response(status=307, headers={"Location": location})

    server.results["tools/list"] = moved
    with pytest.raises(McpError, match=r"mcp\.home\.url"):
        await asked(server)


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        (lambda: web.Response(text="<html>", content_type="text/html"), StatusError, "answers with text/html"),
        (lambda: web.Response(status=202), StatusError, "answers with nothing"),
        (lambda: web.Response(text="{", content_type="application/json"), NonsenseError, "no message"),
        (lambda: web.json_response({"jsonrpc": "2.0", "id": 1}), NonsenseError, "no result"),
        (
            lambda: web.json_response({"error": {"code": -32601, "message": "no"}}, status=404),
            RpcError,
            r"no \(-32601\)",
        ),
        (lambda: web.json_response({"error": "not_found"}, status=404), StatusError, r"\(404\)"),
        (lambda: web.Response(status=404, text="not configured"), StatusError, "It says: not configured"),
        (lambda: web.Response(status=500), StatusError, "see its log"),
        (lambda: web.Response(status=403), RefusedError, "403"),
        (lambda: web.Response(body=b"x" * 5000, content_type="application/json"), McpError, "more than 4000 bytes"),
        (lambda: web.Response(text="data: " + "x" * 5000, content_type="text/event-stream"), McpError, "4000 bytes"),
        (
            lambda: web.Response(text="data: nonsense\n\n", content_type="text/event-stream"),
            NonsenseError,
            "no message",
        ),
        (lambda: web.Response(text="", content_type="text/event-stream"), McpError, "broke off"),
    ],
)
async def test_every_wrong_answer_is_a_fault_that_says_so(server, monkeypatch, answer, kind, told):
    monkeypatch.setattr(http, "LONGEST", 4000)
    monkeypatch.setattr("device.mcp.sse.LONGEST", 4000)

    async def answered(request, message):
        return answer()

    server.results["tools/list"] = answered
    with pytest.raises(kind, match=told):
        await asked(server)


async def test_a_token_that_is_refused_is_told_with_what_to_do(server):
    server.token = "right"
    with pytest.raises(RefusedError, match="PARLEY_MCP_HOME_TOKEN"):
        await asked(server, token=Secret("wrong"))
    assert await asked(server, token=Secret("right"))


async def test_a_flood_in_a_stream_is_ended(server):
    async def flood(request, message):
        one = event({"method": "notifications/message", "params": {}})
        return await events(request, *[one * 100] * 20)

    server.results["tools/list"] = flood
    with pytest.raises(McpError, match="messages a second"):
        await asked(server, timeout_s=10)


@pytest.mark.parametrize("revision", ["2026-07-28", "2025-11-25"])
async def test_who_no_longer_waits_says_so(server, revision):
    gone = asyncio.Event()

    async def slow(request, message):
        try:
            await asyncio.sleep(20)
        finally:
            gone.set()
        return said(message, {})

    server.results["tools/call"] = slow
    transport = way(server)
    if revision != "2026-07-28":
        transport.begin()
        transport.agree(revision)
    with pytest.raises(SilentError, match=r"no answer for 0\.2 s"):
        await transport.ask("tools/call", {"name": "x"}, timeout_s=0.2)
    task = asyncio.create_task(transport.ask("tools/call", {"name": "x"}, timeout_s=20))
    await asyncio.sleep(0.2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await asyncio.sleep(0.2)
    told = [one["params"]["requestId"] for one in server.asked if one.get("method") == "notifications/cancelled"]
    assert told == ([] if revision == "2026-07-28" else [one["id"] for one in server.asked if "id" in one])
    await transport.close()


async def test_what_a_server_says_of_its_own_accord_is_heard_again_when_it_broke_off():
    class Telling(ScriptedMcp):
        async def stream(self, request):
            if len(self.streams) > 2:
                return web.Response(status=405)
            number = len(self.streams)
            return await events(request, f"retry: 20\nid: {number}\n" + event({"method": f"told-{number}"}))

    async with Telling(revision="2025-06-18") as server:
        transport, told = way(server), []
        transport.begin()
        transport.agree("2025-06-18")
        transport.told = told.append
        await asyncio.wait_for(transport.listen(stream=True), 5)
        assert [one.method for one in told] == ["told-1", "told-2"]
        assert [one.headers.get("Last-Event-ID") for one in server.streams] == [None, "1", "2"]
        await transport.close()


async def test_a_certificate_that_nobody_knows_is_named():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    runner = web.AppRunner(web.Application())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    port = runner.addresses[0][1]
    with pytest.raises(McpError, match="certificate cannot be trusted: check its date, this machine's clock"):
        await asked(None, url=f"https://localhost:{port}/")
    with pytest.raises(McpError, match="cannot be reached"):
        await asked(None, url=f"http://localhost:{port}/")
    await runner.cleanup()


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://nowhere.invalid/"])
async def test_nobody_there_is_a_fault(url):
    with pytest.raises(McpError, match="home"):
        await asked(None, url=url)


async def test_to_close_it_twice_is_harmless(server):
    transport = way(server)
    await transport.close()
    await transport.ask("tools/list", {}, timeout_s=2)
    await transport.close()
    await transport.close()
    assert json.dumps(server.methods)
