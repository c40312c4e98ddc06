"""How servers differ that are compatible with OpenAI's Realtime API: names and shapes, as data.

`data/dialects.toml` has a table for each dialect; the first, `openai`, is the protocol as it is. The others say what
they do otherwise, `like` one that comes before them.
"""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from device.settings.toml import Table, merge

if TYPE_CHECKING:
    from collections.abc import Mapping

    from device.wire.realtime_items import Session

EndOfTurn = Literal["server", "semantic", "device"]


class Rule(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What holds for some models or voices only."""

    of: str = "model"
    """What it goes by: the model, or else a field of the session, such as `audio.input.transcription.model`."""
    names: tuple[str, ...] = ("*",)
    """Patterns, as of file names; one must fit."""
    unless: tuple[str, ...] = ()
    """Patterns of which none may fit."""
    leave_out: tuple[str, ...] = ()
    becomes: dict[str, str] = {}
    """What to put in place of the field `of`; `{}` stands for its value."""

    def apply(self, table: Table, model: str) -> None:
        """Apply it to a session, if it holds for it."""
        value = model if self.of == "model" else take(table, self.of)
        if not isinstance(value, str) or not _fits(value, self.names) or _fits(value, self.unless):
            return
        drop(table, *self.leave_out)
        if self.becomes:
            _put(table, self.of, {key: text.replace("{}", value) for key, text in self.becomes.items()})


class Dialect(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A dialect of the Realtime protocol. Paths, such as `audio.output.voice`, lead into the session."""

    source: str
    """Where this is known from."""
    headers: dict[str, str]
    """For the handshake; those with `{key}` are sent only if there is a key."""
    query: dict[str, str] = {}
    """To be added to the address; `{id}` stands for a name that no other session has."""
    duplex: bool = False
    """The server speaks vLLM-Omni's extension of the protocol: `realtime.duplex`."""
    bare: bool = False
    """The server knows nothing but audio and where it ends, and answers with audio and text: `realtime.bare`."""
    model_in: Literal["query", "session", "both"] = "query"
    """Where the server looks for the model's name."""
    greetings: tuple[str, ...] = ("session.created",)
    """Events of which the server sends one first; none: it waits for the session's settings."""
    rate: int = 24_000
    """Hz of the audio of replies."""
    hear_rate: int = 24_000
    """Hz of the microphone's audio."""
    turns: tuple[EndOfTurn, ...] = ("server", "semantic", "device")
    """Who may find the end of the user's turn; the first stands in for what the server does not know."""
    truncation: bool = True
    """The server understands how much of a reply was heard."""
    tools: Literal["flat", "nested", "none"] = "flat"
    """How a function is described: its name beside its type, or below `function`; or that there are none."""
    rules: tuple[Rule, ...] = ()
    leave_out: tuple[str, ...] = ()
    """Fields of the session that the server does not take."""
    spare: tuple[str, ...] = ()
    """Fields that a session can do without, should a server's answer name one of them as wrong."""
    values: dict[str, dict[str, str]] = {}
    """Other words for the values of a field."""
    moves: dict[str, str] = {}
    """Fields that are elsewhere in the server's session, moved in this order."""
    adds: Table = {}
    """What the server's session has besides."""
    contents: dict[str, str] = {}
    """Other names of the types of an item's content."""
    names: dict[str, str] = {}
    """The server's names of events that have another one in the protocol."""
    extras: tuple[str, ...] = ()
    """Events of the server that mean nothing to us."""
    unsent: tuple[str, ...] = ()
    """Events of ours that the server does not take."""

    def end_of_turn(self, wanted: EndOfTurn) -> EndOfTurn:
        """Return who shall find the end of the user's turn."""
        return wanted if wanted in self.turns else self.turns[0]

    def session(self, session: Session, model: str) -> Table:
        """Return the session as this dialect has it."""
        table: Table = msgspec.to_builtins(session)
        if self.model_in != "query" and model:
            table["model"] = model
        for rule in self.rules:
            rule.apply(table, model)
        drop(table, *self.leave_out)
        for path, words in self.values.items():
            value = take(table, path)
            if isinstance(value, str) and value in words:
                _put(table, path, words[value])
        for path, other in self.moves.items():
            if (value := take(table, path, _ABSENT)) is not _ABSENT:
                drop(table, path)
                _put(table, other, value)
        self._describe_tools(table)
        return merge(table, self.adds)

    def _describe_tools(self, table: Table) -> None:
        if self.tools == "none":
            drop(table, "tools", "tool_choice")
        elif self.tools == "nested" and "tools" in table:
            table["tools"] = [_nested(tool) for tool in table["tools"]]


def dialect(name: str) -> Dialect:
    """Return a dialect by its name. Raises KeyError."""
    return _all()[name]


def dialects() -> tuple[str, ...]:
    """Return the names of all dialects."""
    return tuple(_all())


def take(table: Mapping[str, Any], path: str, default: Any = None) -> Any:
    """Return what is at a path in nested tables."""
    for key in path.split("."):
        if not isinstance(table, dict) or key not in table:
            return default
        table = table[key]
    return table


def drop(table: Table, *paths: str) -> None:
    """Remove what is at each of the paths, and tables that are left empty."""
    for path in paths:
        _drop(table, path.split("."))


def _drop(table: Table, keys: list[str]) -> None:
    inner = table.get(keys[0])
    if len(keys) == 1:
        table.pop(keys[0], None)
    elif isinstance(inner, dict):
        _drop(inner, keys[1:])
        if not inner:
            del table[keys[0]]


def _put(table: Table, path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        table = table.setdefault(key, {})
    table[last] = value


def _nested(tool: Table) -> Table:
    return {"type": tool["type"], "function": {key: value for key, value in tool.items() if key != "type"}}


def _fits(name: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


@cache
def _all() -> dict[str, Dialect]:
    known: dict[str, Table] = {}
    for name, table in tomllib.loads(
        resources.files("device.data").joinpath("dialects.toml").read_text("utf-8")
    ).items():
        own = {key: value for key, value in table.items() if key != "like"}
        known[name] = merge(known[table["like"]], own) if "like" in table else own
    return {name: msgspec.convert(table, Dialect) for name, table in known.items()}


_ABSENT = object()
