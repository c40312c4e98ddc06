"""Whether servers of tools answer, as the doctor says it."""

import re

import pytest
from support.scripted_mcp import ScriptedMcp, tool
from support.scripted_stdio import command

from device.doctor.mcp import check_mcp
from device.settings.mcp import McpSettings
from device.settings.tree import Settings
from device.settings.types import Secret


async def findings(**servers):
    return [one async for one in check_mcp(Settings(mcp=servers), {})]


async def test_without_a_server_nothing_is_said():
    assert await findings() == []


async def test_a_server_that_answers_is_told_with_what_it_has():
    async with ScriptedMcp() as server:
        (one,) = await findings(home=McpSettings(url=server.url))
        assert (one.name, one.status, one.fix) == ("tools home", "ok", "")
        assert one.message == "scripted (2026-07-28) has 1 tools, of which 1 are offered"


@pytest.mark.parametrize(
    ("tools", "globs", "said", "fix"),
    [
        ([tool("a")], ("b*",), "1 tools, of which 0", r"mcp\.home\.tools fits none"),
        ([], ("*",), "0 tools", "what is exposed to Assist"),
        ([tool(f"t{n}") for n in range(5000)], ("*",), "5000 tools, of which 64", "name those that you want"),
        ([tool("a"), {"name": "b"}], ("*",), "not offered: b: it has no schema", "name those that you want"),
    ],
)
async def test_tools_that_are_none_or_too_many_are_warned_of(tools, globs, said, fix):
    async with ScriptedMcp() as server:
        server.tools = tools
        (one,) = await findings(home=McpSettings(url=server.url, tools=globs))
        assert one.status == "warn"
        assert said in one.message
        assert re.search(fix, one.fix)


async def test_a_token_that_is_refused_fails_and_says_what_to_set():
    async with ScriptedMcp(token="right") as server:
        (one,) = await findings(home=McpSettings(url=server.url, token=Secret("wr0ng")))
        assert one.status == "fail"
        assert "set PARLEY_MCP_HOME_TOKEN" in one.message
        assert "wr0ng" not in repr(one)


async def test_one_that_is_away_takes_no_other_along():
    async with ScriptedMcp() as server:
        away, there, program = await findings(
            away=McpSettings(url="http://127.0.0.1:1/mcp"),
            there=McpSettings(url=server.url),
            program=McpSettings(command=command("sys.exit(3)")),
        )
    assert (away.status, there.status, program.status) == ("warn", "ok", "warn")
    assert "cannot be reached" in away.message
    assert away.fix == "see that it runs, and whether mcp.away.url is right"
    assert "ended with status 3" in program.message
    assert program.fix == "run what mcp.program.command says by hand"
