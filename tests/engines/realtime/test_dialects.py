"""The dialects of Realtime: what each server is asked, and what it refuses."""

import json
import logging
from typing import Any

import pytest
from msgspec.structs import replace
from openai.types.realtime import SessionUpdateEvent
from pydantic import BaseModel

from device.conversation.engine import EngineError, ToolSpec, Wanted
from device.engines.realtime.config import RealtimeConfig, remote_config, session_of
from device.engines.realtime.dialects import dialect, dialects
from device.engines.realtime.session import RealtimeSession
from device.settings.engines import RealtimeEngine
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.wire import realtime as wire

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
