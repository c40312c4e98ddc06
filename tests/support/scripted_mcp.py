"""A scripted server of tools by HTTP, on 127.0.0.1: it answers as a test wants, and keeps what it was asked."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request, dict[str, Any]], Awaitable[web.StreamResponse]]

MODERN = "2026-07-28"


class ScriptedMcp:
    """A server at `url`.

    `results` has the result of each method: a dictionary, an error's code and message, or what makes an answer of a
    request and its message. `revision` is the one that it speaks.
    """

    path = "/mcp"

    def __init__(self, *, revision: str = MODERN, token: str = "", session: str = "") -> None:
        self.revision = revision
        self.token = token
        self.session = session
        self.tools: list[dict[str, Any]] = [tool("add", a="integer")]
        self.results: dict[str, Any] = {}
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.streams: list[web.Request] = []
        self.deleted: list[str] = []
        self.url = ""
        self.port = 0
        self._runner: web.AppRunner | None = None

    @property
    def methods(self) -> list[str]:
        """What was asked, in order."""
        return [one.get("method", "") for one in self.asked]

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Listen, at the same port as before."""
        app = web.Application(client_max_size=2**24)
        app.router.add_route("*", "/{rest:.*}", self._take)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self.port)
        await site.start()
        self.port = self._runner.addresses[0][1]
        self.url = f"http://127.0.0.1:{self.port}{self.path}"

    async def stop(self) -> None:
        """Be away."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _take(self, request: web.Request) -> web.StreamResponse:
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401, text="401: Unauthorized")
        if request.method == "DELETE":
            self.deleted.append(request.headers.get("Mcp-Session-Id", ""))
            return web.Response()
        if request.method == "GET":
            self.streams.append(request)
            return await self.stream(request)
        message = json.loads(await request.read())
        self.asked.append(message)
        self.headers.append(dict(request.headers))
        if self.session and message.get("method") != "initialize" and self.revision != MODERN:
            if "Mcp-Session-Id" not in request.headers:
                return web.Response(status=400, text="no session")
            if request.headers["Mcp-Session-Id"] != self.session:
                return web.json_response(
                    {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "gone"}}, status=404
                )
        return await self.answer(request, message)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Answer a GET: there is no stream here, unless a subclass has one."""
        return web.Response(status=405)

    async def answer(self, request: web.Request, message: dict[str, Any]) -> web.StreamResponse:
        """Answer a POST."""
        if "id" not in message or "method" not in message:
            return web.Response(status=202)
        method = message["method"]
        result = self.results.get(method, self.usual(method, message.get("params", {})))
        if callable(result):
            made: web.StreamResponse = await result(request, message)
            return made
        if isinstance(result, tuple):
            return said(message, error=result)
        answer = said(message, result)
        if method == "initialize" and self.session:
            answer.headers["Mcp-Session-Id"] = self.session
        return answer

    def usual(self, method: str, params: dict[str, Any]) -> Any:
        """Return what is answered where a test does not say."""
        capabilities = {"tools": {"listChanged": True}}
        info = {"name": "scripted", "version": "1"}
        match method:
            case "server/discover" if self.revision == MODERN:
                meta = {"io.modelcontextprotocol/serverInfo": info}
                return {"supportedVersions": [MODERN], "capabilities": capabilities, "_meta": meta}
            case "initialize" if self.revision != MODERN:
                return {"protocolVersion": self.revision, "capabilities": capabilities, "serverInfo": info}
            case "tools/list":
                return {"tools": self.tools}
            case "tools/call":
                return {"content": [{"type": "text", "text": json.dumps(params.get("arguments"))}]}
            case _:
                return (-32601, "Method not found")


def said(message: dict[str, Any], result: Any = None, *, error: tuple[int, str] | None = None) -> web.Response:
    """Return the answer to a message, as JSON."""
    body = {"jsonrpc": "2.0", "id": message["id"]}
    return web.json_response(
        body | ({"error": {"code": error[0], "message": error[1]}} if error else {"result": result})
    )


async def events(request: web.Request, *texts: str, pause_s: float = 0.0) -> web.StreamResponse:
    """Return a stream of events as it is written."""
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    for text in texts:
        await response.write(text.encode())
        await asyncio.sleep(pause_s)
    return response


def event(message: dict[str, Any], **fields: str) -> str:
    """Return a message as an event."""
    lines = [f"{name}: {value}" for name, value in fields.items()]
    return "\n".join([*lines, f"data: {json.dumps({'jsonrpc': '2.0', **message})}", "", ""])


def tool(name: str, /, *, needed: tuple[str, ...] = (), about: str = "A tool.", **arguments: Any) -> dict[str, Any]:
    """Return a tool as a server lists it."""
    properties = {key: {"type": kind} if isinstance(kind, str) else kind for key, kind in arguments.items()}
    schema = {"type": "object", "properties": properties, "required": list(needed)}
    return {"name": name, "description": about, "inputSchema": schema}
