"""A client: which revision both speak, the tools page by page, sessions that end, and what changes."""

import asyncio

import msgspec
import pytest
from aiohttp import web
from support.scripted_mcp import ScriptedMcp, event, events, said, tool
from support.scripted_stdio import command

from device.mcp import client as clients
from device.mcp.client import Client
from device.mcp.http import HttpTransport
from device.mcp.messages import McpError, NonsenseError, RefusedError, StatusError
from device.mcp.stdio import StdioTransport
from device.settings.mcp import McpSettings


def by_http(server, **settings):
    return Client(HttpTransport("home", McpSettings(url=server.url, **settings)), seconds=3)


def by_program(lines):
    return Client(StdioTransport("files", McpSettings(command=command(lines)), {}), seconds=3)


@pytest.mark.parametrize("revision", ["2026-07-28", "2025-11-25", "2025-06-18", "2025-03-26"])
async def test_the_newest_revision_that_both_speak_is_spoken(revision):
    async with ScriptedMcp(revision=revision) as server:
        client = by_http(server)
        await client.open()
        assert (client.revision, client.called, client.tells_changes) == (revision, "scripted", True)
        assert len((await client.tools()).tools) == 1
        assert (await client.call("add", {"a": 1}, timeout_s=2))["content"]
        await client.close()
        older = ["server/discover", "initialize", "notifications/initialized", "tools/list", "tools/call"]
        assert server.methods == (
            ["server/discover", "tools/list", "tools/call"] if revision == "2026-07-28" else older
        )


def refusing(**answers):
    """Return a server of an older revision that answers the newest's first request as it likes."""
    server = ScriptedMcp(revision="2025-06-18")
    server.results |= {"server/discover": answers["discover"]}
    return server


async def bad_request(request, message):
    return web.Response(status=400, text="Bad Request: No valid session ID provided")


async def not_found(request, message):
    return web.Response(status=404)


async def bare(request, message):
    return web.json_response({"oops": True})


@pytest.mark.parametrize(
    "discover",
    [
        (-32601, "Method not found"),
        (-32602, "Invalid request parameters"),
        (-32022, "Unsupported protocol version"),
        (0, ""),
        {"supportedVersions": ["2025-06-18"]},
        {"supportedVersions": "strange"},
        {},
        bad_request,
        not_found,
        bare,
    ],
)
async def test_whatever_an_older_server_says_to_the_newest_it_is_asked_in_its_own_way(discover):
    async with refusing(discover=discover) as server:
        client = by_http(server)
        await client.open()
        assert client.revision == "2025-06-18"
        await client.close()


async def test_a_server_with_nothing_but_a_later_revision_is_told_apart():
    async def later(request, message):
        error = {"code": -32022, "message": "x", "data": {"supported": ["2031-01-01"]}}
        return web.json_response({"jsonrpc": "2.0", "id": message["id"], "error": error}, status=400)

    async with refusing(discover=later) as server:
        with pytest.raises(McpError, match=r"speaks none of the revisions that we do: \['2031-01-01'\]"):
            await by_http(server).open()
    async with ScriptedMcp(revision="1999-01-01") as server:
        with pytest.raises(McpError, match="the revision '1999-01-01' of the protocol, which we do not"):
            await by_http(server).open()


async def test_a_token_that_is_refused_is_not_tried_in_another_way():
    async with ScriptedMcp(token="right") as server:
        with pytest.raises(RefusedError):
            await by_http(server).open()
        assert server.asked == []


async def test_a_server_with_a_fault_is_not_asked_in_another_way():
    async def fault(request, message):
        return web.Response(status=502)

    async with refusing(discover=fault) as server:
        with pytest.raises(StatusError, match="502"):
            await by_http(server).open()
        assert server.methods == ["server/discover"]


async def test_a_program_that_is_silent_about_the_newest_is_asked_in_its_own_way(monkeypatch):
    monkeypatch.setattr(clients, "PROBE_S", 0.3)
    client = by_program("""
        if method == "initialize": said({"protocolVersion": "2024-11-05", "capabilities": {}})
        if method == "tools/list": said(TOOLS)
    """)
    await client.open()
    assert client.revision == "2024-11-05"
    assert (await client.tools()).tools
    await client.close()


