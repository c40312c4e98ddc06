"""Our client in conversation with servers that others wrote: a voice turn, a tool call, an interruption.

With PARLEY_RECORD=FOLDER, each conversation is written there as a log for tests/engines/logs/realtime.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from clients.house import HERE, PYTHON, SAYS, Model, engine, program
from clients.live_fixture import SECOND, live_fixture
from msgspec.structs import replace
from support.eventlog import Recorder
from support.speech import say, silence

from device.audio.resample import resample
from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineEvent,
    ReplyEnded,
    Said,
    ToolCall,
    ToolSpec,
    Wanted,
    Words,
)
from device.conversation.events import Heard
from device.engines.factory import session_with
from device.engines.live.config import LiveConfig
from device.engines.live.session import LiveSession
from device.settings.engines import LiveEngine
from device.settings.tree import ListenSettings, Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from device.engines.realtime.session import RealtimeSession

pytestmark = pytest.mark.realtime

ASK = ToolSpec("ask", "Does anything.", {"type": "object", "properties": {"request": {"type": "string"}}})
TIMER = ToolSpec("set_timer", "Set a timer.", {"type": "object", "properties": {"seconds": {"type": "integer"}}})
BLOCK = 480
PATIENCE_S = 30.0


@pytest.fixture
def speech_to_speech(tmp_path) -> Iterator[str]:
    with program([str(PYTHON), str(HERE / "servers" / "hugging_face.py")], tmp_path / "log") as url:
        yield url


@pytest.fixture
def aimock(tmp_path) -> Iterator[str]:
    with aimock_with(tmp_path) as url:
        yield url


@contextmanager
def aimock_with(folder: Path, *fixtures: str) -> Iterator[str]:
    with program(["node", str(HERE / "servers" / "aimock.mjs"), *fixtures], folder / "log") as url:
        yield url


@pytest.fixture
def parley(tmp_path, models) -> Iterator[str]:
    models("moonshine_tiny_en/encoder_model.ort")
    with Model().serving() as model, engine(tmp_path, model.url) as url:
        yield url


class Talk:
    """A session, and what it told since the last `until`."""

    def __init__(self, session: RealtimeSession) -> None:
        self.session = session
        self._events = session.events()
        self.got: list[EngineEvent] = []

    async def says(self, name: str) -> None:
        """Speak, faster than in real time, and be silent."""
        speech = np.concatenate([silence(0.3), say(SAYS[name], dbfs=-20), silence(1.2)])
        pcm = resample(speech, 16_000, 24_000)
        for start in range(0, len(pcm), BLOCK):
            await self.session.hear(pcm[start : start + BLOCK].astype("<i2").tobytes())
            await asyncio.sleep(0)

    async def until(self, kind: type[Any], count: int = 1) -> Any:
        """Read on until the `count`-th event of that type."""
        self.got = []
        async with asyncio.timeout(PATIENCE_S):
            async for event in self._events:
                self.got.append(event)
                count -= isinstance(event, kind)
                if not count:
                    return event
        raise AssertionError(f"the session ended: {self.got}")

    def words(self, role: str) -> str:
        """Return what was said, as it is known in the end."""
        return " ".join(
            one.text.strip() for one in self.got if isinstance(one, Words) and one.role == role and one.final
        )

    def audio_ms(self) -> float:
        return sum(len(one.pcm) for one in self.got if isinstance(one, Audio)) / 48


def session_at(url: str, engine: str, end_of_turn: str) -> Any:
    """Return a session with the engine of that name, had it been at `url`."""
    settings = Settings(listen=ListenSettings(end_of_turn=end_of_turn))
    settings = replace(settings, engine={engine: replace(settings.engine[engine], url=url)})
    return session_with(settings, engine, [TIMER], "Be kind.")


@asynccontextmanager
async def talking(url: str, name: str, *history: Said, end_of_turn: str = "server") -> AsyncIterator[Talk]:
    session = session_at(url, "openai", end_of_turn)
    recorder = Recorder(session)
    await session.open(history)
    try:
        yield Talk(session)
    finally:
        await session.close()
        if folder := os.environ.get("PARLEY_RECORD"):
            recorder.write(Path(folder) / f"{name}.jsonl")


async def converse(talk: Talk, time: str, told: str) -> None:
    """Hold the conversation that the servers with a voice all know; patterns: what the `time` is, and of the timer."""
    await talk.says("time")
    ended = await talk.until(ReplyEnded)
    assert (ended.status, talk.words("user").lower().strip("?")) == ("completed", SAYS["time"])
    assert re.fullmatch(time, talk.words("assistant"))
    assert talk.audio_ms() > 300
    assert len([one for one in talk.got if isinstance(one, AudioDone)]) == 1

    await talk.says("timer")
    call = await talk.until(ToolCall)
    assert (call.name, call.arguments) == ("set_timer", '{"seconds": 300}')
    await talk.session.tool_result(call.call_id, '{"seconds": 300}', reply=True)
    await talk.until(AudioDone)
    assert re.search(told, talk.words("assistant"))
    assert not any(isinstance(one, ToolCall) for one in talk.got)
    await talk.until(ReplyEnded)

    await talk.says("story")
    part = await talk.until(Audio, 3)
    await talk.session.interrupt([Heard(part.item, 400, whole=False)])
    ended = await talk.until(ReplyEnded)
    assert ended.status == "cancelled"
    assert talk.audio_ms() == 0

    await talk.says("time")
    ended = await talk.until(ReplyEnded)
    assert ended.status == "completed"
    assert re.fullmatch(time, talk.words("assistant"))
    assert talk.audio_ms() > 300


async def test_hugging_face_speech_to_speech(speech_to_speech):
    async with talking(speech_to_speech, "speech_to_speech") as talk:
        await converse(talk, r"It is noon\.", "It is set:")


async def test_parley_engine(parley):
    async with talking(parley, "parley") as talk:
        await converse(talk, r"It is .+\.", "5 minutes")  # by its sentences, not by the model


async def test_aimock(aimock):
    aimock += "/v1/realtime"
    async with talking(aimock, "aimock_tool", Said("user", SAYS["timer"]), end_of_turn="device") as talk:
        await talk.session.say("Do what was asked.")
        call = await talk.until(ToolCall)
        assert (call.name, call.call_id, call.arguments) == ("set_timer", "call_timer", '{"seconds":300}')
        await talk.until(ReplyEnded)
        await talk.session.tool_result(call.call_id, '{"seconds": 300}', reply=True)
        ended = await talk.until(ReplyEnded)
        assert (ended.status, talk.words("assistant")) == ("completed", "It is set.")
    async with talking(aimock, "aimock_story", Said("user", SAYS["story"]), end_of_turn="device") as talk:
        await talk.session.say("Do what was asked.")
        await talk.until(Words, 3)
        # aimock takes a cancellation for granted: it answers by an event of no protocol, and goes on.
        await talk.session.interrupt([])
        await talk.until(ReplyEnded)
        assert not talk.words("assistant")


async def test_aimock_gemini(aimock):
    path = "/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"
    session = session_at(f"{aimock}{path}", "gemini", "server")
    await session.open(())
    talk = Talk(session)
    try:
        await session.say("Set a timer.")
        call = await talk.until(ToolCall)
        assert (call.name, json.loads(call.arguments)) == ("set_timer", {"seconds": 300})
        await session.tool_result(call.call_id, '{"seconds": 300}', reply=True)
        await talk.until(ReplyEnded)  # the one that called
        await talk.until(ReplyEnded)
        assert talk.words("assistant") == "It is set."
        await session.say("Say it aloud.")
        ended = await talk.until(ReplyEnded)
        assert (ended.status, talk.audio_ms()) == ("completed", 500)
    finally:
        await session.close()


async def test_aimock_gpt_live(tmp_path):
    config = LiveConfig(
        engine=LiveEngine(url="", model="gpt-live-1", voice="marin", delegate="ask"),
        wanted=Wanted(instructions="Be kind.", tools=(ASK,)),
    )
    path = tmp_path / "live.json"
    path.write_text(json.dumps(live_fixture(config)))
    with aimock_with(tmp_path, str(path)) as url:
        session = LiveSession(replace(config, engine=replace(config.engine, url=f"{url}/v1/live/sessions")))
        await session.open(())
        talk = Talk(session)
        try:
            for _ in range(100):
                await session.hear(bytes(SECOND // 100))
            call = await talk.until(ToolCall)
            assert (call.name, json.loads(call.arguments)) == ("ask", {"request": "Set a timer."})
            await session.tool_result(call.call_id, '{"seconds": 300}', reply=True)
            await talk.until(ReplyEnded)  # the work
            await talk.until(ReplyEnded)
            assert talk.words("assistant") == "It is set."
            assert 500 <= talk.audio_ms() <= 1000
        finally:
            await session.close()
    assert (tmp_path / "log").read_text() == ""
