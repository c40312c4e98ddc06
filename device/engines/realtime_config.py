"""What a Realtime session is to be like, in the device's words and in the protocol's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from msgspec import Struct
from msgspec.structs import replace
from yarl import URL

from device.engines.contract import ToolSpec
from device.engines.faults import Endpoint
from device.engines.wire.realtime_items import (
    AudioConfig,
    AudioFormat,
    AudioInput,
    AudioOutput,
    NoiseReduction,
    Session,
    Tool,
    Transcription,
    TurnDetection,
)
from device.section import Secret

if TYPE_CHECKING:
    from device.engine_settings import RealtimeEngine
    from device.engines.contract import Wanted

RATE: Final = 24_000
"""Hz, in both directions: the only rate of `audio/pcm`."""


class RealtimeConfig(Struct, frozen=True, kw_only=True):
    """Where a session is to be had, and what it shall be like."""

    url: str
    model: str = ""
    api_key: Secret = Secret()
    voice: str = ""
    instructions: str = ""
    tools: tuple[ToolSpec, ...] = ()
    end_of_turn: Literal["server", "semantic", "device"] = "server"
    silence_ms: int = 500
    interrupts: bool = False
    """Whether the server cuts its reply off when it hears the user."""
    eagerness: Literal["auto", "low", "medium", "high"] = "auto"
    noise_reduction: Literal["", "near_field", "far_field"] = ""
    transcription_model: str = ""
    """Empty: the user's words are not written down."""
    language: str = ""
    section: str = "engine.openai"
    """The table of the settings that this comes from, for messages."""
    key_variable: str = ""
    """The environment variable for the key, likewise."""
    lifetime_s: float = 3600.0
    """When the server ends the session; 0 if it does not."""
    open_timeout_s: float = 10.0
    """For the connection, and again for each answer while the session opens."""
    stuck_s: float = 5.0
    """A socket that takes nothing for so long is dead."""
    heartbeat_s: float | None = 15.0
    """Between pings; half of it for the answer. None: no pings."""

    @property
    def endpoint(self) -> Endpoint:
        """What messages may say of the server; an address can hold secrets."""
        return Endpoint(URL(self.url).host or "The engine", self.model, self.section, self.key_variable)

    def __repr__(self) -> str:
        return f"RealtimeConfig({self.endpoint.host!r}, model={self.model!r})"


def local_config(voice: str, wanted: Wanted, url: str) -> RealtimeConfig:
    """Return what is asked of the local engine, which listens at `url`."""
    return _common(wanted, url, "semantic", voice=voice, transcription_model="moonshine-tiny-en")


def remote_config(name: str, engine: RealtimeEngine, wanted: Wanted) -> RealtimeConfig:
    """Return what is asked of the engine that the settings call `name`."""
    return replace(
        _common(wanted, engine.url, "server", voice=engine.voice, transcription_model=engine.transcription_model),
        model=engine.model,
        api_key=engine.api_key,
        noise_reduction=engine.noise_reduction,
        section=f"engine.{name}",
        key_variable=engine.key_variable,
        lifetime_s=engine.lifetime_s,
    )


def _common(
    wanted: Wanted, url: str, auto: Literal["server", "semantic"], *, voice: str, transcription_model: str
) -> RealtimeConfig:
    return RealtimeConfig(
        url=url,
        voice=voice,
        instructions=wanted.instructions,
        tools=wanted.tools,
        end_of_turn=auto if wanted.end_of_turn == "auto" else wanted.end_of_turn,
        silence_ms=wanted.silence_ms,
        eagerness=wanted.eagerness,
        interrupts=wanted.interrupts,
        transcription_model=transcription_model,
        language=wanted.language,
        section="local",
        lifetime_s=0,
    )


def session_of(config: RealtimeConfig) -> Session:
    """Return what is asked of the server. Where the device decides what is an interruption, the server must not."""
    turns = None
    if config.end_of_turn == "server":
        turns = TurnDetection(
            type="server_vad",
            silence_duration_ms=config.silence_ms,
            create_response=True,
            interrupt_response=config.interrupts,
        )
    elif config.end_of_turn == "semantic":
        turns = TurnDetection(
            type="semantic_vad", eagerness=config.eagerness, create_response=True, interrupt_response=config.interrupts
        )
    words = None
    if config.transcription_model:
        words = Transcription(model=config.transcription_model, language=config.language.split("-")[0] or None)
    pcm = AudioFormat(type="audio/pcm", rate=RATE)
    return Session(
        type="realtime",
        instructions=config.instructions or None,
        output_modalities=["audio"],
        audio=AudioConfig(
            input=AudioInput(
                format=pcm,
                noise_reduction=NoiseReduction(type=config.noise_reduction) if config.noise_reduction else None,
                transcription=words,
                turn_detection=turns,
            ),
            output=AudioOutput(format=pcm, voice=config.voice or None),
        ),
        tools=[Tool(name=tool.name, description=tool.description, parameters=tool.parameters) for tool in config.tools],
        tool_choice="auto",
    )
