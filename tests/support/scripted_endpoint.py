"""An HTTP endpoint that answers by script and keeps what it was asked, for the stages that ask one."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Endpoint:
    """Answers POSTs to `path`; `url` is its base address, for the settings. Set `answer` to what it shall do."""

    def __init__(self, path: str) -> None:
        self.url = ""
        self.path = path
        self.requests: list[web.Request] = []
        self.bodies: list[bytes] = []
        self.answer: Callable[[web.Request], Awaitable[web.StreamResponse]] = refuses(500, "no answer was set")
        self.gone = asyncio.Event()
        """An answer is over, or its asker has hung up."""

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post(f"/v1{self.path}", self._handle)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5, handler_cancellation=True)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/v1"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.read())
        try:
            return await self.answer(request)
        finally:
            self.gone.set()


def says(data: object) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer with this as JSON."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.json_response(data)

    return answer


def refuses(status: int, text: str) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer with this status, and a text."""

    async def answer(_request: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=text)

    return answer


def streams(
    *pieces: bytes | asyncio.Event, kind: str = "text/event-stream"
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Answer with these pieces, each sent by itself; an `asyncio.Event` among them is waited for."""

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": kind})
        await response.prepare(request)
        for piece in pieces:
            if isinstance(piece, asyncio.Event):
                await piece.wait()
            else:
                await response.write(piece)
        return response

    return answer
