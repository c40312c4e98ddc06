"""npm's openai, which takes nothing but wss:// and https://: a short-lived key, and a session with it, by TLS."""

import asyncio
import json
import ssl
from pathlib import Path

from aiohttp import web
from clients.house import HERE, HOME, environ, prepared
from support.scripted import PATIENCE, Scripted

PEM = Path(__file__).parents[1] / "support" / "localhost.pem"


async def test_it_asks_for_a_key_and_holds_a_session_by_tls():
    prepared()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(PEM)
    async with Scripted() as server:
        await web.TCPSite(server._runner, "127.0.0.1", 0, ssl_context=context).start()  # noqa: SLF001 - beside its port
        port = server._runner.addresses[-1][1]  # noqa: SLF001
        node = await asyncio.create_subprocess_exec(
            *("node", str(HERE / "programs" / "openai_js.mjs"), f"https://localhost:{port}/v1"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**environ(), "NODE_EXTRA_CA_CERTS": str(PEM)},
            cwd=HOME,
        )
        out, errors = await asyncio.wait_for(node.communicate(), PATIENCE)
    assert node.returncode == 0, f"{out.decode()}{errors.decode()}"
    assert [json.loads(line) for line in out.splitlines()] == [
        {"instructions": "Be short."},
        {"said": "It is noon."},
    ]
