"""Servers that know only audio, scripted from `vllm_omni` 0.30.0, entrypoints/openai/realtime_connection.py."""

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest
from aiohttp import web
from msgspec.structs import replace

from device.conversation.engine import (
    Audio,
    AudioDone,
    Capabilities,
    EngineError,
    Fault,
    ReplyEnded,
    ReplyStarted,
    ToolSpec,
    Wanted,
)
from device.conversation.events import Heard
from device.engines.realtime.bare import BareSession
from device.engines.realtime.config import remote_config
from device.engines.realtime.duplex import realtime_session
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import known_engines

NAME = "vllm-omni-turns"
SOON = 20


class Server:
    """As the real one it answers nothing, and says what a test has it say."""

    def __init__(self, greeting: dict[str, Any]) -> None:
        self._greeting = greeting
        self._changed = asyncio.Condition()
        self._socket: web.WebSocketResponse | None = None
        self.got: list[dict[str, Any]] = []
        self.url = ""

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = self._socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        await socket.send_json(self._greeting)
        async for message in socket:
            async with self._changed:
                self.got.append(message.json())
                self._changed.notify_all()
        return socket

    async def say(self, kind: str, **fields: Any) -> None:
        assert self._socket is not None
        await self._socket.send_json({"type": kind, **fields})

    async def audio(self, pcm: bytes, rate: int = 24_000) -> None:
        audio = base64.b64encode(pcm).decode()
        await self.say("response.output_audio.delta", audio=audio, format="pcm16", sample_rate_hz=rate)

    async def done(self, *, has_audio: bool = True) -> None:
        await self.say("response.output_audio.done", has_audio=has_audio)

    async def turns(self, number: int) -> list[bytes]:
        """Wait until so many turns are over; return what was sent of each."""
        async with self._changed:
            await self._changed.wait_for(lambda: sum(one.get("final") is True for one in self.got) >= number)
        turns, sent = [], b""
        for one in self.got:
            if one["type"] == "input_audio_buffer.append":
                sent += base64.b64decode(one["audio"])
            elif one.get("final"):
                turns.append(sent)
                sent = b""
        return turns


@asynccontextmanager
async def serving(greeting: dict[str, Any] | None = None) -> AsyncIterator[Server]:
    server = Server(greeting or {"type": "session.created", "id": "sess-1", "created": 1790000000})
    app = web.Application()
    app.router.add_get("/v1/realtime", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    server.url = f"ws://{host}:{port}/v1/realtime"
    try:
        async with asyncio.timeout(SOON):
            yield server
    finally:
        await runner.cleanup()


def session_at(server: Server, **wanted: Any) -> RealtimeSession:
    return realtime_session(remote_config(NAME, replace(known_engines()[NAME], url=server.url), Wanted(**wanted)))


async def until(session: RealtimeSession, last: Callable[[Any], bool]) -> list[Any]:
    got = []
    async for event in session.events():
        got.append(event)
        if last(event):
            break
    return got


def over(event: Any) -> bool:
    return isinstance(event, ReplyEnded)


@pytest.mark.parametrize("end_of_turn", ["auto", "server", "semantic", "device"])
async def test_the_device_does_what_the_server_cannot(end_of_turn: Any) -> None:
    tool = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})
    async with serving() as server:
        session = session_at(server, end_of_turn=end_of_turn, tools=(tool,))
        assert isinstance(session, BareSession)
        assert session.capabilities == Capabilities(
            truncation=False, tools=False, prompted=False, server_vad=False, hear_rate=16_000
        )
        assert session.rate == 24_000


