"""What a client can set of a session or of one response, merged, checked and read.

A session is kept as the protocol's own `Session`, complete, so that `session.updated` tells the truth; `read_config`
gives what the server goes by.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import fields, replace

from device.local.end_of_turn.endpointing import EndpointingDelays
from device.local.session.coding import RATES
from device.local.stages import Choice, Tool
from device.wire.errors import WireError
from device.wire.realtime_items import (
    AudioConfig,
    AudioFormat,
    AudioInput,
    AudioOutput,
    ResponseParams,
    Session,
    ToolChoice,
    Transcription,
    TurnDetection,
)

S = TypeVar("S", bound=Struct)

EAGERNESS: Final = {
    "low": EndpointingDelays(sure=600, known=700, complete=1000, uncertain=1500, incomplete=2500),
    "medium": EndpointingDelays(sure=352, known=500, complete=640, uncertain=1000, incomplete=1400),
    "auto": EndpointingDelays(sure=352, known=500, complete=640, uncertain=1000, incomplete=1400),
    "high": EndpointingDelays(sure=320, known=400, complete=500, uncertain=700, incomplete=1000),
}
"""How the ends of turns are found with `semantic_vad`; `auto` is `medium`, as with OpenAI.

Of `medium`, `complete` was found by the turns of `parley bench bargein`; 500 ms is the silence that ends any turn with
`server_vad`; `sure` is twelve frames of the VAD, longer than pauses within a phrase are. The other rows shift all of it
towards waiting or towards cutting in.
"""
MAX_MS: Final = 600_000
"""Of any time that a client sets: as much audio as is kept (`hearing.MAX_UNCOMMITTED`)."""
MAX_KEYWORDS: Final = 200
"""How many are heeded: what is on a long shopping list. A choice."""
MAX_TOKENS: Final = 4096
"""Of a response, as OpenAI's reference of `max_output_tokens` has it."""
METADATA_PAIRS: Final = 16
METADATA_KEY: Final = 64
METADATA_VALUE: Final = 512
"""How many pairs, how long a key, how long a value: as OpenAI's reference of `metadata` has it."""

SERVER_VAD: Final = TurnDetection(
    type="server_vad",
    threshold=0.5,
    prefix_padding_ms=300,
    silence_duration_ms=500,
    create_response=True,
    interrupt_response=True,
)
SEMANTIC_VAD: Final = TurnDetection(
    type="semantic_vad", eagerness="auto", create_response=True, interrupt_response=True
)


class Detection(Struct, frozen=True):
    """How the ends of turns are found."""

    threshold: float
    prefix_padding_ms: int
    silence_ms: int
    delays: EndpointingDelays | None
    """With `semantic_vad`, in place of `silence_ms`."""
    create_response: bool
    interrupt_response: bool
    idle_timeout_ms: int | None


class Config(Struct, frozen=True):
    """What the server goes by."""

    instructions: str
    tools: tuple[Tool, ...]
    choice: Choice
    speak: bool
    """False for replies in writing."""
    input_format: str
    output_format: str
    speed: float
    max_tokens: int | None
    detection: Detection | None
    """None if the client says when a turn is over."""
    transcription: bool
    """True if the client wants to know what the user said."""
    keywords: tuple[str, ...] = ()
    """What the client says may be spoken of."""


def default_session(session_id: str, model: str, voice: str, recogniser: str = "moonshine-tiny-en") -> Session:
    """Return a new session. Unlike OpenAI's, it writes down the user's words unless told not to: here that is free."""
    return Session(
        type="realtime",
        object="realtime.session",
        id=session_id,
        model=model,
        instructions="",
        output_modalities=["audio"],
        audio=AudioConfig(
            input=AudioInput(
                format=AudioFormat(type="audio/pcm", rate=24_000),
                noise_reduction=None,
                transcription=Transcription(model=recogniser, language="en"),
                turn_detection=SERVER_VAD,
            ),
            output=AudioOutput(format=AudioFormat(type="audio/pcm", rate=24_000), voice=voice, speed=1.0),
        ),
        tools=[],
        tool_choice="auto",
        max_output_tokens="inf",
        prompt=None,
        tracing=None,
    )


def merge(old: S, new: S) -> S:
    """Return `old` with what `new` says; what `new` does not say stays, at every depth."""
    changes: dict[str, Any] = {}
    for entry in fields(new):
        was, value = getattr(old, entry.name), getattr(new, entry.name)
        if value is UNSET or (value is None and entry.default is not UNSET):
            continue
        if isinstance(value, TurnDetection):
            same = isinstance(was, TurnDetection) and was.type == value.type
            base = was if same else SERVER_VAD if value.type == "server_vad" else SEMANTIC_VAD
            value = merge(base, value)
        elif isinstance(value, AudioFormat):
            value = AudioFormat(type=value.type, rate=value.rate or (24_000 if value.type == "audio/pcm" else None))
        elif isinstance(value, Struct) and type(value) is type(was) and not isinstance(value, ToolChoice):
            value = merge(was, value)
        changes[entry.name] = value
    return replace(old, **changes)


def update_session(session: Session, change: Session) -> Session:
    """Return the session after `session.update`. Raises `WireError`, and then nothing has changed."""
    if change.type == "transcription":
        raise _invalid(
            "session.type", "transcription", "the local engine has no sessions that only write down: use 'realtime'"
        )
    fixed = replace(change, id=None, object=None, model=None, expires_at=None)
    after = merge(session, fixed)
    read_config(after)
    return after


