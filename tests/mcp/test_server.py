"""A server over its life: away, back, with other tools, silent, flooding; calls go on all the same."""

import asyncio
import json
import time
from contextlib import asynccontextmanager

import pytest
from support.scripted_mcp import ScriptedMcp, event, events, said, tool
from support.scripted_stdio import command

from device.mcp import server as servers
from device.mcp.messages import McpError
from device.mcp.server import Server
from device.settings.mcp import McpSettings
from device.settings.types import Secret
from device.tools.registry import Registry

CHANGED = event({"method": "notifications/tools/list_changed", "params": {}})


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(servers, "FIRST_PAUSE_S", 0.1)
    monkeypatch.setattr(servers, "SETTLE_S", 0.05)
    monkeypatch.setattr(servers, "RETURN_S", 1.0)


@asynccontextmanager
async def followed(settings, *, there=True):
    server = Server("home", settings, {})
    task = asyncio.create_task(server.run())
    try:
        if there:
            await until(lambda: server.tools)
        yield server
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(what, seconds=8.0):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


async def called(server, name="add", arguments="{}"):
    return json.loads((await Registry([], changing=lambda: server.tools).call(name, arguments)).output)


def names(server):
    return [one.name for one in server.tools]


async def test_its_tools_are_called():
    async with ScriptedMcp() as scripted, followed(McpSettings(url=scripted.url, slow=True)) as server:
        (spec,) = Registry([], changing=lambda: server.tools).specs()
        assert spec.parameters == {"type": "object", "properties": {"a": {"type": "integer"}}}
        assert "This takes a while" in spec.description
        assert await called(server, arguments='{"a": 5}') == {"result": {"a": 5}}
        (call,) = (one for one in scripted.asked if one.get("method") == "tools/call")
        assert call["params"]["name"] == "add"


@pytest.mark.parametrize("arguments", ["[]", "3", '"x"', "{", "\ud800"])
async def test_arguments_that_are_none_are_not_sent(arguments):
    async with ScriptedMcp() as scripted, followed(McpSettings(url=scripted.url)) as server:
        assert "error" in await called(server, arguments=arguments)
        assert "tools/call" not in scripted.methods


async def test_arguments_go_into_headers_where_the_server_wants_them():
    async with ScriptedMcp() as scripted:
        scripted.tools = [tool("add", a={"type": "integer", "x-mcp-header": "Number"})]
        async with followed(McpSettings(url=scripted.url)) as server:
            await called(server, arguments='{"a": 5}')
            assert "5" in [one.get("Mcp-Param-Number") for one in scripted.headers]


async def test_a_server_that_is_not_there_yet_is_found_when_it_is(caplog):
    scripted = ScriptedMcp()
    await scripted.start()
    await scripted.stop()
    async with followed(McpSettings(url=scripted.url), there=False) as server:
        await until(lambda: "cannot be reached" in caplog.text)
        await asyncio.sleep(1)
        assert server.tools == ()
        assert caplog.text.count("cannot be reached") == 1, "it is said once, not at each attempt"
        await scripted.start()
        await until(lambda: server.tools)
    await scripted.stop()


async def test_a_server_that_goes_is_missed_at_the_next_call_and_back_at_the_one_after():
    async with ScriptedMcp() as scripted, followed(McpSettings(url=scripted.url)) as server:
        await scripted.stop()
        assert (await called(server))["error"].startswith("home is away: it cannot be reached")
        assert names(server) == ["add"], "the model can say that it is away"
        began = time.monotonic()
        assert "home is away" in (await called(server))["error"]
        assert time.monotonic() - began < 3
        await scripted.start()
        assert "result" in await called(server)


async def test_a_call_waits_a_moment_for_a_server_that_comes_back(monkeypatch):
    monkeypatch.setattr(servers, "FIRST_PAUSE_S", 60.0)
    async with ScriptedMcp() as scripted, followed(McpSettings(url=scripted.url)) as server:
        await scripted.stop()
        await called(server)
        await asyncio.sleep(0.3)
        await scripted.start()
        assert "result" in await called(server)


async def test_a_program_that_ends_is_started_again(caplog):
    settings = McpSettings(
        command=command("""
            if method == "server/discover": said(MODERN)
            elif method == "tools/list": said(TOOLS)
            elif method == "tools/call": sys.exit(7)
        """)
    )
    async with followed(settings) as server:
        assert "ended with status 7" in (await called(server))["error"]
        await until(lambda: "ended with status 7" in caplog.text)
        await until(server._there.is_set)  # noqa: SLF001
        assert "ended with status 7" in (await called(server))["error"]


async def test_other_tools_are_offered_when_it_says_so():
    class Telling(ScriptedMcp):
        async def answer(self, request, message):
            if message["method"] != "subscriptions/listen":
                return await super().answer(request, message)
            response = await events(request, event({"method": "notifications/subscriptions/acknowledged"}))
            while True:
                await asyncio.sleep(0.1)
                await response.write(CHANGED.encode())

    async with Telling() as scripted, followed(McpSettings(url=scripted.url)) as server:
        scripted.tools = [tool("subtract"), tool("multiply")]
        await until(lambda: names(server) == ["subtract", "multiply"])
        assert "there is no tool called 'add'" in (await called(server))["error"]
        scripted.tools = []
        await until(lambda: not server.tools)


