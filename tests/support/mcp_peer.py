"""A server of tools made with the protocol's official kit, as a process: `mcp_peer.py stdio`, or `http KIND`.

KIND is `stream`, `json` or `stateless`. By HTTP it says on its standard output where it listens, and wants the token of
the environment's PEER_TOKEN, if there is one. What happens to its tools it writes to the file that PEER_NOTES names.
"""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import uvicorn
from mcp.server.mcpserver import Context, Image, MCPServer
from mcp.server.mcpserver.exceptions import ToolError

server = MCPServer("peer", version="1.0")


def note(text: str) -> None:
    """Write a line for the test."""
    if path := os.environ.get("PEER_NOTES"):
        with Path(path).open("a") as file:
            file.write(f"{text}\n")


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


def greet(name: str) -> str:
    """Greet somebody."""
    return f"Grüß Gott, {name}!"


def fail() -> str:
    """Fail."""
    raise ToolError("the lamp is broken")


def picture() -> Image:
    """Take a picture."""
    return Image(data=b"\x89PNG", format="png")


async def count(steps: int, seconds: float, context: Context) -> str:
    """Count, and tell of each step."""
    for step in range(steps):
        await asyncio.sleep(seconds)
        await context.report_progress(step + 1, steps)
    return f"counted {steps}"


async def wait(seconds: float) -> str:
    """Wait."""
    note("waiting")
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        note("cancelled")
        raise
    note("waited")
    return "waited"


async def grow(name: str, context: Context) -> str:
    """Have one tool more."""
    server.add_tool(add, name=name, description="Another.")
    await context.notify_tools_changed()
    await context.session.send_tool_list_changed()
    return "grown"


def environment() -> list[str]:
    """Return the names of the variables."""
    return sorted(os.environ)


def child() -> int:
    """Start a process that stays."""
    with subprocess.Popen(["sleep", "1000"]) as started:
        started.returncode = 0
    return started.pid


for tool in (add, greet, fail, picture, count, wait, grow, environment, child):
    server.add_tool(tool)


def guarded(app: Any, token: str) -> Any:
    """Return an application that wants a token."""

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        headers = dict(scope.get("headers", ()))
        if scope["type"] == "http" and headers.get(b"authorization") != f"Bearer {token}".encode():
            await send({"type": "http.response.start", "status": 401, "headers": []})
            await send({"type": "http.response.body", "body": b"who are you?"})
            return
        await app(scope, receive, send)

    return guard


def main() -> None:
    """Serve."""
    note(f"pid {os.getpid()}")
    if sys.argv[1] == "stdio":
        sys.stderr.write("the peer is there\n")
        server.run("stdio")
        return
    kind = sys.argv[2]
    app: Any = server.streamable_http_app(stateless_http=kind == "stateless", json_response=kind == "json")
    if token := os.environ.get("PEER_TOKEN"):
        app = guarded(app, token)
    listening = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}/mcp\n")
    sys.stdout.flush()
    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[listening])


if __name__ == "__main__":
    main()
