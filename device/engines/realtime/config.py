"""What a Realtime session is to be like, in the device's words and in the protocol's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import UNSET

from device.engines.config import Config
from device.engines.realtime.dialects import Dialect, EndOfTurn, dialect
from device.settings.engines import RealtimeEngine
from device.wire.realtime_items import (
    AudioConfig,
    AudioFormat,
    AudioInput,
    AudioOutput,
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

if TYPE_CHECKING:
    from device.conversation.engine import Wanted

RATE: Final = 24_000
"""Hz, in both directions: the only rate of `audio/pcm` in the protocol as it is."""


class RealtimeConfig(Config[RealtimeEngine], frozen=True, kw_only=True):
    """Where a session is to be had, and what it shall be like."""

    section: str = "engine.openai"
    auto: Literal["", "semantic"] = ""
    """Who finds the end of the user's turn, where that is left to the engine; empty: what the dialect has first."""

    @property
    def dialect(self) -> Dialect:
        """How the server differs from the protocol as it is."""
        return dialect(self.engine.dialect)

    @property
    def end_of_turn(self) -> EndOfTurn:
        """Who finds the end of the user's turn."""
        wanted = self.wanted.end_of_turn
        return self.dialect.end_of_turn((self.auto or self.dialect.turns[0]) if wanted == "auto" else wanted)


def local_config(voice: str, wanted: Wanted, url: str) -> RealtimeConfig:
    """Return what is asked of the local engine, which listens at `url`."""
    engine = RealtimeEngine(
        url=url, voice=voice, transcription_model="moonshine-tiny-en", transcription_keywords=wanted.names
    )
    return RealtimeConfig(engine=engine, wanted=wanted, section="local", auto="semantic")


def remote_config(name: str, engine: RealtimeEngine, wanted: Wanted) -> RealtimeConfig:
    """Return what is asked of the engine that the settings call `name`."""
    return RealtimeConfig(engine=engine, wanted=wanted, section=f"engine.{name}")


def session_of(config: RealtimeConfig) -> Session:
    """Return what is asked of the server, in the protocol's own words; its dialect may say it otherwise."""
    engine, wanted, dialect = config.engine, config.wanted, config.dialect
    voice = VoiceId(id=engine.voice_id) if engine.voice_id else engine.voice or None
    return Session(
        type="realtime",
        instructions=wanted.instructions or None,
        output_modalities=["audio"],
        audio=AudioConfig(
            input=AudioInput(
                format=AudioFormat(type="audio/pcm", rate=dialect.hear_rate),
                noise_reduction=_noise_reduction(engine),
                transcription=_transcription(engine, wanted.language),
                turn_detection=_turn_detection(config),
            ),
            output=AudioOutput(
                format=AudioFormat(type="audio/pcm", rate=dialect.rate), voice=voice, speed=engine.speed
            ),
        ),
        tools=[Tool(name=tool.name, description=tool.description, parameters=tool.parameters) for tool in wanted.tools],
        tool_choice="auto",
        parallel_tool_calls=engine.parallel_tools,
        max_output_tokens=engine.max_output_tokens,
        reasoning=Reasoning(effort=engine.reasoning) if engine.reasoning else None,
        truncation=_truncation(engine),
        prompt=_prompt(engine) if engine.prompt_id else UNSET,
        tracing=None,  # nobody but the user shall have the conversation
    )


def _turn_detection(config: RealtimeConfig) -> TurnDetection | None:
    """Return who finds the ends of turns. Where the device decides what is an interruption, the server must not."""
    engine, wanted = config.engine, config.wanted
    match config.end_of_turn:
        case "server":
            return TurnDetection(
                type="server_vad",
                threshold=engine.vad_threshold,
                prefix_padding_ms=engine.vad_prefix_ms,
                silence_duration_ms=wanted.silence_ms,
                idle_timeout_ms=engine.idle_timeout_ms,
                create_response=True,
                interrupt_response=wanted.interrupts,
            )
        case "semantic":
            return TurnDetection(
                type="semantic_vad",
                eagerness=wanted.eagerness,
                create_response=True,
                interrupt_response=wanted.interrupts,
            )
        case "device":
            return None


def _transcription(engine: RealtimeEngine, language: str) -> Transcription | None:
    if not engine.transcription_model:
        return None
    languages = list(engine.transcription_languages)
    return Transcription(
        model=engine.transcription_model,
        language=None if languages else language.split("-", maxsplit=1)[0] or None,
        languages=languages or None,
        keywords=list(engine.transcription_keywords) or None,
        prompt=engine.transcription_prompt or None,
        delay=engine.transcription_delay,
    )


def _noise_reduction(engine: RealtimeEngine) -> NoiseReduction | None:
    if not engine.noise_reduction:
        return None
    return NoiseReduction(type=engine.noise_reduction, strength=engine.noise_reduction_strength)


def _truncation(engine: RealtimeEngine) -> Literal["auto", "disabled"] | Truncation | None:
    if engine.truncation != "retention_ratio":
        return engine.truncation
    limits = TokenLimits(post_instructions=engine.retention_tokens) if engine.retention_tokens else None
    return Truncation(retention_ratio=engine.retention_ratio, token_limits=limits)


def _prompt(engine: RealtimeEngine) -> Prompt:
    return Prompt(
        id=engine.prompt_id, version=engine.prompt_version or None, variables=dict(engine.prompt_variables) or None
    )
