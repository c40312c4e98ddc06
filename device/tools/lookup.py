"""Tools that look something up in a small file of a profile, as a voice asks for it."""

from __future__ import annotations

import asyncio
import csv
import json
import keyword
import re
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

from device.section import Name, Seconds, Section
from device.tables import TableError, faults
from device.tools.misheard import NEAR, SURE, Kind, likeness
from device.tools.registry import TIMEOUT_S, Arguments, Tool, ToolError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from device.tables import Table

Row = dict[str, str]

LONGEST: Final = 400
"""Characters of a row that are told: half a minute of speech."""
MOST_ROWS: Final = 2000
_ASK = {
    "code": "As the user said it: letters, digits or number words.",
    "name": "As the user said it; the spelling does not matter.",
    "text": "What it is about, in a few words.",
}


class Lookup(Section, frozen=True):
    """`[lookup.NAME]`: a tool called NAME that looks rows of a file up."""

    description: Name
    """For the model: what it finds, and when to call it."""
    file: Name
    """A CSV file with a line of column names, or a JSON file with a list of objects; relative to the profile."""
    keys: dict[str, Kind]
    """The columns by which to find a row, and what is in them: "code" (said character by character), "name" (spelt as
    it sounds) or "text" (a topic, in any words). The model gives one or more of them."""
    required: tuple[Name, ...] = ()
    """The keys that the model must always give: an order is not told to whoever names a town."""
    show: tuple[Name, ...] = ()
    """The columns that are told; empty: all."""
    most: Annotated[int, Meta(ge=1, le=5)] = 2
    """How many rows are told at once; where more fit, the user is asked which."""
    slow: bool = False
    """The model says that it is looking before it does: for more than some hundred rows on a small board."""
    timeout_s: Seconds = TIMEOUT_S


class Found(Struct, frozen=True):
    """What fits, the best first."""

    sure: tuple[Row, ...] = ()
    near: tuple[Row, ...] = ()
    """If nothing is sure: what may have been meant."""


def lookup_faults(name: str, table: Any) -> list[str]:
    """Say what is wrong with the table of a look-up tool, a line a key; without its file."""
    path = f"lookup.{name}"
    if not re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", name):
        return [f"{path}: is the tool's name: letters, digits, _ and - only"]
    if not isinstance(table, dict):
        return [f"{path}: is a table, [{path}], with description, file and keys"]
    keys = table.get("keys")
    rest = {key: value for key, value in table.items() if key != "keys"}
    found = [f"{path}.{fault}" for fault in faults(rest, Lookup)]
    found += [f"{path}.{key}: is missing" for key in ("description", "file", "keys") if key not in table]
    if keys is None:
        return found
    if not isinstance(keys, dict) or not keys:
        return [*found, f'{path}.keys: is a table of columns, e.g. {{ number = "code", town = "name" }}']
    found += [
        f'{path}.keys.{key}: {kind!r} is not valid; valid is "code", "name" or "text"'
        for key, kind in keys.items()
        if kind not in SURE
    ]
    found += [
        f"{path}.required: {key!r} is not among the keys: {', '.join(keys)}"
        for key in (table["required"] if isinstance(table.get("required"), list) else ())
        if key not in keys
    ]
    return found + [
        f"{path}.keys.{key}: is an argument's name: letters, digits and _ only; rename the column"
        for key in keys
        if not key.isidentifier() or keyword.iskeyword(key)
    ]


def read_rows(path: Path, lookup: Lookup) -> list[Row]:
    """Return the rows of a look-up tool's file.

    Raises:
        TableError: The file cannot be read, or has no such columns, or rows that are too long to be spoken.

    """
    try:
        text = path.read_text("utf-8-sig")
        rows = _from_json(text) if path.suffix == ".json" else _from_csv(text)
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: is not text in UTF-8 (byte {error.start})") from None
    except (ValueError, csv.Error) as error:
        raise TableError(f"{path}: {error}") from None
    if not 1 <= len(rows) <= MOST_ROWS:
        raise TableError(f"{path}: has {len(rows)} rows; valid is 1 to {MOST_ROWS}")
    columns = list(rows[0])
    if unknown := [name for name in (*lookup.keys, *lookup.show) if name not in columns]:
        raise TableError(f"{path}: has no column {unknown[0]!r}; there are {', '.join(columns)}")
    for number, row in enumerate(rows, 1):
        if list(row) != columns:
            raise TableError(f"{path}: row {number} has other columns than the first: {', '.join(row)}")
        if (length := sum(map(len, shown(row, lookup).values()))) > LONGEST:
            raise TableError(
                f"{path}: row {number} has {length} characters, too many to be spoken; keep it below {LONGEST}, or "
                "name the columns to tell with `show`"
            )
    return rows


