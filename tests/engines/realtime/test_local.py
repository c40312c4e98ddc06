"""Our session with our own server: the two ends of the protocol, each written without the other."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from support.scripted import LOUD, Asked, Brain, Scripted

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineEvent,
    ReplyEnded,
    Said,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolSpec,
    Words,
)
from device.conversation.events import Heard
from device.engines.factory import session_with
from device.engines.realtime.config import RATE
from device.engines.realtime.session import RealtimeSession
from device.local.stages import Call, Text
from device.settings.tree import ListenSettings, Settings

BLOCK = RATE // 100
TIMER = ToolSpec("set_timer", "Set a timer.", {"type": "object", "properties": {"seconds": {"type": "integer"}}})


@asynccontextmanager
async def talking(
    server: Scripted, *, end_of_turn: str = "server", history: tuple[Said, ...] = ()
) -> AsyncIterator[RealtimeSession]:
    settings = Settings(listen=ListenSettings(end_of_turn=end_of_turn))
    url = server.url.replace("http://", "ws://") + "/realtime"
    session = session_with(settings, "local", [TIMER], "Be kind.", local_url=url)
    await session.open(history)
    try:
        yield session
    finally:
        await session.close()


async def until(session: RealtimeSession, kind: type[EngineEvent]) -> list[EngineEvent]:
    got = []
    async with asyncio.timeout(30):
        async for event in session.events():
            got.append(event)
            if isinstance(event, kind):
                return got
    raise AssertionError(f"the session ended without {kind.__name__}: {got}")


async def speak(session: RealtimeSession, voice_ms: int = 600, silence_ms: int = 900) -> None:
    """Send a loud tone, then silence, faster than real time."""
    t = np.arange(RATE * voice_ms // 1000)
    tone = (LOUD * np.sin(2 * np.pi * 300 * t / RATE)).astype(np.int16)
    pcm = np.concatenate([np.zeros(RATE // 4, np.int16), tone, np.zeros(RATE * silence_ms // 1000, np.int16)])
    for start in range(0, len(pcm), BLOCK):
        await session.hear(pcm[start : start + BLOCK].tobytes())


async def test_a_spoken_turn_found_by_the_server() -> None:
    async with (
        Scripted() as server,
        talking(server, history=(Said("user", "hi"), Said("assistant", "Hello."))) as session,
    ):
        await speak(session)
        got = await until(session, ReplyEnded)
        assert SpeechStarted() in got
        assert SpeechStopped() in got
        said = [event.text for event in got if isinstance(event, Words) and event.role == "user" and event.final]
        assert said == ["what time is it"]
        answer = [event.text for event in got if isinstance(event, Words) and event.role == "assistant" and event.final]
        assert answer == ["It is noon."]
        assert any(isinstance(event, AudioDone) for event in got)
        assert isinstance(got[-1], ReplyEnded)
        assert got[-1].status == "completed"
        asked = server.brain.asked[-1]
        assert [(turn.role, turn.text) for turn in asked.turns][-3:] == [
            ("user", "hi"),
            ("assistant", "Hello."),
            ("user", "what time is it"),
        ]
        assert [tool.name for tool in asked.tools] == ["set_timer"]


async def test_a_turn_ended_by_the_device() -> None:
    async with Scripted() as server, talking(server, end_of_turn="device") as session:
        await speak(session, silence_ms=100)
        await session.commit()
        got = await until(session, ReplyEnded)
        assert not [event for event in got if isinstance(event, SpeechStarted)]
        assert any(isinstance(event, Audio) for event in got)


def script(asked: Asked) -> list[Any]:
    """Call the function twice at once, then speak of the outputs."""
    outputs = [turn.text for turn in asked.turns if turn.role == "tool"]
    if outputs:
        return [Text(f"Outputs: {' and '.join(outputs)}.")]
    return [Call("set_timer", '{"seconds": 1}'), Call("set_timer", '{"seconds": 2}')]


async def test_parallel_calls_and_one_reply_to_their_results() -> None:
    async with Scripted(brain=Brain(script)) as server, talking(server, end_of_turn="device") as session:
        await speak(session, silence_ms=100)
        await session.commit()
        calls = [event for event in await until(session, ReplyEnded) if isinstance(event, ToolCall)]
        assert [(call.name, json.loads(call.arguments)) for call in calls] == [
            ("set_timer", {"seconds": 1}),
            ("set_timer", {"seconds": 2}),
        ]
        for n, call in enumerate(calls):
            await session.tool_result(call.call_id, str(n), reply=True)
        got = await until(session, ReplyEnded)
        answer = [event.text for event in got if isinstance(event, Words) and event.final]
        assert answer == ["Outputs: 0 and 1."]
        assert len(server.brain.asked) == 2


async def test_an_interruption_leaves_the_server_with_what_was_heard(caplog: pytest.LogCaptureFixture) -> None:
    never = asyncio.Event()

    def long(asked: Asked) -> list[Any]:
        return [Text("One two three four five six.")] + ([never] if len(server.brain.asked) == 1 else [])

    with caplog.at_level(logging.WARNING):
        async with Scripted(brain=Brain(long)) as server, talking(server, end_of_turn="device") as session:
            await speak(session, silence_ms=100)
            await session.commit()
            first = (await until(session, Audio))[-1]
            assert isinstance(first, Audio)
            await session.interrupt([Heard(first.item, 20, whole=False)])
            ended = (await until(session, ReplyEnded))[-1]
            assert isinstance(ended, ReplyEnded)
            assert ended.status == "cancelled"
            await session.say("The timer is up.")
            got = await until(session, ReplyEnded)
            assert any(isinstance(event, Audio) for event in got)
            turns = [(turn.role, turn.text) for turn in server.brain.asked[-1].turns]
            assert turns[-1] == ("system", "The timer is up.")
            assert "six" not in " ".join(text for role, text in turns if role == "assistant")
    assert not [record for record in caplog.records if "complains" in record.message]