async def test_a_stream_that_is_cut_is_no_server_that_is_away(monkeypatch, caplog):
    monkeypatch.setattr(servers, "LISTEN_PAUSE_S", 0.05)

    async def cut(request, message):
        response = await events(request, event({"method": "notifications/subscriptions/acknowledged"}))
        await asyncio.sleep(0.2)
        request.transport.abort()
        return response

    async def slow(request, message):
        await asyncio.sleep(1)
        return said(message, {})

    async with ScriptedMcp() as scripted:
        scripted.results |= {"subscriptions/listen": cut, "tools/call": slow}
        async with followed(McpSettings(url=scripted.url)) as server:
            assert await called(server) == {"result": ""}
            await until(lambda: scripted.methods.count("subscriptions/listen") > 2)
        assert scripted.methods.count("server/discover") == 1
        assert "WARNING" not in caplog.text


async def test_other_tools_are_offered_though_it_does_not_say_so(monkeypatch):
    monkeypatch.setattr(servers, "POLL_S", (0.1, 0.2, 0.3))
    async with ScriptedMcp() as scripted, followed(McpSettings(url=scripted.url)) as server:
        scripted.tools = [tool("subtract")]
        await until(lambda: names(server) == ["subtract"])


async def test_a_tool_that_it_no_longer_has_makes_us_look():
    async with ScriptedMcp() as scripted, followed(McpSettings(url=scripted.url)) as server:
        scripted.results["tools/call"] = (-32602, "Unknown tool: add")
        scripted.tools = [tool("subtract")]
        assert (await called(server))["error"] == "home does not do this: Unknown tool: add (-32602)"
        await until(lambda: names(server) == ["subtract"])


async def test_a_slow_call_ends_at_its_time_and_another_goes_on():
    async def slow(request, message):
        await asyncio.sleep(5 if message["params"]["arguments"].get("a") else 0)
        return said(message, {"content": []})

    async with ScriptedMcp() as scripted:
        scripted.results["tools/call"] = slow
        async with followed(McpSettings(url=scripted.url, timeout_s=0.5)) as server:
            late, soon = await asyncio.gather(called(server, arguments='{"a": 1}'), called(server))
            assert late == {"error": "home failed: it gave no answer for 0.5 s"}
            assert soon == {"result": ""}
            assert "result" in await called(server), "a slow call is no reason to think that it is away"


async def test_progress_keeps_a_call_alive():
    async def working(request, message):
        token = message["params"]["_meta"]["progressToken"]
        step = event({"method": "notifications/progress", "params": {"progressToken": token, "progress": 1}})
        return await events(request, *[step] * 4, event({"id": message["id"], "result": {}}), pause_s=0.3)

    async with ScriptedMcp() as scripted:
        scripted.results["tools/call"] = working
        async with followed(McpSettings(url=scripted.url, timeout_s=0.5)) as server:
            assert await called(server) == {"result": ""}


async def test_who_stops_waiting_for_a_tool_cancels_it():
    gone = asyncio.Event()

    async def slow(request, message):
        try:
            await asyncio.sleep(9)
        except asyncio.CancelledError:
            gone.set()
            raise
        return said(message, {})

    async with ScriptedMcp(revision="2025-06-18") as scripted:
        scripted.results["tools/call"] = slow
        async with followed(McpSettings(url=scripted.url)) as server:
            task = asyncio.create_task(called(server))
            await until(lambda: "tools/call" in scripted.methods)
            task.cancel()
            await until(lambda: "notifications/cancelled" in scripted.methods)


async def test_a_token_that_is_refused_is_not_tried_again_and_again(caplog):
    async with ScriptedMcp(token="right") as scripted:
        settings = McpSettings(url=scripted.url, token=Secret("wr0ng"))
        async with followed(settings, there=False) as server:
            await until(lambda: "refuses the token" in caplog.text)
            scripted.token = ""
            await asyncio.sleep(1)
            assert scripted.asked == []
            assert server.tools == ()
            assert "wr0ng" not in caplog.text


async def test_nonsense_instead_of_tools_is_a_server_that_is_away(caplog):
    async with ScriptedMcp() as scripted:
        scripted.results["tools/list"] = {"tools": "many"}
        async with followed(McpSettings(url=scripted.url), there=False) as server:
            await until(lambda: "lists no tools" in caplog.text)
            del scripted.results["tools/list"]
            await until(lambda: server.tools)


async def test_a_fault_of_ours_ends_nothing(caplog, monkeypatch):
    async with ScriptedMcp() as scripted:
        with monkeypatch.context() as broken:
            broken.setattr(servers, "offers", lambda *_: 1 / 0)
            async with followed(McpSettings(url=scripted.url), there=False) as server:
                await until(lambda: "ZeroDivisionError" in caplog.text)
                broken.undo()
                await until(lambda: server.tools)


async def test_what_it_has_is_told_once(caplog):
    caplog.set_level("INFO")
    async with ScriptedMcp() as scripted:
        scripted.tools = [tool(f"t{n}") for n in range(99)] + [{"name": "bad"}]
        async with followed(McpSettings(url=scripted.url)) as server:
            await called(server, "t1")
            server._look.set()  # noqa: SLF001 - as if it had changed
            await asyncio.sleep(0.5)
    assert caplog.text.count("mcp.home: scripted has 100 tools, 64 are offered.") == 1
    assert caplog.text.count("not offered: only 64 of one server are") == 1


async def test_it_can_be_probed_once():
    async with ScriptedMcp() as scripted:
        called_, found = await Server("home", McpSettings(url=scripted.url, tools=("x*",)), {}).probe()
        assert (called_, found.there, found.meant) == ("scripted (2026-07-28)", 1, 0)
        await scripted.stop()
        with pytest.raises(McpError, match="cannot be reached"):
            await Server("home", McpSettings(url=scripted.url), {}).probe()
