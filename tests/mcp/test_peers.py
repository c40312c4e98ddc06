"""The protocol's official kit as the server on the other side, by each way and in each revision that it speaks."""

import asyncio
import json
import os
import sys
import time
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from device.mcp.client import Client
from device.mcp.servers import Servers
from device.settings.mcp import McpSettings
from device.settings.types import Secret
from device.tools.registry import Registry

pytestmark = pytest.mark.realtime

PEER = Path(__file__).parents[1] / "support/mcp_peer.py"
SLOWEST_S = 40.0
"""The kit takes seconds to start on a busy machine."""


@asynccontextmanager
async def peer(kind, tmp_path, **more):
    """Start the kit's server; yields the settings that lead to it, and what notes it makes."""
    notes = tmp_path / "notes"
    notes.touch()
    environ = {"PATH": os.environ["PATH"], "PEER_NOTES": str(notes), "PEER_TOKEN": "s3cret", "OPENAI_API_KEY": "sk-1"}
    if kind == "stdio":
        variables = ("PEER_NOTES",)
        settings = McpSettings(command=(sys.executable, str(PEER), "stdio"), variables=variables, **more)
        yield settings, notes, environ
        return
    pipe = asyncio.subprocess.PIPE
    started = await asyncio.create_subprocess_exec(sys.executable, str(PEER), "http", kind, stdout=pipe, env=environ)
    try:
        url = (await started.stdout.readline()).decode().strip()
        yield McpSettings(url=url, token=Secret("s3cret"), **more), notes, environ
    finally:
        started.kill()
        await started.communicate()


@asynccontextmanager
async def followed(kind, tmp_path, **more):
    async with peer(kind, tmp_path, **more) as (settings, notes, environ):
        servers = Servers({"peer": settings}, environ=environ)
        servers.start()
        try:
            await until(servers.tools)
            yield Registry([], changing=servers.tools), servers, notes
        finally:
            await servers.close()


def lives(pid):
    return Path(f"/proc/{pid}/exe").exists()


async def until(what):
    end = time.monotonic() + SLOWEST_S
    while not what():
        assert time.monotonic() < end
        await asyncio.sleep(0.05)


async def called(tools, name, /, **arguments):
    return json.loads((await tools.call(name, json.dumps(arguments))).output)


WAYS = pytest.mark.parametrize("kind", ["stdio", "stream", "json", "stateless"])


@WAYS
@pytest.mark.parametrize("era", ["modern", "older"])
async def test_its_tools_are_called_by_each_way_and_in_each_era(kind, era, tmp_path, monkeypatch):
    if era == "older":

        async def not_modern(*_):
            return False

        monkeypatch.setattr(Client, "_discover", not_modern)
    async with followed(kind, tmp_path) as (tools, servers, _):
        (server,) = servers._servers  # noqa: SLF001
        assert server._client.revision == ("2026-07-28" if era == "modern" else "2025-11-25")  # noqa: SLF001
        assert server._client.called == "peer"  # noqa: SLF001
        assert await called(tools, "add", a=4) == {"result": "5"}
        assert await called(tools, "add", a=4, b=0) == {"result": "4"}
        assert await called(tools, "greet", name="Änne") == {"result": "Grüß Gott, Änne!"}
        assert "the lamp is broken" in (await called(tools, "fail"))["error"]
        assert "validation error" in (await called(tools, "add", a="many"))["error"]
        assert (await called(tools, "picture"))["left_out"].startswith("1 image: nobody can hear that")
        assert await called(tools, "count", steps=3, seconds=0.01) == {"result": "counted 3"}


@pytest.mark.parametrize("kind", ["stdio", "stream"])
async def test_progress_cancellation_and_other_tools(kind, tmp_path):
    async with followed(kind, tmp_path, timeout_s=1.5) as (tools, servers, notes):
        assert await called(tools, "count", steps=4, seconds=0.7) == {"result": "counted 4"}, "longer than 1.5 s"
        waiting = asyncio.create_task(called(tools, "wait", seconds=30))
        await until(lambda: "waiting" in notes.read_text())
        waiting.cancel()
        await until(lambda: "cancelled" in notes.read_text())
        assert "no answer for 1.5 s" in (await called(tools, "wait", seconds=60))["error"]
        await called(tools, "grow", name="another")
        await until(lambda: "another" in [tool.name for tool in servers.tools()])
        assert await called(tools, "another", a=1, b=1) == {"result": "2"}


async def test_a_wrong_token_is_told(tmp_path, caplog):
    async with peer("stream", tmp_path) as (settings, _, environ):
        servers = Servers({"peer": McpSettings(url=settings.url, token=Secret("wr0ng"))}, environ=environ)
        servers.start()
        await until(lambda: "refuses the token (401): set PARLEY_MCP_PEER_TOKEN" in caplog.text)
        await servers.close()
        assert "wr0ng" not in caplog.text


async def test_the_program_has_none_of_our_keys_and_leaves_nothing_behind(tmp_path):
    async with followed("stdio", tmp_path) as (tools, _, notes):
        has = (await called(tools, "environment"))["result"].split()
        assert {"PATH", "PEER_NOTES"} <= set(has)
        assert not {"OPENAI_API_KEY", "PEER_TOKEN"} & set(has)
        child = int((await called(tools, "child"))["result"])
        pid = int(notes.read_text().split()[1])
        assert lives(child)
        assert lives(pid)
    await until(lambda: not lives(pid) and not lives(child))
