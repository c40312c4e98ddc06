"""A real browser, headless, on a page of the test's own: what it does there, it reports."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from aiohttp import web
from support.chromium import running
from support.scripted import PATIENCE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PAGE = """<!DOCTYPE html><title>A page</title><script type="module">
const report = async (tried) => fetch("/report", { method: "POST", body: JSON.stringify(tried) });
const get = async (url, options) => {
    try {
        const answer = await fetch(url, options);
        return answer.type === "opaque" ? "opaque" : answer.status;
    } catch { return "unreadable"; }
};
const socket = (url, protocols) => new Promise((resolve) => {
    const ws = new WebSocket(url, protocols);
    ws.onmessage = (event) => { resolve(JSON.parse(event.data).type); ws.close(); };
    ws.onerror = () => resolve("refused");
});
const engine = new URL(location).searchParams.get("engine");
const tried = {};
SCRIPT
await report(tried);
</script>"""


@asynccontextmanager
async def page(script: str, host: str = "127.0.0.1") -> AsyncIterator[tuple[str, asyncio.Future[dict[str, Any]]]]:
    """Serve a page that runs `script`; yield its origin, at `host`, and what it reports, which is `tried`."""
    reported: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()

    async def show(_: web.Request) -> web.Response:
        return web.Response(text=PAGE.replace("SCRIPT", script), content_type="text/html")

    async def report(request: web.Request) -> web.Response:
        reported.set_result(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_get("/", show)
    app.router.add_post("/report", report)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield f"http://{host}:{runner.addresses[0][1]}", reported
    finally:
        await runner.cleanup()


async def visit(origin: str, engine: str, reported: asyncio.Future[dict[str, Any]]) -> dict[str, Any]:
    """Open a page in the browser and tell it of an `engine`, as host and port; return what it reports.

    To this browser, every name below .example is this machine.
    """
    async with running(f"{origin}/?engine={engine}"):
        return await asyncio.wait_for(reported, PATIENCE)