async def test_what_comes_of_an_interrupted_reply_is_dropped_and_the_next_turn_waits_for_its_end() -> None:
    async with serving() as server:
        session = session_at(server)
        await session.open(())
        await session.hear(b"\1\0")
        await session.commit()
        assert await server.turns(1) == [b"\1\0"]
        await server.audio(b"\1\0")
        got = await until(session, lambda event: isinstance(event, Audio))
        assert got == [ReplyStarted("reply_1"), Audio("reply_1", "reply_1_item", b"\1\0")]
        await session.interrupt([Heard("reply_1_item", 0, whole=False)])
        await session.hear(b"\2\0")
        await session.commit()
        await server.audio(b"\3\0")
        await server.say("transcription.done", text="Noon.", usage=None)
        await server.done()
        assert await server.turns(2) == [b"\1\0", b"\2\0"]
        await server.audio(b"\4\0")
        await server.done()
        assert await until(session, lambda event: event == ReplyEnded("reply_2", "completed")) == [
            ReplyEnded("reply_1", "completed"),
            ReplyStarted("reply_2"),
            Audio("reply_2", "reply_2_item", b"\4\0"),
            AudioDone("reply_2", "reply_2_item"),
            ReplyEnded("reply_2", "completed"),
        ]
        # Nothing but what the server knows: it complains of the rest.
        assert {one["type"] for one in server.got} == {
            "session.update",
            "input_audio_buffer.append",
            "input_audio_buffer.commit",
        }
        await session.close()


async def test_a_reply_that_is_interrupted_before_it_begins_is_not_heard() -> None:
    async with serving() as server:
        session = session_at(server)
        await session.open(())
        await session.hear(b"\1\0")
        await session.commit()
        await server.turns(1)
        await session.interrupt([])
        await server.audio(b"\1\0")
        await server.done()
        assert await until(session, over) == [ReplyStarted("reply_1"), ReplyEnded("reply_1", "completed")]
        await session.hear(b"\2\0")
        await session.commit()
        assert await server.turns(2) == [b"\1\0", b"\2\0"]
        await session.close()


async def test_a_reply_that_fails_says_why_and_the_next_turn_goes_on() -> None:
    async with serving() as server:
        session = session_at(server)
        await session.open(())
        await session.hear(b"\1\0")
        await session.commit()
        await server.turns(1)
        await server.say("error", error="out of memory", code="processing_error")
        await server.done(has_audio=False)
        assert (await until(session, over))[-1] == ReplyEnded("reply_1", "failed", message="out of memory")
        await session.hear(b"\2\0")
        await session.commit()
        assert len(await server.turns(2)) == 2
        await session.close()


async def test_a_turn_that_the_server_refuses_is_over() -> None:
    async with serving() as server:
        session = session_at(server)
        await session.open(())
        await session.commit()
        await server.turns(1)
        await server.say("error", error="Model not validated.", code="model_not_validated")
        assert await until(session, over) == [ReplyEnded("", "failed", message="Model not validated.")]
        await session.commit()
        await server.turns(2)
        await session.close()


async def test_a_wrong_model_is_named_with_what_to_do() -> None:
    async with serving() as server:
        session = session_at(server)
        await session.open(())
        await server.say("error", error="The model `x` does not exist.", code="model_not_found")
        (fault,) = await until(session, lambda event: isinstance(event, Fault))
        assert (fault.code, fault.retry) == ("model_not_found", False)
        assert "set engine.vllm-omni-turns.model" in fault.message
        await session.close()


async def test_a_server_without_turns_says_so_before_the_session_opens() -> None:
    greeting = {"type": "error", "error": "Realtime API is not available", "code": "unsupported"}
    async with serving(greeting) as server:
        with pytest.raises(EngineError, match="Realtime API is not available"):
            await session_at(server).open(())


async def test_audio_at_another_rate_is_converted() -> None:
    async with serving() as server:
        session = session_at(server)
        await session.open(())
        await session.hear(b"\1\0")
        await session.commit()
        await server.turns(1)
        await server.audio(np.zeros(12_000, np.int16).tobytes(), rate=12_000)
        await server.done()
        pcm = b"".join(event.pcm for event in await until(session, over) if isinstance(event, Audio))
        assert abs(len(pcm) // 2 - 24_000) <= 240
        await session.close()
