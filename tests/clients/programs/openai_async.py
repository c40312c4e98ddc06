"""openai, asynchronous: `AsyncOpenAI.realtime`, as its documentation has it."""

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openai import AsyncOpenAI
from scenes import RATE, TIMER, Stage, perform, timer_set


def session(stage: Stage) -> dict[str, Any]:
    """Return the session that both of openai's clients ask for."""
    turns = {"type": "server_vad", "create_response": True, "interrupt_response": True}
    return {
        "type": "realtime",
        "instructions": stage.instructions,
        "output_modalities": ["audio"],
        "audio": {"input": {"format": {"type": "audio/pcm", "rate": RATE}, "turn_detection": turns}},
        "tools": [{"type": "function", **TIMER}],
    }


class Player:
    """Plays by the clock, and knows what was heard of an item; with this SDK that is the program's own affair."""

    def __init__(self) -> None:
        self.item = ""
        self._began, self._ms = 0.0, 0.0

    def play(self, item: str, pcm: bytes) -> None:
        if item != self.item:
            self.item, self._began, self._ms = item, time.monotonic(), 0.0
        self._ms += len(pcm) * 1000 / (2 * RATE)

    def stop(self) -> int | None:
        """Return what was heard in ms; None if all of it was."""
        played = (time.monotonic() - self._began) * 1000
        return round(played) if self.item and played < self._ms else None


def take(stage: Stage, player: Player, event: Any) -> list[dict[str, Any]]:
    """Take an event; return what is to be sent."""
    match event.type:
        case "conversation.item.input_audio_transcription.completed":
            stage.transcribed(event.transcript)
        case "response.output_audio_transcript.delta":
            stage.spoke(event.delta)
        case "response.output_audio.delta":
            pcm = base64.b64decode(event.delta)
            player.play(event.item_id, pcm)
            stage.sounded(pcm)
        case "response.function_call_arguments.done":
            arguments = json.loads(event.arguments)
            stage.called(event.name, arguments)
            output = json.dumps(timer_set(**arguments))
            item = {"type": "function_call_output", "call_id": event.call_id, "output": output}
            return [{"type": "conversation.item.create", "item": item}, {"type": "response.create"}]
        case "response.done":
            stage.ended()
        case "input_audio_buffer.speech_started":
            if (heard := player.stop()) is not None:
                stage.interrupted()
                return [
                    {
                        "type": "conversation.item.truncate",
                        "item_id": player.item,
                        "content_index": 0,
                        "audio_end_ms": heard,
                    },
                    {"type": "conversation.item.retrieve", "item_id": player.item},
                ]
        case "conversation.item.retrieved":
            stage.keeps(event.item.content[0].transcript)
        case "error":
            stage.failed(event.error)
    return []


@asynccontextmanager
async def talk(url: str, stage: Stage) -> AsyncIterator[None]:
    client = AsyncOpenAI(api_key="none", base_url=url)
    async with client.realtime.connect(model="parley") as connection:
        await connection.session.update(session=session(stage))

        async def listen() -> None:
            async for block in stage.microphone():
                await connection.input_audio_buffer.append(audio=base64.b64encode(block).decode())

        async def hear() -> None:
            player = Player()
            async for event in connection:
                for answer in take(stage, player, event):
                    await connection.send(answer)

        with stage.meanwhile(listen(), hear()):
            yield


if __name__ == "__main__":
    asyncio.run(perform("openai_async", talk))