def _from_csv(text: str) -> list[Row]:
    reader = csv.DictReader(text.splitlines(), strict=True, skipinitialspace=True)
    rows = []
    for row in reader:
        if None in row or None in row.values():
            raise ValueError(f"line {reader.line_num} has not as many columns as the first line")
        rows.append({column.strip(): value.strip() for column, value in row.items()})
    return rows


def _from_json(text: str) -> list[Row]:
    rows = json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("is not a list of objects")
    return [{key: value if isinstance(value, str) else json.dumps(value) for key, value in row.items()} for row in rows]


def shown(row: Row, lookup: Lookup) -> Row:
    """Return what is told of a row: its columns to tell, but for the empty ones."""
    return {column: row[column] for column in (lookup.show or row) if row.get(column)}


def search(rows: Sequence[Row], keys: Mapping[str, Kind], asked: Mapping[str, str]) -> Found:
    """Return the rows that fit what was asked for, which is by some of the `keys`.

    A row must come near to all that was asked for, and is sure if it surely fits one of it, or comes near to two: a
    town confirms an order number with one digit misheard. What fits some row surely was not misheard for another.
    """
    columns = [
        [score if score >= NEAR[keys[key]] else 0.0 for score in (likeness(keys[key])(said, row[key]) for row in rows)]
        for key, said in asked.items()
    ]
    certain = [[score >= SURE[keys[key]] for score in column] for key, column in zip(asked, columns, strict=True)]
    known = [any(column) for column in certain]
    sure: list[tuple[float, Row]] = []
    near: list[tuple[float, Row]] = []
    for row, scores, fits in zip(rows, zip(*columns, strict=True), zip(*certain, strict=True), strict=True):
        if all(fit or (score and not surely) for score, fit, surely in zip(scores, fits, known, strict=True)):
            (sure if len(scores) > 1 or any(fits) else near).append((sum(scores), row))
    return Found(_best(sure), () if sure else _best(near))


def _best(found: list[tuple[float, Row]]) -> tuple[Row, ...]:
    """Return those that fit about as well as the best, the best first."""
    found.sort(key=lambda one: -one[0])
    return tuple(row for score, row in found if score >= found[0][0] - 0.1)


def answer(found: Found, lookup: Lookup, asked: Mapping[str, str]) -> Table:
    """Return what the model is told: short enough to be spoken, and of what is unsure no more than to ask about it."""
    if found.sure and len(found.sure) <= lookup.most:
        return {"found": [shown(row, lookup) for row in found.sure]}
    if found.sure:
        some = [{key: row[key] for key in lookup.keys} for row in found.sure[:3]]
        return {"several": len(found.sure), "among": some, "next": "Ask the user which one."}
    if found.near:
        meant = [{key: row[key] for key in asked} for row in found.near[:3]]
        return {"near": meant, "next": "Nothing fits surely. Ask whether one of these was meant, then call again."}
    return {"found": [], "next": "Nothing fits. Ask the user to say it once more, or to spell it."}


def lookup_tool(name: str, lookup: Lookup, rows: Sequence[Row]) -> Tool:
    """Return the tool that looks `rows` up."""
    fields: list[tuple[str, Any, Any]] = [
        (key, Annotated[str, Meta(description=_ASK[kind])], msgspec.NODEFAULT if key in lookup.required else "")
        for key, kind in lookup.keys.items()
    ]
    arguments: Any = msgspec.defstruct("Asked", fields, bases=(Arguments,), frozen=True, kw_only=True)

    async def look_up(given: Any) -> Table:
        asked = {key: said for key, said in msgspec.structs.asdict(given).items() if said.strip()}
        if not asked or any(key not in asked for key in lookup.required):
            raise ToolError(f"{name} needs {' and '.join(lookup.required) or ' or '.join(lookup.keys)}: ask the user")
        return answer(await asyncio.to_thread(search, rows, lookup.keys, asked), lookup, asked)

    return Tool(
        name=name,
        description=lookup.description,
        arguments=arguments,
        handler=look_up,
        slow=lookup.slow,
        timeout_s=lookup.timeout_s,
    )
