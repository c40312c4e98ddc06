"""The tables `[engine.NAME]`: one type a protocol, and what is known of the engines that there are.

What is known of an engine is data, `data/engines.toml`; a user's table counts over it, and one with another name
may start from a known one by `like`.
"""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta, field

from device.settings.toml import Table, faults, merge
from device.settings.types import Secret, Section, Socket, Unit

if TYPE_CHECKING:
    from collections.abc import Mapping


class RemoteEngine(Section, frozen=True):
    """What all engines have that are reached by a WebSocket."""

    url: Socket
    api_key: Secret = Secret()
    """Better in the environment variable `key_variable`. Not needed by servers on the LAN that ask for none."""
    key_variable: str = ""
    model: str = ""
    voice: str = ""


Effort = Literal["minimal", "low", "medium", "high", "xhigh"]
Milliseconds = Annotated[int, Meta(ge=0)]


class RealtimeEngine(RemoteEngine, frozen=True):
    """OpenAI's Realtime API, and what is compatible with it.

    What a model or a server does not take is left out, as `dialect` knows; None is the server's own choice.
    Fields: openai 3.54, `RealtimeSessionCreateRequest`.
    """

    protocol: Literal["realtime"] = "realtime"
    dialect: str = "openai"
    """How the server differs from OpenAI's: one of those in `data/dialects.toml`; `beta` is the protocol of old."""
    voice_id: str = ""
    """A voice of your own, by its id; counts over `voice`."""
    speed: Annotated[float, Meta(ge=0.25, le=1.5)] | None = None
    """Of the voice; 1 is its own."""
    prompt_id: str = ""
    """A prompt that is stored at the server; the instructions go with it."""
    prompt_version: str = ""
    prompt_variables: dict[str, str] = field(default_factory=dict)
    transcription_model: str = ""
    """What writes down the user's words; empty for none."""
    transcription_languages: tuple[str, ...] = ()
    """Languages that the user may speak, such as "en"; empty: the device's `language` alone."""
    transcription_keywords: tuple[str, ...] = ()
    """Words that it would not expect, such as names."""
    transcription_prompt: str = ""
    transcription_delay: Effort | None = None
    """How long it waits for more before it writes: later is more exact."""
    noise_reduction: Literal["", "near_field", "far_field"] = ""
    noise_reduction_strength: Annotated[float, Meta(ge=0)] | None = None
    vad_threshold: Unit | None = None
    """How sure the server must be of a voice, where it finds the ends of turns by silence."""
    vad_prefix_ms: Milliseconds | None = None
    """How much audio from before the voice belongs to a turn, likewise."""
    idle_timeout_ms: Milliseconds | None = None
    """When the model speaks up because nobody does, likewise."""
    reasoning: Effort | None = None
    """How hard a model thinks that can."""
    parallel_tools: bool | None = None
    """Whether such a model may call several tools at once."""
    max_output_tokens: Annotated[int, Meta(ge=1, le=4096)] | None = None
    """Of one reply; None: no limit."""
    truncation: Literal["auto", "disabled", "retention_ratio"] | None = None
    """What becomes of a conversation that is too long for the model: its beginning is dropped, it ends in an error, or
    so much is dropped at once that `retention_ratio` is left, which makes for more cached tokens."""
    retention_ratio: Unit = 0.8
    retention_tokens: Annotated[int, Meta(ge=1)] | None = None
    """From how many tokens after the instructions on a conversation is too long."""
    reference_audio: str = ""
    """A WAV file with the voice to speak in, for models that want to hear one (MiniCPM-o on vLLM-Omni)."""
    lifetime_s: Annotated[float, Meta(ge=0)] = 0
    """When the server ends a session; 0 if it does not, or says so itself."""


class LiveEngine(RemoteEngine, frozen=True):
    """OpenAI's GPT-Live: full duplex."""

    protocol: Literal["live"] = "live"
    backend: str = ""
    """The model that calls the tools; the one that talks cannot. Empty: no tools."""
    delegate: str = ""
    """The tool that gets whatever the model hands over, as its argument `request`, instead of a backend."""


class GeminiEngine(RemoteEngine, frozen=True):
    """Gemini Live."""

    protocol: Literal["gemini"] = "gemini"
    tools: Literal["non_blocking", "blocking"] = "non_blocking"
    """Whether the model talks on while a tool works, or waits for it; some models know only one of the two."""
    thinking: Literal["", "minimal", "low", "medium", "high"] = ""
    """How much the model thinks before it speaks, for models that can; empty: as the model has it."""


class CartesiaEngine(RemoteEngine, frozen=True):
    """Cartesia's Managed Agents: the voice and the instructions belong to the agent."""

    protocol: Literal["cartesia"] = "cartesia"
    agent: str = ""
    """The agent's id, as https://play.cartesia.ai/agents shows it."""
    output_delivery: Literal["speaking_pace", "as_available"] = "speaking_pace"
    """Whether the agent sends its voice as fast as it speaks, and so knows where it was interrupted; or as soon as it
    can, which survives a bad network better, but then it believes that all it sent was heard."""


_PLACEHOLDER = "YOUR-RESOURCE"
"""What stands in a known address for a part that each user has for themselves."""

_GO_WITH = {
    "noise_reduction_strength": "noise_reduction",
    "prompt_version": "prompt_id",
    "prompt_variables": "prompt_id",
    "transcription_languages": "transcription_model",
    "transcription_keywords": "transcription_model",
    "transcription_prompt": "transcription_model",
    "transcription_delay": "transcription_model",
}
"""Keys of a Realtime engine that mean nothing without another."""

EngineSettings = RealtimeEngine | LiveEngine | GeminiEngine | CartesiaEngine

