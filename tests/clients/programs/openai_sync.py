"""openai, synchronous: `OpenAI.realtime`, read in one thread and written in another."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from openai import OpenAI
from openai_async import Player, session, take
from scenes import Stage, perform


@asynccontextmanager
async def talk(url: str, stage: Stage) -> AsyncIterator[None]:
    client = OpenAI(api_key="none", base_url=url)
    manager = client.realtime.connect(model="parley")
    connection = await asyncio.to_thread(manager.enter)
    connection.session.update(session=session(stage))
    loop, player = asyncio.get_running_loop(), Player()

    async def listen() -> None:
        async for block in stage.microphone():
            audio = base64.b64encode(block).decode()
            await asyncio.to_thread(connection.input_audio_buffer.append, audio=audio)

    def hear() -> None:
        for event in connection:
            loop.call_soon_threadsafe(answer, event)

    def answer(event: object) -> None:
        for one in take(stage, player, event):
            connection.send(one)

    reader = asyncio.create_task(asyncio.to_thread(hear))
    writer = stage.beside(listen())
    try:
        yield
    finally:
        writer.cancel()
        connection.close()
        await reader


if __name__ == "__main__":
    asyncio.run(perform("openai_sync", talk))
