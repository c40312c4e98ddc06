"""The dialects of Realtime: what each server is asked, and what its own words mean.

`dialects/NAME.log` has a turn with each: `<` what the server says, `>` what it must be asked, at least.
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
from openai.types.realtime import SessionUpdateEvent
from pydantic import BaseModel

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
from device.engines.realtime.config import RealtimeConfig, remote_config, session_of
from device.engines.realtime.dialects import dialect, dialects
from device.engines.realtime.duplex import realtime_session
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import RealtimeEngine, engine_faults, engines, known_engines, missing_key
from device.settings.types import Secret
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.wire import realtime as wire

SOON = 20
BARE = "vllm-omni-turns"
LOGS = sorted((Path(__file__).parents[2] / "engines" / "dialects").glob("*.log"))
TOOL = ToolSpec("get_time", "Tell the time.", {"type": "object", "properties": {}})
WANTED = Wanted(instructions="Be brief.", tools=(TOOL,))
FULL = RealtimeEngine(
    url="wss://api.openai.com/v1/realtime",
    model="gpt-realtime-2.1",
    voice="marin",
    speed=1.2,
    prompt_id="pmpt_1",
    prompt_version="3",
    prompt_variables={"city": "Ghent"},
    transcription_model="gpt-live-transcribe",
    transcription_languages=("en", "nl"),
    transcription_keywords=("Parley",),
    transcription_prompt="A kitchen.",
    noise_reduction="far_field",
    noise_reduction_strength=0.5,
    vad_threshold=0.6,
    vad_prefix_ms=200,
    idle_timeout_ms=6000,
    reasoning="low",
    parallel_tools=False,
    max_output_tokens=500,
    truncation="retention_ratio",
    retention_ratio=0.7,
    retention_tokens=8000,
)


def asked(engine: RealtimeEngine, wanted: Wanted = WANTED) -> dict[str, Any]:
    """Return the session that is asked of an engine."""
    config = remote_config("x", engine, wanted)
    return config.dialect.session(session_of(config), engine.model)


def extras(model: Any, path: str = "") -> list[str]:
    """Return the fields that the official types do not know."""
    if isinstance(model, list | tuple):
        return [one for n, item in enumerate(model) for one in extras(item, f"{path}[{n}]")]
    if not isinstance(model, BaseModel):
        return []
    found = [f"{path}.{name}" for name in model.model_extra or {}]
    return found + [one for name in model.model_fields_set for one in extras(getattr(model, name), f"{path}.{name}")]


def official(session: dict[str, Any]) -> SessionUpdateEvent:
    """Return a session as the official SDK understands it, who must know each of its fields."""
    event = SessionUpdateEvent.model_validate({"type": "session.update", "session": session}, strict=True)
    assert extras(event) == []
    return event


# Sessions


def test_every_field_of_a_session_has_a_key() -> None:
    session = asked(FULL)
    official(session)
    assert session == {
        "type": "realtime",
        "instructions": "Be brief.",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "noise_reduction": {"type": "far_field", "strength": 0.5},
                "transcription": {
                    "model": "gpt-live-transcribe",
                    "languages": ["en", "nl"],
                    "keywords": ["Parley"],
                    "prompt": "A kitchen.",
                },
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.6,
                    "prefix_padding_ms": 200,
                    "silence_duration_ms": 500,
                    "idle_timeout_ms": 6000,
                    "create_response": True,
                    "interrupt_response": False,
                },
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24_000}, "voice": "marin", "speed": 1.2},
        },
        "tools": [
            {"type": "function", "name": "get_time", "description": "Tell the time.", "parameters": TOOL.parameters}
        ],
        "tool_choice": "auto",
        "parallel_tool_calls": False,
        "max_output_tokens": 500,
        "reasoning": {"effort": "low"},
        "truncation": {"type": "retention_ratio", "retention_ratio": 0.7, "token_limits": {"post_instructions": 8000}},
        "prompt": {"id": "pmpt_1", "version": "3", "variables": {"city": "Ghent"}},
        "tracing": None,
    }


@pytest.mark.parametrize("truncation", ["auto", "disabled"])
@pytest.mark.parametrize("end_of_turn", ["server", "semantic", "device"])
def test_other_values_are_official_too(truncation: Any, end_of_turn: Any) -> None:
    session = asked(
        replace(FULL, truncation=truncation, voice_id="voice_1", noise_reduction="", transcription_model=""),
        replace(WANTED, end_of_turn=end_of_turn, eagerness="high"),
    )
    official(session)
    assert session["truncation"] == truncation
    assert session["audio"]["output"]["voice"] == {"id": "voice_1"}
    assert session["audio"]["input"]["noise_reduction"] is None
    assert session["audio"]["input"]["transcription"] is None
    turns = session["audio"]["input"]["turn_detection"]
    assert (turns and turns["type"]) == {"server": "server_vad", "semantic": "semantic_vad", "device": None}[
        end_of_turn
    ]


def test_what_is_not_set_is_not_sent() -> None:
    session = asked(RealtimeEngine(url="ws://x"), Wanted())
    official(session)
    assert session == {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 24_000},
                "noise_reduction": None,
                "transcription": None,
                "turn_detection": {
                    "type": "server_vad",
                    "silence_duration_ms": 500,
                    "create_response": True,
                    "interrupt_response": False,
                },
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24_000}},
        },
        "tools": [],
        "tool_choice": "auto",
        "tracing": None,
    }


@pytest.mark.parametrize(
    ("model", "takes"),
    [
        ("gpt-realtime-2.1", True),
        ("gpt-realtime-2.1-mini", True),
        ("gpt-realtime-2", True),
        ("gpt-realtime-3", True),
        ("gpt-realtime-1.5", False),
        ("gpt-realtime", False),
        ("gpt-realtime-2025-08-28", False),
        ("gpt-realtime-mini-2025-12-15", False),
    ],
)
def test_only_models_that_reason_are_told_how_hard(model: str, takes: bool) -> None:
    session = asked(replace(FULL, model=model))
    assert ("reasoning" in session, "parallel_tool_calls" in session) == (takes, takes)


@pytest.mark.parametrize(
    ("model", "left"),
    [
        ("gpt-live-transcribe", {"model", "languages", "keywords", "prompt"}),
        ("gpt-4o-mini-transcribe", {"model", "prompt"}),
        ("gpt-realtime-whisper", {"model", "delay"}),
    ],
)
def test_each_transcriber_gets_what_it_takes(model: str, left: set[str]) -> None:
    session = asked(replace(FULL, transcription_model=model, transcription_delay="high"))
    assert set(session["audio"]["input"]["transcription"]) == left


def leaves(table: Any, path: str = "") -> set[str]:
    if not isinstance(table, dict) or not table:
        return {path}
    return {leaf for key, value in table.items() for leaf in leaves(value, f"{path}.{key}" if path else key)}


NOT_XAI = {"noise_reduction", "truncation", "tracing", "prompt", "output_modalities", "create_response", "type"}


def test_xai_has_voice_and_turns_at_the_top_and_its_own_words() -> None:
    session = asked(replace(FULL, dialect="xai", model="grok-voice-latest", transcription_languages=()))
    assert session["voice"] == "marin"
    assert session["turn_detection"]["type"] == "server_vad"
    assert session["reasoning"] == {"effort": "none"}
    assert session["audio"]["input"]["transcription"] == {
        "model": "gpt-live-transcribe",
        "language_hint": "en",
        "keyterms": ["Parley"],
    }
    assert not NOT_XAI & set(session)
    assert set(session["audio"]["input"]) == {"format", "transcription"}


def test_no_server_before_ga_is_sent_a_field_of_ga() -> None:
    for name in ("beta", "speaches", "qwen", "voice-live"):
        session = asked(replace(FULL, dialect=name))
        assert not {"type", "audio", "output_modalities", "tracing", "truncation", "prompt"} & set(session), name
        assert session["modalities"] == ["text", "audio"]


def test_the_sessions_of_beta_are_what_its_types_were() -> None:
    session = asked(replace(FULL, dialect="beta"))
    assert leaves(session) == {
        "instructions",
        "modalities",
        "voice",
        "speed",
        "input_audio_format",
        "output_audio_format",
        "input_audio_noise_reduction.type",
        "input_audio_transcription.model",
        "input_audio_transcription.prompt",
        "turn_detection.type",
        "turn_detection.threshold",
        "turn_detection.prefix_padding_ms",
        "turn_detection.silence_duration_ms",
        "turn_detection.create_response",
        "turn_detection.interrupt_response",
        "tools",
        "tool_choice",
        "max_response_output_tokens",
    }


def test_azures_own_voices_are_objects_and_openais_are_names() -> None:
    own = asked(replace(FULL, dialect="voice-live", voice="nl-BE-DenaNeural"))
    assert own["voice"] == {"type": "azure-standard", "name": "nl-BE-DenaNeural"}
    assert asked(replace(FULL, dialect="voice-live", voice="marin"))["voice"] == "marin"


def test_voice_live_finds_turns_by_meaning_in_its_own_way() -> None:
    session = asked(replace(FULL, dialect="voice-live"), replace(WANTED, end_of_turn="semantic"))
    assert session["turn_detection"]["type"] == "azure_semantic_vad"
    assert "eagerness" not in session["turn_detection"]
    assert session["input_audio_transcription"]["phrase_list"] == ["Parley"]
    assert session["reasoning_effort"] == "low"


@pytest.mark.parametrize(
    ("name", "wanted", "asked"),
    [
        ("openai", "semantic", "semantic"),
        ("xai", "semantic", "server"),
        ("xai", "device", "device"),
        ("huggingface", "device", "server"),
        ("inworld", "auto", "semantic"),
    ],
)
def test_who_finds_the_end_of_a_turn_is_what_the_server_knows(name: str, wanted: Any, asked: str) -> None:
    config = remote_config("x", replace(FULL, dialect=name), replace(WANTED, end_of_turn=wanted))
    assert config.end_of_turn == asked


def test_every_name_and_path_of_the_dialects_is_the_protocols() -> None:
    own = {str(kind.__struct_config__.tag) for kind in wire.ClientEvent.__args__}
    for name in dialects():
        one = dialect(name)
        wire.server_decoder(one.names)
        assert set(one.unsent) <= own, name
        assert one.source, name
        assert one.rate in {16_000, 24_000}


# Turns


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


# What a server refuses


@pytest.mark.parametrize("field", ["session.reasoning", "session.audio.input.noise_reduction", "session.truncation"])
async def test_a_field_that_a_server_refuses_by_name_is_left_out(field: str, caplog: pytest.LogCaptureFixture) -> None:
    async def judge(connection: Connection, event: wire.SessionUpdate) -> None:
        found = json.loads(wire.encode(event))
        for key in field.split("."):
            found = found.get(key) or {}
        if found:
            error = wire.ErrorEvent(wire_error(field))
            await connection.send(error)
        else:
            await connection.send(wire.SessionUpdated(connection.session))

    async with ScriptedRealtime() as server:
        server.on(wire.SessionUpdate, judge)
        session = RealtimeSession(RealtimeConfig(engine=replace(FULL, url=server.url), wanted=WANTED))
        with caplog.at_level(logging.WARNING):
            await session.open(())
        assert len(server.all(wire.SessionUpdate)) == 2
        await session.close()
    assert f"does not take {field}" in caplog.text


def wire_error(param: str, code: str = "unknown_parameter") -> Any:
    return wire.ErrorDetail(message=f"Unknown parameter: '{param}'.", code=code, param=param)


@pytest.mark.parametrize(
    ("param", "code"),
    [("session.audio.output.voice", "invalid_value"), ("session.tools[0].name", "invalid_value"), ("", "odd")],
)
async def test_a_session_that_cannot_do_without_is_refused(param: str, code: str) -> None:
    async with ScriptedRealtime() as server:
        server.on(wire.SessionUpdate, lambda connection, _: connection.send(wire.ErrorEvent(wire_error(param, code))))
        session = RealtimeSession(RealtimeConfig(engine=replace(FULL, url=server.url), wanted=WANTED))
        with pytest.raises(EngineError) as caught:
            await session.open(())
        assert len(server.all(wire.SessionUpdate)) == 1
    assert (caught.value.fault.code, caught.value.fault.retry) == (code, False)


# Settings


@pytest.mark.parametrize(
    ("keys", "fault"),
    [
        ({"dialect": "klingon"}, "engine.x.dialect: 'klingon' is not known; there are openai, azure, xai"),
        ({"speed": 2}, "engine.x.speed: 2 is not valid; valid is a number from 0.25 to 1.5"),
        ({"reasoning": "some"}, 'valid is "high", "low", "medium", "minimal" or "xhigh"'),
        ({"max_output_tokens": 0}, "valid is a whole number from 1 to 4096"),
        ({"parallel_tools": "yes"}, "valid is true or false"),
        ({"prompt_id": "p", "prompt_variables": 3}, "valid is a table of text"),
        ({"noise_reduction_strength": 0.5}, "noise_reduction_strength: means nothing without noise_reduction"),
        ({"retention_tokens": 100}, 'retention_tokens: means nothing without truncation = "retention_ratio"'),
        ({"transcription_keywords": ["a"]}, "transcription_keywords: means nothing without transcription_model"),
        ({"prompt_version": "2"}, "prompt_version: means nothing without prompt_id"),
    ],
)
def test_wrong_keys_are_named_with_what_to_do(keys: dict[str, Any], fault: str) -> None:
    (found,) = engine_faults({"x": {"url": "ws://x/", **keys}})
    assert fault in found


@pytest.mark.parametrize("name", sorted(n for n, one in known_engines().items() if isinstance(one, RealtimeEngine)))
def test_every_known_engine_is_its_name_and_a_key(name: str) -> None:
    engine = engines({name: {"api_key": "k"}})[name]
    said = missing_key(name, engine)
    assert (said == "") != ("YOUR-RESOURCE" in engine.url)
    if said:
        assert said.startswith(f"engine.{name}.url: put the name of your resource where")
        mine = engines({name: {"url": engine.url.replace("YOUR-RESOURCE", "mine"), "api_key": "k"}})[name]
        assert missing_key(name, mine) == ""


def test_a_key_of_azure_goes_to_any_of_its_resources() -> None:
    mine = engines({"azure": {"url": "wss://mine.openai.azure.com/openai/v1/realtime"}})["azure"]
    assert "AZURE_OPENAI_API_KEY" in missing_key("azure", mine)
