"""A turn in each dialect: `dialects/NAME.log` has it.

`<` is what the server says, `>` what it must be asked, at least.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from msgspec.structs import replace

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineError,
    ReplyEnded,
    ReplyStarted,
    Said,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolSpec,
    Usage,
    Wanted,
    Words,
)
from device.conversation.events import Heard
from device.engines.realtime.config import RealtimeConfig, remote_config
from device.engines.realtime.duplex import realtime_session
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import RealtimeEngine, known_engines
from device.settings.types import Secret
from device.simulation.scripted_engine import ScriptedRealtime
from device.wire import realtime as wire

SOON = 20
BARE = "vllm-omni-turns"
LOGS = sorted((Path(__file__).parents[2] / "engines" / "dialects").glob("*.log"))
TOOL = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})
WANTED = Wanted(instructions="Be brief.", tools=(TOOL,))


class Tape:
    """A server that says what is in a log, once it was asked what is there."""

    def __init__(self, path: Path) -> None:
        self.lines = [line for line in path.read_text().splitlines() if line[:1] in "<>"]
        self.request: web.Request | None = None
        self.asked: list[Any] = []
        self.missed: list[str] = []

    @asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        app = web.Application()
        app.router.add_get("/v1/realtime", self._serve)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        try:
            yield f"ws://{host}:{port}/v1/realtime"
        finally:
            await runner.cleanup()

    async def _serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(timeout=0.5)
        await socket.prepare(request)
        self.request = request
        for line in self.lines:
            if line[0] == "<":
                await socket.send_str(line[2:])
            else:
                self.asked.append(await socket.receive_json())
                self.missed += misses(self.asked[-1], json.loads(line[2:]))
        async for _ in socket:
            pass
        return socket


def misses(asked: Any, wanted: Any, path: str = "") -> list[str]:
    """Return what is wanted and not asked."""
    if not isinstance(wanted, dict):
        return [] if asked == wanted else [f"{path}: {asked!r} is not {wanted!r}"]
    if not isinstance(asked, dict):
        return [f"{path}: {asked!r}"]
    return [one for key, value in wanted.items() for one in misses(asked.get(key), value, f"{path}.{key}")]


@pytest.mark.parametrize("path", [path for path in LOGS if path.stem != BARE], ids=lambda path: path.stem)
async def test_a_turn_in_each_dialect(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    tape = Tape(path)
    async with tape.running() as url, asyncio.timeout(SOON):
        engine = replace(known_engines()[path.stem], url=url, api_key=Secret("k"))
        session = RealtimeSession(remote_config(path.stem, engine, WANTED))
        with caplog.at_level(logging.WARNING):
            await session.open(())
            got = []
            async for event in session.events():
                got.append(event)
                if isinstance(event, ReplyEnded):
                    break
        await session.close()
    assert (len(tape.asked), tape.missed) == (1, [])
    text = [event for event in got if isinstance(event, Words)]
    assert [(one.role, one.text) for one in text if one.final] == [("user", "what time is it"), ("assistant", "Noon.")]
    assert [event for event in got if not isinstance(event, Words)] == [
        SpeechStarted(),
        SpeechStopped(),
        ReplyStarted("r1"),
        *(
            [Audio("r1", "i1", b"\1\0\2\0"), ToolCall("r1", "c1", "get_time", "{}"), AudioDone("r1", "i1")]
            if path.stem == "huggingface"  # which tells of no item's end
            else [Audio("r1", "i1", b"\1\0\2\0"), AudioDone("r1", "i1"), ToolCall("r1", "c1", "get_time", "{}")]
        ),
        # xAI tells what a reply cost beside the response.
        ReplyEnded("r1", "completed", Usage(*(() if path.stem == "xai" else (1, 2)))),
    ]
    assert not [one.message for one in caplog.records if one.name.startswith("device")]


async def test_a_turn_with_a_server_that_knows_only_audio(caplog: pytest.LogCaptureFixture) -> None:
    """Shapes: vllm_omni 0.30.0, `RealtimeConnection._run_generation`; vllm, speech_to_text/realtime/protocol.py."""
    tape = Tape(LOGS[0].with_name(f"{BARE}.log"))
    async with tape.running() as url, asyncio.timeout(SOON):
        session = realtime_session(remote_config(BARE, replace(known_engines()[BARE], url=url), WANTED))
        with caplog.at_level(logging.WARNING):
            await session.open((Said("user", "hello"),))
            await session.hear(b"\5\0")
            await session.discard()
            await session.hear(b"\1\0")
            await session.hear(b"\2\0")
            await session.commit()
            got = []
            async for event in session.events():
                got.append(event)
                if isinstance(event, ReplyEnded):
                    break
        await session.close()
    assert tape.missed == []
    assert tape.asked == [
        {"type": "session.update", "model": "Qwen/Qwen3-Omni-30B-A3B-Instruct"},
        {"type": "input_audio_buffer.append", "audio": "AQA="},
        {"type": "input_audio_buffer.append", "audio": "AgA="},
        {"type": "input_audio_buffer.commit", "final": False},
        {"type": "input_audio_buffer.commit", "final": True},
    ]
    assert tape.request is not None
    assert dict(tape.request.query) == {"duplex": "0"}
    name, item = "reply_1", "reply_1_item"
    assert got == [
        ReplyStarted(name),
        Words("assistant", "No", final=False, item=item),
        Audio(name, item, b"\1\0\2\0"),
        Words("assistant", "on.", final=False, item=item),
        Audio(name, item, b"\3\0"),
        Words("assistant", "Noon.", final=True, item=item),
        AudioDone(name, item),
        ReplyEnded(name, "completed", Usage(1, 2)),
    ]
    assert not [one.message for one in caplog.records if one.name.startswith("device")]


def test_every_engine_that_is_compatible_has_a_log() -> None:
    known = {name for name, engine in known_engines().items() if isinstance(engine, RealtimeEngine)}
    assert known - {"openai", "vllm-omni"} == {path.stem for path in LOGS}


@pytest.mark.parametrize(
    ("name", "header", "query"),
    [
        ("openai", ("Authorization", "Bearer k"), {"model": "m"}),
        ("azure", ("api-key", "k"), {"model": "m"}),
        ("voice-live", ("api-key", "k"), {"model": "m", "api-version": "2025-10-01"}),
        ("inworld", ("Authorization", "Basic k"), {"protocol": "realtime"}),
        ("beta", ("Authorization", "Bearer k"), {"model": "m"}),
    ],
)
async def test_how_each_is_addressed(name: str, header: tuple[str, str], query: dict[str, str]) -> None:
    async with ScriptedRealtime() as server:
        engine = RealtimeEngine(url=server.url, dialect=name, model="m", api_key=Secret("k"))
        session = RealtimeSession(RealtimeConfig(engine=engine))
        # The scripted server does not know beta's shape, and the handshake is all that is looked at.
        server.on(wire.SessionUpdate, lambda connection, _: connection.close())
        with pytest.raises(EngineError):
            await session.open(())
        headers, found = server.connection.headers, dict(server.connection.query)
    assert headers[header[0]] == header[1]
    assert ("Authorization" in headers) == (header[0] == "Authorization")
    key = found.pop("key", "")
    assert key.startswith("parley-") == (name == "inworld")
    assert found == query


async def test_what_a_server_does_not_take_is_not_sent() -> None:
    async with ScriptedRealtime() as server:
        engine = RealtimeEngine(url=server.url, dialect="huggingface")
        session = RealtimeSession(RealtimeConfig(engine=engine, wanted=Wanted(end_of_turn="server")))
        await session.open((Said("assistant", "Hello."),))
        assert not session.capabilities.truncation
        await session.say("The timer rang.")
        async for event in session.events():
            if isinstance(event, Audio):
                await session.interrupt([Heard(event.item, 100, whole=False)])
                await session.discard()
                break
        await server.wait(wire.InputAudioBufferClear)
        assert not server.all(wire.ConversationItemTruncate)
        assert server.all(wire.ResponseCancel)
        await session.close()


async def test_history_has_betas_names_for_what_was_said() -> None:
    tape = Tape(Path(__file__).parents[2] / "engines" / "dialects" / "speaches.log")
    said: list[dict[str, Any]] = []

    class Listening(Tape):
        async def _serve(self, request: web.Request) -> web.WebSocketResponse:
            socket = web.WebSocketResponse(timeout=0.5)
            await socket.prepare(request)
            for line in self.lines[:3]:
                await (socket.send_str(line[2:]) if line[0] == "<" else socket.receive_json())
            said.extend([await socket.receive_json(), await socket.receive_json()])
            done.set()
            return socket

    done = asyncio.Event()
    tape.__class__ = Listening
    async with tape.running() as url, asyncio.timeout(SOON):
        engine = replace(known_engines()["speaches"], url=url)
        session = RealtimeSession(remote_config("speaches", engine, WANTED))
        await session.open((Said("user", "hello"), Said("assistant", "Good day.")))
        await done.wait()
        await session.close()
    assert [one["item"]["content"] for one in said] == [
        [{"type": "input_text", "text": "hello"}],
        [{"type": "text", "text": "Good day."}],
    ]
