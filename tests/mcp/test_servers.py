"""All servers together: no two tools of one name, and none of ours; and what is done at the end."""

import asyncio
import os
import time
from pathlib import Path

import msgspec
from support.scripted_mcp import ScriptedMcp, tool
from support.scripted_stdio import command

from device.mcp import servers as together
from device.mcp.servers import Servers
from device.settings.mcp import McpSettings


async def until(what, seconds=8.0):
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def names(servers):
    return [one.name for one in servers.tools()]


async def test_tools_of_one_name_begin_with_their_servers():
    async with ScriptedMcp() as one, ScriptedMcp() as other:
        one.tools = [tool("search"), tool("alone"), tool("set_timer"), tool("submit_result"), tool("find_order")]
        other.tools = [tool("search"), tool("one_search")]
        settings = {"one": McpSettings(url=one.url), "other": McpSettings(url=other.url)}
        servers = Servers(settings, taken=["find_order"])
        servers.start()
        await until(lambda: len(servers.tools()) >= 6)
        ours = {"one_search", "alone", "one_set_timer", "one_submit_result", "one_find_order", "other_search"}
        assert set(names(servers)) == ours, "a name that was made so is not given twice"
        await servers.tools()[0].handler(msgspec.Raw(b"{}"))
        assert "search" in [asked.get("params", {}).get("name") for asked in one.asked]
        await servers.close()


async def test_all_together_are_bounded(caplog, monkeypatch):
    monkeypatch.setattr(together, "MOST", 5)
    async with ScriptedMcp() as one:
        one.tools = [tool(f"t{n}") for n in range(9)]
        servers = Servers({"one": McpSettings(url=one.url)})
        servers.start()
        await until(servers.tools)
        assert len(servers.tools()) == 5
        assert len(servers.tools()) == 5
        assert caplog.text.count("have 9 together, of which 5 are offered") == 1
        await servers.close()


async def test_the_end_ends_all_programs_soon():
    lines = """
        if method == "server/discover": said(MODERN)
        elif method == "tools/list": said({"tools": [{"name": "pid%d" % os.getpid(), "inputSchema": {}}]})
        else: signal.signal(15, signal.SIG_IGN); time.sleep(60)
    """
    servers = Servers({f"s{n}": McpSettings(command=command(lines)) for n in range(3)}, environ=os.environ)
    servers.start()
    await until(lambda: len(servers.tools()) == 3)
    pids = [int(name.removeprefix("pid")) for name in names(servers)]
    began = time.monotonic()
    await servers.close()
    assert time.monotonic() - began < 4, "the service has five seconds"
    await until(lambda: not any(Path(f"/proc/{pid}/exe").exists() for pid in pids))
    await servers.close()
