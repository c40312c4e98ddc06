"""Transcripts: what both sides said and when, kept on the device for as many days as the user wants.

The file of them, and how it is read and cleared; `transcript_writer` writes it.
"""

from __future__ import annotations

import logging
import re
import time
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Struct

from device.records.store import DAY_S, change, read, readable, work
from device.system import wall_clock
from device.system.paths import find
from device.system.typed import typed

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path


log = logging.getLogger(__name__)

FILE = "transcripts.sqlite"
SCHEMA = """
CREATE TABLE IF NOT EXISTS conversation (
    id TEXT PRIMARY KEY,
    began REAL NOT NULL,      -- seconds since 1970
    zone INTEGER NOT NULL,    -- seconds east of Greenwich
    profile TEXT NOT NULL,
    length_ms INTEGER,        -- NULL while it goes on, or if the power failed
    why TEXT NOT NULL DEFAULT '',
    result TEXT,              -- JSON
    valid INTEGER,
    faults TEXT NOT NULL DEFAULT '[]'
);
CREATE TABLE IF NOT EXISTS line (
    conversation TEXT NOT NULL REFERENCES conversation ON DELETE CASCADE,
    number INTEGER NOT NULL,
    content TEXT NOT NULL,    -- a Line as JSON
    PRIMARY KEY (conversation, number)
) WITHOUT ROWID;
"""

_PAGE = """
SELECT rowid, * FROM conversation
WHERE (?1 = '' OR (began, rowid) < (CAST(?2 AS REAL), CAST(?3 AS INTEGER)))
AND (?4 = '%%' OR id IN (SELECT conversation FROM line WHERE content LIKE ?4 ESCAPE '\\'))
ORDER BY began DESC, rowid DESC LIMIT ?5
"""


class Line(Struct, omit_defaults=True):
    """One thing in a transcript."""

    at_ms: int
    """Since the beginning of the conversation."""
    kind: Literal["user", "assistant", "tool", "engine", "error"]
    text: str = ""
    """What was said; of the assistant only what was heard. A tool's name, an engine's name, or an error's message."""
    unheard: str = ""
    """What the assistant would have said, had it not been interrupted."""
    heard_ms: int | None = None
    """How much of an interrupted reply was heard; None if it was not interrupted."""
    arguments: str = ""
    """Of a tool: JSON text, as the model wrote it."""


class Transcript(Struct, frozen=True, kw_only=True):
    """A conversation as it was kept."""

    id: str
    began: datetime
    """With the device's time zone."""
    profile: str
    length_ms: int | None
    why: str
    """What ended it."""
    result: Any = None
    valid: bool | None = None
    """Whether the result is as the profile wants it; None without a result."""
    faults: list[str] = []
    """What is wrong with the result."""
    lines: list[Line] = []


def stored(since: datetime | None = None, path: Path | None = None) -> list[Transcript]:
    """Return the transcripts that are kept, the oldest first. Raises StoreError."""
    path = path or find(FILE)
    lines: dict[str, list[Line]] = {}
    kept = read(path, "SELECT conversation, number, content FROM line ORDER BY conversation, number")
    for conversation, said in readable(path, kept, _line):
        lines.setdefault(conversation, []).append(said)
    rows = read(
        path, "SELECT * FROM conversation WHERE began >= ? ORDER BY began, rowid", since.timestamp() if since else 0
    )
    return readable(path, rows, lambda row: _transcript(row, lines.get(row["id"], [])))


def page(most: int, *, search: str = "", before: str = "", path: Path | None = None) -> tuple[list[Transcript], str]:
    """Return up to so many transcripts, the latest first, and what to call for those `before` them; "" at the end.

    `search` wants its words, in whatever case, in something that was said. Raises StoreError.
    """
    path = path or find(FILE)
    wanted = "%" + re.sub(r"([%_\\])", r"\\\1", msgspec.json.encode(search).decode()[1:-1]) + "%"
    place, _, number = before.partition("/")
    rows = read(path, _PAGE, before, place, number, wanted, most + 1)
    more = f"{rows[most - 1]['began']!r}/{rows[most - 1]['rowid']}" if len(rows) > most else ""
    lines: dict[str, list[Line]] = {}
    for row in rows[:most]:
        said = read(path, "SELECT * FROM line WHERE conversation = ? ORDER BY number", row["id"])
        lines[row["id"]] = [one for _, one in readable(path, said, _line)]
    return readable(path, rows[:most], lambda row: _transcript(row, lines[row["id"]])), more


def delete(ids: list[str] | None = None, path: Path | None = None) -> int:
    """Delete these transcripts, or all; return how many there were. Raises StoreError."""
    path = path or find(FILE)
    if ids is None:
        return change(path, SCHEMA, "DELETE FROM conversation")
    return sum(change(path, SCHEMA, "DELETE FROM conversation WHERE id = ?", name) for name in ids)


def forget(since: datetime | None, path: Path | None = None) -> int:
    """Delete the transcripts of conversations that ended since then, or all; return how many. Raises StoreError."""
    ended_since = "DELETE FROM conversation WHERE began + ifnull(length_ms, 0) / 1000.0 >= ?"
    return change(path or find(FILE), SCHEMA, ended_since, since.timestamp() if since else 0.0)


def purge(keep_days: int, path: Path | None = None, *, trust: bool = False) -> int:
    """Delete what is older; return how many conversations that were. Raises StoreError.

    `trust` believes the clock of this machine, however it looks.
    """
    return work(path or find(FILE), SCHEMA, lambda database: purge_database(database, keep_days, trust=trust))


def purge_database(database: sqlite3.Connection, keep_days: int, *, trust: bool = False) -> int:
    """Delete what is older from a file that is open, as `purge` does."""
    if not keep_days:
        return database.execute("DELETE FROM conversation").rowcount
    # What is no time, because the row is damaged, is older than any.
    times = [began for (began,) in database.execute("SELECT began FROM conversation WHERE typeof(began) = 'real'")]
    now = time.time()
    if not trust and not wall_clock.plausible(times, now):
        log.warning(wall_clock.DOUBT, "transcripts", typed("transcripts purge --trust-clock"))
        return 0
    # What lies in the future was said while the clock was wrong; it counts from now on.
    database.execute("UPDATE conversation SET began = ?1 WHERE began > ?1 + ?2", (now, DAY_S))
    old = "DELETE FROM conversation WHERE began < ? OR typeof(began) != 'real'"
    return database.execute(old, (now - keep_days * DAY_S,)).rowcount


def _line(row: Any) -> tuple[str, Line]:
    return row["conversation"], msgspec.json.decode(row["content"], type=Line)


def _transcript(row: Any, lines: list[Line]) -> Transcript:
    return Transcript(
        id=row["id"],
        began=datetime.fromtimestamp(row["began"], timezone(timedelta(seconds=row["zone"]))),
        profile=row["profile"],
        length_ms=row["length_ms"],
        why=row["why"],
        result=None if row["result"] is None else _json(row["result"]),
        valid=None if row["valid"] is None else bool(row["valid"]),
        faults=msgspec.json.decode(row["faults"], type=list[str]),
        lines=sorted(lines, key=lambda line: line.at_ms),
    )


def _json(text: str) -> Any:
    """Return what a model wrote as JSON; as text if it is none."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return text
