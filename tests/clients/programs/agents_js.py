"""npm @openai/agents-realtime, in node: agents_js.mjs holds the session."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scenes import Stage, perform

MEGABYTE = 1 << 20


@asynccontextmanager
async def talk(url: str, stage: Stage) -> AsyncIterator[None]:
    address = url.replace("http://", "ws://") + "/realtime?model=parley"
    node = await asyncio.create_subprocess_exec(
        *("node", str(Path(__file__).with_suffix(".mjs")), address, stage.instructions),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=8 * MEGABYTE,
    )

    async def listen() -> None:
        async for block in stage.microphone():
            node.stdin.write(base64.b64encode(block) + b"\n")
            await node.stdin.drain()

    async def hear() -> None:
        async for line in node.stdout:
            what, *facts = json.loads(line)
            if what == "sounded":
                facts = [base64.b64decode(facts[0])]
            if what != "ready":
                getattr(stage, what)(*facts)

    first = json.loads(await node.stdout.readline() or '["nothing"]')
    if first != ["ready"]:
        stage.failed(first)
    try:
        with stage.meanwhile(listen(), hear()):
            yield
    finally:
        node.stdin.close()
        await node.wait()


if __name__ == "__main__":
    asyncio.run(perform("agents_js", talk))
