"""Profiles: what an assistant is for, in one TOML file each; some are bundled.

A profile is a layer of settings, between the defaults and the user's own files, and brings tools that look things up
and the schema of what a conversation shall end with.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, get_args

import msgspec
from msgspec import Meta, Struct, field

from device.data import DATA
from device.settings.instructions import Instructions, sections
from device.settings.page import Picture  # noqa: TC001 - msgspec resolves annotations at run time
from device.settings.schema import schema_fault
from device.settings.toml import TOO_DEEP, Table, TableError, faults, parse_toml, read_toml
from device.settings.tools import Builtin, Lookup, Row, lookup_faults, read_rows
from device.settings.types import Language, Name, Seconds, Section
from device.system import inputs

if TYPE_CHECKING:
    from collections.abc import Collection


BUNDLED: Final = DATA / "profiles"
FOLDER: Final = "profiles"
"""Beside the settings file, in which one's own are."""


class ProfileError(TableError):
    """A profile that cannot be used; each line names the file, the key and what would be valid."""


class _File(Section, frozen=True):
    """A profile's file, but for `voice`, `lookup` and `result_schema`; what is not in it is left to the settings."""

    description: str = ""
    """What it is for, for `parley profiles`."""
    engines: Annotated[tuple[Name, ...], Meta(min_length=1)] = ("local",)
    name: Name = "Jarvis"
    language: Language = "en"
    instructions: Instructions = field(default_factory=Instructions)
    """By section, or a text in place of all of them."""
    tools: tuple[Builtin, ...] = ()
    """The built-in tools that it offers; none with an empty list."""
    greeting: str = ""
    """Said when a conversation begins without a question."""
    wake_words: Annotated[tuple[Name, ...], Meta(min_length=1)] = ("hey_jarvis",)
    """As `wake.models` in the settings."""
    picture: Picture = ""
    """A file beside it that the web page shows while nobody talks."""
    idle_screen: Annotated[str, Meta(max_length=200)] = ""
    """What the page writes there, in place of how to wake the assistant."""
    languages: tuple[Language, ...] = ()
    """Those that the page can be read in, the first to begin with."""
    idle_s: Seconds = 8.0
    """How long to listen for more before the conversation ends, as `listen.follow_up_s` in the settings."""


_SETTINGS: Final = {
    "engines": ("engines",),
    "name": ("name",),
    "language": ("language",),
    "instructions": ("instructions",),
    "tools": ("tools",),
    "greeting": ("greeting",),
    "wake_words": ("wake", "models"),
    "picture": ("page", "picture"),
    "idle_screen": ("page", "idle"),
    "languages": ("page", "languages"),
    "idle_s": ("listen", "follow_up_s"),
}
"""Where a profile's keys belong in the settings."""
_SPECIAL: Final = ("voice", "lookup", "result_schema")


class Profile(Struct, frozen=True, kw_only=True):
    """A profile, read and checked."""

    path: Path
    description: str
    layer: Table
    """The settings that it makes, as tables."""
    lookups: dict[str, tuple[Lookup, list[Row]]]
    """The tools that look something up: what each is, and its rows."""
    result_schema: dict[str, Any] | None
    """A JSON schema of type object for what a conversation ends with; None if nothing is asked for."""

    @property
    def title(self) -> str:
        """What it is called: the file's name without its ending."""
        return self.path.stem

    @property
    def voices(self) -> dict[str, str]:
        """The voice to speak with, by engine."""
        tables = {**self.layer.get("engine", {}), "local": self.layer.get("local", {})}
        return {engine: table["voice"] for engine, table in tables.items() if table}


def names() -> list[str]:
    """Return the names of the bundled profiles."""
    return sorted(path.stem for path in BUNDLED.glob("*.toml"))


def find(profile: str, folder: Path | None = None) -> Path:
    """Return the file of a bundled profile, by its name, or of another by its path, relative to `folder`.

    Raises ProfileError if there is none.
    """
    path = inputs.expanded(Path(profile))
    if path.suffix != ".toml" and path.name == profile:
        path = BUNDLED / f"{profile}.toml"
    elif folder is not None:
        path = folder / path
    if not inputs.is_there(path, unknown=True) or (inputs.is_there(path) and path.is_dir()):
        raise ProfileError(
            f"{profile}: there is no such profile; bundled are {', '.join(names())}, others are named by their path, "
            "which ends in .toml"
        )
    return path


def named(profile: str, folder: Path) -> str:
    """Return how to name a profile, whichever folder one is in, that a file in `folder` names."""
    path = find(profile, folder)
    return path.stem if path.parent == BUNDLED else str(path.resolve())


def load(profile: str | Path, folder: Path | None = None) -> Profile:
    """Read a profile and all that it names, found as `find` has it.

    Raises:
        ProfileError: There is no such file, or something in it is wrong: all of it named.

    """
    path = find(str(profile), folder)
    try:
        return _made(path, read_toml(path))
    except TableError as error:
        raise ProfileError(*str(error).split("\n")) from None


def tried(path: Path, text: str) -> Profile:
    """Return the profile that a text would make, were it at `path`. Raises ProfileError, as `load`."""
    try:
        return _made(path, parse_toml(path, text))
    except TableError as error:
        raise ProfileError(*str(error).split("\n")) from None


