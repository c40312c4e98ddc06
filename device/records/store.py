"""SQLite files of what is kept on the device: private, written by one thread, and never in the conversation's way."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote

import msgspec

from device.system import inputs
from device.system.owner import acting_as_owner

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

log = logging.getLogger(__name__)

DAY_S = 86_400.0
MOST_WAITING = 2000
"""Statements that wait for a disk that cannot be written; more are dropped. A choice: some hours of talk, in a megabyte
of memory."""

Made = TypeVar("Made")
Statement = tuple[str, tuple[Any, ...]]
Work = Callable[[sqlite3.Connection], int]
"""What changes a store; returns how many rows it concerned."""


class StoreError(Exception):
    """What is kept cannot be read or changed; says what to do."""


class Store:
    """An SQLite file with one writer, a thread of its own.

    Statements are on the disk as soon as it can: a power cut loses at most the last moment. A disk that is full or
    cannot be written is warned of once, and statements wait for it; nobody else waits. `daily` is called at the start
    and once a day, to delete what is old.
    """

    def __init__(self, path: Path, schema: str, *, daily: Work | None = None) -> None:
        self._path = path
        self._schema = schema
        self._daily = daily
        self._queue: SimpleQueue[Statement | threading.Event | None] = SimpleQueue()
        self._waiting: list[Statement] = []
        self._database: sqlite3.Connection | None = None
        self._warned = False
        self._thread = threading.Thread(target=self._work, name=path.stem, daemon=True)
        self._thread.start()

    def put(self, sql: str, *values: Any) -> None:
        """Have a statement carried out, in the order of the calls; never waits and never fails."""
        self._queue.put((sql, values))

    def flush(self, timeout_s: float = 5.0) -> None:
        """Wait until what was put is written or cannot be."""
        done = threading.Event()
        self._queue.put(done)
        done.wait(timeout_s)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what is left and end the thread; harmless when repeated."""
        self._queue.put(None)
        self._thread.join(timeout_s)

    def _work(self) -> None:
        due = time.monotonic()
        going = True
        while going:
            flushed: list[threading.Event] = []
            for job in self._take(due - time.monotonic()):
                if isinstance(job, threading.Event):
                    flushed.append(job)
                elif job is None:
                    going = False
                else:
                    self._waiting.append(job)
            tidy = time.monotonic() >= due
            if tidy:
                due = time.monotonic() + DAY_S
            self._write(tidy=tidy)
            for event in flushed:
                event.set()
        self._shut()

    def _take(self, timeout_s: float) -> list[Statement | threading.Event | None]:
        """Return all jobs there are; if there are none, wait for one."""
        jobs: list[Statement | threading.Event | None] = []
        try:
            jobs.append(self._queue.get(timeout=max(0.0, timeout_s)))
            while True:
                jobs.append(self._queue.get_nowait())
        except Empty:
            return jobs

    def _write(self, *, tidy: bool) -> None:
        if not (self._waiting or tidy):
            return
        try:
            if self._database is None:
                self._database = _open(self._path, self._schema)
            with self._database as database:
                if tidy and self._daily:
                    self._daily(database)
                for sql, values in self._waiting:
                    database.execute(sql, values)
            if tidy and self._daily:
                # What was deleted is in the log of writes, too.
                self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except (sqlite3.Error, OSError) as error:
            if not self._warned:
                log.warning("%s cannot be written (%s); the conversation goes on without.", self._path, _why(error))
            self._warned = True
            self._shut()
            if len(self._waiting) > MOST_WAITING:
                self._waiting.clear()
        else:
            self._waiting.clear()
            self._warned = False

    def _shut(self) -> None:
        database, self._database = self._database, None
        if database is not None:
            with suppress(sqlite3.Error):
                database.close()


def read(path: Path, sql: str, *values: Any) -> list[sqlite3.Row]:
    """Return what a query finds; nothing if there is no such file. Raises StoreError."""
    try:
        if not path.exists():
            return []
        inputs.check(path)
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, timeout=5)) as database:
            database.row_factory = sqlite3.Row
            database.text_factory = lambda data: data.decode(errors="replace")  # one bad row hides no other
            return database.execute(sql, values).fetchall()
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be read ({_why(error)}). {_fix(path)}") from None


def readable(path: Path, rows: Iterable[sqlite3.Row], made: Callable[[sqlite3.Row], Made]) -> list[Made]:
    """Return what is made of each row; one that is damaged is told of and left out."""
    found = []
    for row in rows:
        try:
            found.append(made(row))
        except (ValueError, TypeError, KeyError, OverflowError, OSError, RecursionError, msgspec.MsgspecError):
            log.warning("%s: the row %s is damaged and left out.", path, tuple(row)[:2])
    return found


def change(path: Path, schema: str, sql: str, *values: Any) -> int:
    """Carry out a statement at once; return how many rows it concerned. Raises StoreError."""
    return work(path, schema, lambda database: database.execute(sql, values).rowcount)


def work(path: Path, schema: str, done: Work) -> int:
    """Have a change made at once, wholly or not at all; return how many rows it concerned. Raises StoreError."""
    try:
        if not path.exists():
            return 0
        inputs.check(path)
        with acting_as_owner(path.parent), closing(_open(path, schema)) as database:
            with database:
                count = done(database)
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return count
    except (sqlite3.Error, OSError) as error:
        raise StoreError(f"{path} cannot be changed ({_why(error)}). {_fix(path)}") from None


def remove(path: Path) -> None:
    """Delete a store's files; a disk that does not allow it is warned of."""
    for file in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s cannot be deleted: %s", file, _why(error))


def _open(path: Path, schema: str) -> sqlite3.Connection:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        inputs.check(path)
    # SQLite gives its log of writes the mode of the file, so the file must be private from the beginning.
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
    database = sqlite3.connect(path, timeout=5)
    try:
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "secure_delete = ON"):
            database.execute(f"PRAGMA {pragma}")
        database.executescript(schema)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _fix(path: Path) -> str:
    if inputs.is_there(path, unknown=True) and not os.access(path, os.R_OK | os.W_OK):
        return "It belongs to another user: try it with sudo"
    return "If it is damaged, delete it: it is made anew"
