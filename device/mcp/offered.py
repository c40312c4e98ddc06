"""Which of a server's tools are offered, and as what: names, descriptions and schemas that every engine takes. Pure."""

from __future__ import annotations

import hashlib
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Raw, Struct

from device.mcp.param_headers import Places, places
from device.mcp.schema import SchemaError, parameters
from device.system.harmless import line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

MOST: Final = 64
"""Tools of one server. A choice: OpenAI's Realtime takes 128 in all, and a model chooses worse among many."""
LONGEST_NAME: Final = 64
"""Characters of a tool's name: no engine lets one be longer."""
LONGEST_DESCRIPTION: Final = 1024
"""Characters of a tool's description: OpenAI's limit."""
_LONGEST_RAW: Final = 128
"""Characters of a name as the server has it (2025-11-25, "Tool Names")."""


class Offer(Struct, frozen=True):
    """A tool of a server's."""

    raw: str
    """Its name there."""
    name: str
    """What engines are told that it is called."""
    description: str
    parameters: dict[str, Any]
    headers: Places = {}


class Offers(Struct, frozen=True):
    """The tools of a server that are offered, and what became of the rest."""

    offers: tuple[Offer, ...] = ()
    there: int = 0
    """How many tools the server has."""
    meant: int = 0
    """How many of them the settings name."""
    left_out: tuple[str, ...] = ()
    """Why some of these are not offered, the first few."""


def offers(tools: Sequence[Raw], globs: Sequence[str]) -> Offers:
    """Return what is offered of the tools that a server lists, in JSON, if their names there fit one of `globs`.

    Of the rest nothing but the names is read.
    """
    meant = {name: one for one in reversed(tools) if _fits(name := _name_of(one), globs)}
    found: dict[str, Offer] = {}
    left_out: list[str] = []
    for raw, one in reversed(meant.items()):
        if len(found) == MOST:
            left_out.append(f"only {MOST} of one server are: name those that you want in its `tools`")
            break
        try:
            offer = _offer(msgspec.json.decode(one), raw, found)
        except SchemaError as error:
            left_out.append(f"{line(raw)}: {error}")
        else:
            found[offer.name] = offer
    return Offers(tuple(found.values()), len(tools), len(meant), tuple(left_out[:5]))


def apart(name: str, prefix: str) -> str:
    """Return the name of a tool that shares its own with another: its server's before it.

    >>> apart("search", "notes")
    'notes_search'
    """
    whole = f"{prefix}_{name}"
    return whole if len(whole) <= LONGEST_NAME else f"{whole[: LONGEST_NAME - 7]}_{_digest(whole)}"


class _Named(Struct):
    """What is read of every tool."""

    name: str = ""


def _name_of(tool: Raw) -> str:
    """Return the name of a tool; empty if it is none."""
    try:
        return msgspec.json.decode(tool, type=_Named).name
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return ""


def _fits(name: str, globs: Iterable[str]) -> bool:
    return 0 < len(name) <= _LONGEST_RAW and any(fnmatchcase(name, one) for one in globs)


def _offer(tool: dict[str, Any], raw: str, taken: Collection[str]) -> Offer:
    """Return what is offered for a tool. Raises SchemaError."""
    schema = tool.get("inputSchema")
    told = tool.get("description") or tool.get("title") or raw
    description = " ".join(str(told).split())[:LONGEST_DESCRIPTION]
    return Offer(raw, _named(raw, taken), description, parameters(schema), places(schema))


def _named(raw: str, taken: Collection[str]) -> str:
    """Return a name that every engine takes: ASCII letters, digits, _ and -, a letter or _ first."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", raw)
    name = name if re.match(r"[A-Za-z_]", name) else f"_{name}"
    if len(name) <= LONGEST_NAME and name not in taken:
        return name
    return f"{name[: LONGEST_NAME - 7]}_{_digest(raw)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:6]