def response_config(session: Session, params: ResponseParams) -> Config:
    """Return what one response goes by. Raises `WireError`."""
    if params.conversation not in {None, "auto", "none"}:
        raise _invalid("response.conversation", params.conversation, "must be 'auto' or 'none'")
    metadata = params.metadata or {}
    long = any(len(key) > METADATA_KEY or len(value) > METADATA_VALUE for key, value in metadata.items())
    if long or len(metadata) > METADATA_PAIRS:
        raise _invalid(
            "response.metadata",
            "…",
            f"takes up to {METADATA_PAIRS} pairs, keys of {METADATA_KEY} and values of {METADATA_VALUE} characters",
        )
    change = Session(
        instructions=params.instructions,
        output_modalities=params.output_modalities,
        audio=AudioConfig(output=params.audio.output) if params.audio else None,
        tools=params.tools,
        tool_choice=params.tool_choice,
        max_output_tokens=params.max_output_tokens,
    )
    return read_config(merge(session, change), "response")


def read_config(session: Session, path: str = "session") -> Config:
    """Return what a complete session means. Raises `WireError` naming the field below `path` that is wrong."""
    if session.output_modalities not in (["audio"], ["text"]):
        raise _invalid(f"{path}.output_modalities", session.output_modalities, "must be ['audio'] or ['text']")
    audio = session.audio or AudioConfig()
    heard, said = audio.input or AudioInput(), audio.output or AudioOutput()
    speed = 1.0 if said.speed is None else said.speed
    _within(f"{path}.audio.output.speed", speed, 0.25, 1.5)
    tokens = session.max_output_tokens
    if isinstance(tokens, int):
        _within(f"{path}.max_output_tokens", tokens, 1, MAX_TOKENS)
    tools = tuple(_tools(session, path))
    return Config(
        instructions=session.instructions or "",
        tools=tools,
        choice=_choice(session, tools, path),
        speak=session.output_modalities == ["audio"],
        input_format=_format(heard.format, f"{path}.audio.input.format"),
        output_format=_format(said.format, f"{path}.audio.output.format"),
        speed=speed,
        max_tokens=tokens if isinstance(tokens, int) else None,
        detection=_detection(heard.turn_detection, f"{path}.audio.input.turn_detection")
        if isinstance(heard.turn_detection, TurnDetection)
        else None,
        transcription=isinstance(heard.transcription, Transcription),
        keywords=_keywords(heard.transcription),
    )


def _keywords(wanted: object) -> tuple[str, ...]:
    """Return the first of them: what is more would only make the recogniser believe anything."""
    keywords = wanted.keywords if isinstance(wanted, Transcription) else None
    return tuple((keywords or [])[:MAX_KEYWORDS])


def _format(chosen: AudioFormat | None, path: str) -> str:
    kind = chosen.type if chosen else "audio/pcm"
    if kind not in RATES:
        raise _invalid(f"{path}.type", kind, f"must be one of {', '.join(RATES)}")
    if chosen and chosen.rate not in {None, RATES[kind]}:
        raise _invalid(f"{path}.rate", chosen.rate, f"must be {RATES[kind]} for {kind}")
    return kind


def _tools(session: Session, path: str) -> list[Tool]:
    specs = []
    for n, tool in enumerate(session.tools or ()):
        if tool.type != "function":
            raise _invalid(
                f"{path}.tools[{n}].type", tool.type, "must be 'function': the local engine calls no MCP servers"
            )
        if not tool.name:
            raise WireError(
                f"Missing required parameter: '{path}.tools[{n}].name'.",
                code="missing_required_parameter",
                param=f"{path}.tools[{n}].name",
            )
        specs.append(Tool(tool.name, tool.description or "", tool.parameters or {"type": "object", "properties": {}}))
    return specs


def _choice(session: Session, tools: tuple[Tool, ...], path: str) -> Choice:
    chosen = session.tool_choice
    if not isinstance(chosen, ToolChoice):
        return Choice(chosen or "auto")
    if chosen.type != "function" or chosen.name not in {tool.name for tool in tools}:
        raise _invalid(f"{path}.tool_choice", chosen.name or chosen.type, "must name a function of 'tools'")
    return Choice("required", chosen.name)


def _detection(chosen: TurnDetection, path: str) -> Detection:
    threshold = 0.5 if chosen.threshold is None else chosen.threshold
    padding = 300 if chosen.prefix_padding_ms is None else chosen.prefix_padding_ms
    silence = 500 if chosen.silence_duration_ms is None else chosen.silence_duration_ms
    _within(f"{path}.threshold", threshold, 0, 1)
    _within(f"{path}.prefix_padding_ms", padding, 0, MAX_MS)
    _within(f"{path}.silence_duration_ms", silence, 0, MAX_MS)
    if chosen.idle_timeout_ms is not None:
        if chosen.type != "server_vad":
            raise _invalid(f"{path}.idle_timeout_ms", chosen.idle_timeout_ms, "goes with 'server_vad' only")
        _within(f"{path}.idle_timeout_ms", chosen.idle_timeout_ms, 1, MAX_MS)
    return Detection(
        threshold=threshold,
        prefix_padding_ms=padding,
        silence_ms=silence,
        delays=EAGERNESS[chosen.eagerness or "auto"] if chosen.type == "semantic_vad" else None,
        create_response=chosen.create_response is not False,
        interrupt_response=chosen.interrupt_response is not False,
        idle_timeout_ms=chosen.idle_timeout_ms,
    )


def _within(param: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise _invalid(param, value, f"must lie between {low} and {high}")


def _invalid(param: str, value: object, rule: str) -> WireError:
    return WireError(f"Invalid value for '{param}': {value!r} {rule}.", code="invalid_value", param=param)