def _made(path: Path, table: Table) -> Profile:
    for key in ("engines", "wake_words"):
        if isinstance(table.get(key), str):
            table[key] = [table[key]]
    if isinstance(table.get("instructions"), str):
        table["instructions"] = sections(table["instructions"])
    if isinstance(table.get("picture"), str) and table["picture"]:
        table["picture"] = str(path.parent.resolve() / inputs.expanded(Path(table["picture"])))
    found = faults({key: value for key, value in table.items() if key not in _SPECIAL}, _File)
    engine, wrong = _voices(table)
    found += wrong
    lookups, wrong = _lookups(table, path.parent)
    found += wrong
    schema, wrong = _schema(table.get("result_schema"), path.parent)
    found += wrong
    if found:
        raise ProfileError(*(f"{path}: {fault}" for fault in found))
    return Profile(
        path=path,
        description=table.get("description", ""),
        layer=_layer(table) | engine,
        lookups=lookups,
        result_schema=schema,
    )


def _layer(table: Table) -> Table:
    layer: Table = {}
    for key, place in _SETTINGS.items():
        if key in table:
            *above, last = place
            inner = layer
            for name in above:
                inner = inner.setdefault(name, {})
            inner[last] = table[key]
    return layer


def _voices(table: Table) -> tuple[Table, list[str]]:
    """Return the settings of engines that `voice` makes, and what is wrong with it."""
    voice, engines = table.get("voice", {}), table.get("engines")
    if isinstance(voice, str):
        if not isinstance(engines, list) or not engines:
            meant = f'voice = {{ openai = "{voice}" }}'
            return {}, [f"voice: a text is the voice of the first of `engines`, which is missing; or write {meant}"]
        voice = {str(engines[0]): voice}
    if not isinstance(voice, dict) or not all(isinstance(name, str) and name for name in voice.values()):
        return {}, ['voice: is the name of a voice, or one for each engine: voice = { openai = "marin" }']
    layer: Table = {}
    if "local" in voice:
        layer["local"] = {"voice": voice["local"]}
    if others := {engine: {"voice": name} for engine, name in voice.items() if engine != "local"}:
        layer["engine"] = others
    return layer, []


def unknown_engines(profile: Profile, engines: Collection[str]) -> list[str]:
    """Say which engines the profile names that are not among `engines`, a line each."""
    named = [*profile.layer.get("engines", ()), *profile.voices]
    return [
        f"{profile.path}: the engine {name!r} is not known; there are {', '.join(sorted({'local', *engines}))}, and "
        "those that your settings add as [engine.NAME]"
        for name in dict.fromkeys(named)
        if name != "local" and name not in engines
    ]


def too_much_for_sentences(profile: Profile) -> list[str]:
    """Say, a line each, what the local engine cannot do of a profile as long as it has no language model."""
    wants = [*profile.lookups, *(["the result"] if profile.result_schema else [])]
    if not wants:
        return []
    fix = 'set brain.url and brain.model, or engines = "openai" or another that calls tools'
    return [f"{profile.path}: {', '.join(wants)}: the local engine needs a language model for that; {fix}"]


def _lookups(table: Table, folder: Path) -> tuple[dict[str, tuple[Lookup, list[Row]]], list[str]]:
    tables = table.get("lookup", {})
    if not isinstance(tables, dict):
        return {}, ["lookup: is a group of tables, [lookup.NAME], each a tool that looks something up"]
    found: list[str] = []
    lookups = {}
    for name, one in tables.items():
        wrong = lookup_faults(name, one)
        if name in get_args(Builtin):
            wrong = [f"lookup.{name}: is the name of a built-in tool; choose another"]
        if not wrong:
            lookup = msgspec.convert(one, Lookup)
            try:
                lookups[name] = lookup, read_rows(folder / lookup.file, lookup)
            except TableError as error:
                wrong = [f"lookup.{name}.file: {error}"]
        found += wrong
    return lookups, found


def _schema(given: Any, folder: Path) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the schema of the result, in a table or in a JSON file, and what is wrong with it."""
    if given is None:
        return None, []
    if isinstance(given, str):
        try:
            given = _read_schema(folder / given)
        except TableError as error:
            return None, [f"result_schema: {error}"]
    if not isinstance(given, dict) or given.get("type") != "object" or not isinstance(given.get("properties"), dict):
        return None, ['result_schema: is a JSON schema with type = "object" and properties: a table, or a JSON file']
    if fault := schema_fault(given):
        return None, [f"result_schema: is no JSON schema for a tool: {fault}"]
    return given, []


def _read_schema(file: Path) -> Any:
    """Return what a JSON file says. Raises TableError."""
    try:
        given = json.loads(inputs.text(file))
    except OSError as error:
        raise TableError(f"{file}: cannot be read: {error.strerror}") from None
    except ValueError as error:
        raise TableError(f"{file}: is not JSON: {error}") from None
    except RecursionError:
        raise TableError(f"{file}: {TOO_DEEP}") from None
    if inputs.too_deep(given):
        raise TableError(f"{file}: {TOO_DEEP}")
    return given