async def test_one_that_only_starts_slowly_speaks_the_newest_all_the_same(monkeypatch):
    monkeypatch.setattr(clients, "PROBE_S", 0.3)
    client = by_program("""
        if method == "server/discover" and not globals().get("awake"): awake = True; time.sleep(1); said(MODERN)
        elif method == "server/discover": said(MODERN)
        elif method == "initialize": fault(-32022, "no handshake", {"supported": ["2026-07-28"]})
    """)
    await client.open()
    assert client.revision == "2026-07-28"
    await client.close()


async def test_the_list_is_read_page_by_page():
    async with ScriptedMcp() as server:

        async def page(request, message):
            at = int(message["params"].get("cursor", "0"))
            more = {"nextCursor": str(at + 1)} if at < 4 else {}
            return said(message, {"tools": [tool(f"t{at}")], "ttlMs": 120_000, **more})

        server.results["tools/list"] = page
        client = by_http(server)
        await client.open()
        listed = await client.tools()
        assert [msgspec.json.decode(one)["name"] for one in listed.tools] == ["t0", "t1", "t2", "t3", "t4"]
        assert listed.fresh_s == 120
        await client.close()


async def test_a_list_without_end_is_left():
    async with ScriptedMcp() as server:
        server.results["tools/list"] = {"tools": [tool("a")], "nextCursor": "again", "ttlMs": -5}
        client = by_http(server)
        await client.open()
        assert len((await client.tools()).tools) == clients.PAGES
        server.results["tools/list"] = {"tools": [tool(f"t{n}") for n in range(12_000)]}
        assert len((await client.tools()).tools) == clients.MOST_LISTED
        server.results["tools/list"] = {"tools": {"a": 1}}
        with pytest.raises(NonsenseError, match="lists no tools"):
            await client.tools()
        await client.close()


async def test_a_session_that_is_over_is_begun_anew():
    async with ScriptedMcp(revision="2025-11-25", session="one") as server:
        client = by_http(server)
        await client.open()
        server.session = "two"
        assert (await client.call("add", {}, timeout_s=2))["content"]
        assert server.methods.count("initialize") == 2
        assert server.headers[-1]["Mcp-Session-Id"] == "two"
        await client.close()
        assert server.deleted == ["two"]


async def told_of_changes(client):
    changed = asyncio.Event()
    listening = asyncio.create_task(client.listen(changed.set))
    try:
        await asyncio.wait_for(changed.wait(), 5)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


CHANGED = event({"method": "notifications/tools/list_changed", "params": {}})


async def test_it_hears_of_changes_in_the_newest_revision():
    async def listen(request, message):
        assert message["params"]["notifications"] == {"toolsListChanged": True}
        response = await events(request, event({"method": "notifications/subscriptions/acknowledged"}), CHANGED)
        await asyncio.sleep(5)
        return response

    async with ScriptedMcp() as server:
        server.results["subscriptions/listen"] = listen
        client = by_http(server)
        await client.open()
        await told_of_changes(client)
        await client.close()


async def test_it_hears_of_changes_in_an_older_one():
    class Telling(ScriptedMcp):
        async def stream(self, request):
            return await events(request, CHANGED)

    async with Telling(revision="2025-06-18") as server:
        client = by_http(server)
        await client.open()
        await told_of_changes(client)
        await client.close()


@pytest.mark.parametrize("era", ["modern", "older"])
async def test_it_hears_of_changes_from_a_program(era):
    client = by_program(f"""
        if method == "server/discover":
            said(MODERN) if {era == "modern"} else fault(-32601, "no")
        elif method == "initialize":
            said({{"protocolVersion": "2025-06-18", "capabilities": {{"tools": {{"listChanged": True}}}}}})
        elif method in ("subscriptions/listen", "notifications/initialized"):
            time.sleep(0.2); tell("notifications/tools/list_changed")
    """)
    await client.open()
    await told_of_changes(client)
    await client.close()


async def test_one_that_only_says_that_it_tells_is_there_all_the_same():
    async with ScriptedMcp() as server:
        client = by_http(server)
        await client.open()
        await asyncio.wait_for(client.listen(lambda: None), 2)
        assert server.methods == ["server/discover", "subscriptions/listen"]
        await client.close()


async def test_a_server_that_tells_of_none_is_not_listened_to():
    async with ScriptedMcp() as server:
        server.results["server/discover"] = {"supportedVersions": ["2026-07-28"], "capabilities": {}, "_meta": None}
        client = by_http(server)
        await client.open()
        await asyncio.wait_for(client.listen(lambda: None), 2)
        assert server.methods == ["server/discover"]
        assert client.called == ""
        await client.close()
