"""openai-agents: a `RealtimeAgent` with a function tool, run by `RealtimeRunner`."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from agents import function_tool
from agents.realtime import RealtimeAgent, RealtimeRunner
from scenes import Stage, perform, timer_set


@asynccontextmanager
async def talk(url: str, stage: Stage) -> AsyncIterator[None]:
    @function_tool
    def set_timer(seconds: int) -> str:
        """Set a timer."""
        stage.called("set_timer", {"seconds": seconds})
        return json.dumps(timer_set(seconds))

    agent = RealtimeAgent(name="assistant", instructions=stage.instructions, tools=[set_timer])
    turns = {"type": "server_vad", "create_response": True, "interrupt_response": True}
    model = {
        "url": url.replace("http://", "ws://") + "/realtime?model=parley",
        "api_key": "none",
        "initial_model_settings": {"turn_detection": turns},
    }
    async with await RealtimeRunner(agent).run(model_config=model) as session:

        async def listen() -> None:
            async for block in stage.microphone():
                await session.send_audio(block)

        async def hear() -> None:
            cut = ""
            async for event in session:
                take(stage, event)
                if event.type == "audio_interrupted":
                    cut = event.item_id
                elif event.type == "history_updated" and cut:
                    tell_kept(stage, event.history, cut)

        with stage.meanwhile(listen(), hear()):
            yield


def take(stage: Stage, event: Any) -> None:
    """Tell the stage what an event means."""
    match event.type:
        case "audio":
            stage.sounded(event.audio.data)
        case "audio_interrupted":
            stage.interrupted()
        case "error":
            stage.failed(event.error)
        case "raw_model_event":
            match event.data.type:
                case "input_audio_transcription_completed":
                    stage.transcribed(event.data.transcript)
                case "transcript_delta":
                    stage.spoke(event.data.delta)
                case "turn_ended":
                    stage.ended()
                case "exception":
                    stage.failed(event.data.exception)


def tell_kept(stage: Stage, history: list[Any], item_id: str) -> None:
    """Tell the words of the item that was cut off, as the client's history has them."""
    for item in history:
        if item.item_id == item_id:
            stage.keeps("".join(getattr(part, "transcript", "") or "" for part in item.content))


if __name__ == "__main__":
    asyncio.run(perform("openai_agents", talk))
