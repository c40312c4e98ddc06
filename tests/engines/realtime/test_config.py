"""What a Realtime session is to be like."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import UNSET

from device.conversation.engine import ToolSpec, Wanted
from device.engines.realtime.config import RealtimeConfig, local_config, remote_config, session_of
from device.settings.engines import RealtimeEngine
from device.wire.realtime_items import (
    NoiseReduction,
    Prompt,
    Reasoning,
    Session,
    TokenLimits,
    Tool,
    Transcription,
    Truncation,
    TurnDetection,
    VoiceId,
)

URL = "ws://x/"


def asked(wanted: Wanted = Wanted(), **engine: Any) -> Session:  # noqa: B008 - it is frozen
    return session_of(RealtimeConfig(engine=RealtimeEngine(url=URL, **engine), wanted=wanted))


@pytest.mark.parametrize(
    ("auto", "wanted", "who"),
    [
        ("", "auto", "server"),
        ("semantic", "auto", "semantic"),
        ("semantic", "device", "device"),
        ("", "semantic", "semantic"),
    ],
)
def test_who_finds_the_end_of_a_turn(auto: Any, wanted: Any, who: str) -> None:
    config = RealtimeConfig(engine=RealtimeEngine(url=URL), wanted=Wanted(end_of_turn=wanted), auto=auto)
    assert config.end_of_turn == who


@pytest.mark.parametrize(
    ("wanted", "detection"),
    [
        (
            Wanted(end_of_turn="server", silence_ms=700, interrupts=True),
            TurnDetection(
                type="server_vad",
                threshold=0.7,
                prefix_padding_ms=200,
                silence_duration_ms=700,
                idle_timeout_ms=9000,
                create_response=True,
                interrupt_response=True,
            ),
        ),
        (
            Wanted(end_of_turn="semantic", eagerness="low"),
            TurnDetection(type="semantic_vad", eagerness="low", create_response=True, interrupt_response=False),
        ),
        (Wanted(end_of_turn="device"), None),
    ],
)
def test_how_it_is_found(wanted: Wanted, detection: TurnDetection | None) -> None:
    session = asked(wanted, vad_threshold=0.7, vad_prefix_ms=200, idle_timeout_ms=9000)
    assert session.audio.input.turn_detection == detection


@pytest.mark.parametrize(
    ("engine", "language", "transcription"),
    [
        ({}, "de", None),
        ({"transcription_model": "t"}, "de-AT", Transcription(model="t", language="de")),
        ({"transcription_model": "t"}, "", Transcription(model="t")),
        (
            {
                "transcription_model": "t",
                "transcription_languages": ("en", "fr"),
                "transcription_keywords": ("Parley",),
                "transcription_prompt": "A kitchen.",
                "transcription_delay": "low",
            },
            "de",
            Transcription(model="t", languages=["en", "fr"], keywords=["Parley"], prompt="A kitchen.", delay="low"),
        ),
    ],
)
def test_what_writes_down_the_users_words(
    engine: dict[str, Any], language: str, transcription: Transcription | None
) -> None:
    assert asked(Wanted(language=language), **engine).audio.input.transcription == transcription


@pytest.mark.parametrize(
    ("engine", "voice"),
    [({}, None), ({"voice": "cedar"}, "cedar"), ({"voice": "cedar", "voice_id": "v"}, VoiceId(id="v"))],
)
def test_a_voice_of_ones_own_counts_over_a_known_one(engine: dict[str, Any], voice: object) -> None:
    assert asked(**engine).audio.output.voice == voice


@pytest.mark.parametrize(
    ("engine", "truncation"),
    [
        ({}, None),
        ({"truncation": "disabled"}, "disabled"),
        ({"truncation": "retention_ratio", "retention_ratio": 0.5}, Truncation(retention_ratio=0.5)),
        (
            {"truncation": "retention_ratio", "retention_ratio": 0.5, "retention_tokens": 900},
            Truncation(retention_ratio=0.5, token_limits=TokenLimits(post_instructions=900)),
        ),
    ],
)
def test_what_becomes_of_a_long_conversation(engine: dict[str, Any], truncation: object) -> None:
    assert asked(**engine).truncation == truncation


def test_what_is_not_set_is_left_to_the_server() -> None:
    session = asked()
    assert (session.instructions, session.reasoning, session.prompt) == (None, None, UNSET)
    assert session.audio.input.noise_reduction is None
    assert session.tracing is None  # said, not left out: nobody but the user shall have the conversation


def test_what_is_set_is_asked_for() -> None:
    tool = ToolSpec("f", "does", {"type": "object"})
    session = asked(
        Wanted(instructions="Be brief.", tools=(tool,)),
        reasoning="low",
        noise_reduction="far_field",
        noise_reduction_strength=0.5,
        prompt_id="p",
        prompt_variables={"name": "Jarvis"},
        max_output_tokens=99,
        parallel_tools=False,
        speed=1.2,
    )
    assert session.instructions == "Be brief."
    assert session.tools == [Tool(name="f", description="does", parameters={"type": "object"})]
    assert session.reasoning == Reasoning(effort="low")
    assert session.audio.input.noise_reduction == NoiseReduction(type="far_field", strength=0.5)
    assert session.prompt == Prompt(id="p", variables={"name": "Jarvis"})
    assert (session.max_output_tokens, session.parallel_tool_calls, session.audio.output.speed) == (99, False, 1.2)


def test_the_local_engine_goes_by_meaning_and_writes_the_users_words_down() -> None:
    config = local_config("en-gb", Wanted(), "ws://127.0.0.1:99/")
    assert (config.section, config.end_of_turn, config.engine.voice) == ("local", "semantic", "en-gb")
    assert config.engine.transcription_model


def test_a_remote_one_is_called_as_its_table() -> None:
    assert remote_config("mine", RealtimeEngine(url=URL), Wanted()).section == "engine.mine"