_SHAPES: dict[str, type[RemoteEngine]] = {
    "realtime": RealtimeEngine,
    "live": LiveEngine,
    "gemini": GeminiEngine,
    "cartesia": CartesiaEngine,
}


@cache
def _known() -> Table:
    return tomllib.loads(resources.files("device.data").joinpath("engines.toml").read_text("utf-8"))


def known_engines() -> dict[str, Any]:
    """Return the engines that are known, by name."""
    return engines({})


def engines(tables: Table) -> dict[str, Any]:
    """Return all engines, known ones and those of the user's `tables`, which must be free of `engine_faults`."""
    whole = {name: _whole(name, tables.get(name, {})) for name in {**_known(), **tables}}
    return {
        name: msgspec.convert(table, _SHAPES[table.get("protocol", "realtime")], dec_hook=secret)
        for name, table in whole.items()
    }


def engine_faults(tables: Any) -> list[str]:
    """Say what is wrong with the user's tables of engines, a line each."""
    if not isinstance(tables, dict):
        return ["engine: is a group of tables, [engine.NAME]; the order of engines is `engines`"]
    found: list[str] = []
    for name, table in tables.items():
        path = f"engine.{name}"
        if name == "local":
            found.append(f"{path}: the local engine's table is [local]")
            continue
        if not isinstance(table, dict):
            found.append(f"{path}: is a table, [{path}], with the engine's url and model")
            continue
        like = table.get("like", name)
        if "like" in table and like not in _known():
            found.append(f"{path}.like: {like!r} is not known; there are {', '.join(sorted(_known()))}")
            continue
        whole = _whole(name, table)
        shape = _SHAPES.get(whole.get("protocol", "realtime"))
        if shape is None:
            found.append(f"{path}.protocol: {whole['protocol']!r} is not known; there are {', '.join(_SHAPES)}")
            continue
        own = {key: value for key, value in table.items() if key != "like"}
        found += [f"{path}.{fault}" for fault in faults(own, shape, secret)]
        if shape is RealtimeEngine:
            found += [f"{path}.{fault}" for fault in _realtime_faults(whole)]
        if "url" not in whole:
            found.append(f"{path}.url: is missing: where the server is, or `like` the name of a known engine")
    return found


@cache
def _dialects() -> tuple[str, ...]:
    """Return the names of the dialects of the Realtime protocol."""
    return tuple(tomllib.loads(resources.files("device.data").joinpath("dialects.toml").read_text("utf-8")))


def _realtime_faults(table: Table) -> list[str]:
    """Say what of a Realtime engine's keys does not go together."""
    found = []
    if (name := table.get("dialect", "openai")) not in (known := _dialects()):
        found.append(f"dialect: {name!r} is not known; there are {', '.join(known)}")
    for key, other in _GO_WITH.items():
        given = key in table and table[key] not in (_defaults()[key], [], {})
        if given and not (table.get(other)):
            found.append(f"{key}: means nothing without {other}")
    if table.get("retention_tokens") and table.get("truncation") != "retention_ratio":
        found.append('retention_tokens: means nothing without truncation = "retention_ratio"')
    return found


@cache
def _defaults() -> dict[str, Any]:
    return msgspec.structs.asdict(RealtimeEngine(url="ws://none"))


def missing_key(name: str, engine: RemoteEngine) -> str:
    """Return what to do about an address or a key that an engine needs and lacks; empty if all is well."""
    if lacks_address(engine):
        return f"engine.{name}.url: put the name of your resource where {engine.url} says {_PLACEHOLDER}"
    if isinstance(engine, CartesiaEngine) and not engine.agent:
        return f"engine.{name}.agent: set it to the id of an agent, which you make at https://play.cartesia.ai/agents"
    vendors = {_vendor(known["url"]) for known in _known().values() if "url" in known and "key_variable" in known}
    if engine.api_key or not engine.key_variable or _vendor(engine.url) not in vendors:
        return ""
    where = f"set {engine.key_variable}, or api_key under [engine.{name}]"
    return f"engine.{name}.api_key: {urlsplit(engine.url).hostname} needs a key; {where}"


def is_foreign(name: str, engine: RemoteEngine) -> bool:
    """Tell whether an engine that is known is at another server than its vendor's, who has given the key for that."""
    known = _known().get(name, {})
    return "key_variable" in known and _vendor(engine.url) != _vendor(known["url"])


def lacks_address(engine: RemoteEngine) -> bool:
    """Tell whether an engine's address has a part that each user has for themselves."""
    return _PLACEHOLDER in engine.url


def with_keys(tables: Table, environ: Mapping[str, str]) -> tuple[Table, dict[str, str]]:
    """Return the tables with the keys that the environment has, and the variable for each key that it set.

    A vendor's key goes to the vendor's servers only, unless `key_variable` is among what the user set.
    """
    origins = {}
    for name in {**_known(), **tables}:
        own = tables.get(name, {})
        whole, known = _whole(name, own), _known().get(own.get("like", name), {})
        variable = whole.get("key_variable", "")
        meant = "key_variable" in own or _vendor(whole.get("url", "")) == _vendor(known.get("url", ""))
        if variable and meant and environ.get(variable, "").strip():
            tables = merge(tables, {name: {"api_key": environ[variable]}})
            origins[f"engine.{name}.api_key"] = variable
    return tables, origins


def secret(kind: type, value: Any) -> Any:
    """Be msgspec's `dec_hook`: make a `Secret` of text."""
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    raise ValueError("not text")


def _whole(name: str, table: Table) -> Table:
    return merge(_known().get(table.get("like", name), {}), {k: v for k, v in table.items() if k != "like"})


def _vendor(url: str) -> str:
    """Return whose server it is: the last two parts of the host's name."""
    return ".".join((urlsplit(url).hostname or "").split(".")[-2:])
