"""What tools may be set: the names of the built-in ones, and the tables and files of look-ups."""

from __future__ import annotations

import csv
import json
import keyword
import re
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, get_args

from msgspec import Meta

from device.settings.toml import TOO_DEEP, TableError, faults
from device.settings.types import Name, Seconds, Section
from device.system import inputs

if TYPE_CHECKING:
    from pathlib import Path

Builtin = Literal[
    "get_time",
    "set_timer",
    "list_timers",
    "cancel_timer",
    "change_timer",
    "set_alarm",
    "set_reminder",
    "list_alarms",
    "cancel_alarm",
    "snooze",
    "add_to_list",
    "read_list",
    "remove_from_list",
    "clear_list",
    "set_volume",
    "get_volume",
    "mute",
    "get_privacy",
    "delete_transcripts",
    "sleep",
    "get_sun",
]
"""The names of the built-in tools."""
Kind = Literal["code", "name", "text"]
"""Order numbers and the like, said character by character; names, spelt as they sound; topics, in any words."""
Row = dict[str, str]

TIMEOUT_S = 10.0
"""A tool that takes longer has failed, as far as the model is concerned. A choice: sooner gives up slow look-ups, later
has the user wait without a word."""
LONGEST: Final = 400
"""Characters of a row that are told: half a minute of speech."""
MOST_ROWS: Final = 2000
"""Of a file; a choice: each search compares with all of them, on the device."""


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
        if kind not in get_args(Kind)
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
        text = inputs.text(path, "utf-8-sig")
        rows = _from_json(text) if path.suffix == ".json" else _from_csv(text)
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}") from None
    except UnicodeDecodeError as error:
        raise TableError(f"{path}: is not text in UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise TableError(f"{path}: {TOO_DEEP}") from None
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
    if inputs.too_deep(rows):
        raise ValueError(TOO_DEEP)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("is not a list of objects")
    return [{key: value if isinstance(value, str) else json.dumps(value) for key, value in row.items()} for row in rows]


def shown(row: Row, lookup: Lookup) -> Row:
    """Return what is told of a row: its columns to tell, but for the empty ones."""
    return {column: row[column] for column in (lookup.show or row) if row.get(column)}
