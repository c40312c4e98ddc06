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
from msgspec import Meta

from device.section import Secret, Section, Socket
from device.tables import Table, faults, merge

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


class RealtimeEngine(RemoteEngine, frozen=True):
    """OpenAI's Realtime API, and what is compatible with it."""

    protocol: Literal["realtime"] = "realtime"
    transcription_model: str = ""
    """What writes down the user's words; empty for none."""
    noise_reduction: Literal["", "near_field", "far_field"] = ""
    lifetime_s: Annotated[float, Meta(ge=0)] = 0
    """When the server ends a session; 0 if it does not."""


class LiveEngine(RemoteEngine, frozen=True):
    """OpenAI's GPT-Live: full duplex."""

    protocol: Literal["live"] = "live"


class GeminiEngine(RemoteEngine, frozen=True):
    """Gemini Live."""

    protocol: Literal["gemini"] = "gemini"


class CartesiaEngine(RemoteEngine, frozen=True):
    """Cartesia's Managed Agents: the voice and the instructions belong to the agent."""

    protocol: Literal["cartesia"] = "cartesia"
    agent: str = ""
    """The agent's id."""


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
        if "url" not in whole:
            found.append(f"{path}.url: is missing: where the server is, or `like` the name of a known engine")
    return found


def missing_key(name: str, engine: RemoteEngine) -> str:
    """Return what to do about a key that an engine needs and does not have; empty if all is well."""
    vendors = {_vendor(known["url"]) for known in _known().values() if "url" in known}
    if engine.api_key or not engine.key_variable or _vendor(engine.url) not in vendors:
        return ""
    where = f"set {engine.key_variable}, or api_key under [engine.{name}]"
    return f"engine.{name}.api_key: {urlsplit(engine.url).hostname} needs a key; {where}"


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
