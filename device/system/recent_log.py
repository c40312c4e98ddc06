"""The last lines of this process's own log, in memory: the system's log is not for every user to read."""

from __future__ import annotations

import io
import logging
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from device.system.logs import LINE, LineFormatter, Sparing

if TYPE_CHECKING:
    from collections.abc import Callable

MOST: Final = 1000
"""Lines; a choice: an evening's conversations, or what went wrong and what led to it."""
LONGEST: Final = 4000
"""Characters of a line that are kept, so that all of them take some megabytes at most."""


class Logged(Struct, frozen=True):
    """A line of the log."""

    number: int
    """From 1 on, one after the other."""
    at: float
    """In seconds since 1970."""
    level: int
    """As `logging` has it."""
    text: str
    """As the system's log has it."""


class RecentLog(logging.Handler):
    """Keeps the last lines that are logged, and those that are written to `stream`. `now` is the wall clock."""

    def __init__(self, most: int = MOST, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self.setFormatter(LineFormatter(LINE))
        self.addFilter(Sparing())
        self._lines: deque[Logged] = deque(maxlen=most)
        self._now = now
        self._last = 0
        self.stream: io.TextIOBase = _Stream(self)
        """What is written here is kept, too, a line each."""

    @property
    def last(self) -> int:
        """The number of the last line; 0 if there is none."""
        return self._last

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a record, and an exception's lines."""
        for text in self.format(record).splitlines():
            self.add(text, record.levelno)

    def add(self, text: str, level: int = logging.INFO) -> None:
        """Keep a line."""
        self.acquire()
        try:
            self._last += 1
            self._lines.append(Logged(self._last, self._now(), level, text[:LONGEST]))
        finally:
            self.release()

    def after(self, number: int, most: int) -> list[Logged]:
        """Return the lines since that one, the oldest first; of more than so many, the last."""
        self.acquire()
        try:
            lines = list(self._lines)
        finally:
            self.release()
        return [one for one in lines if one.number > number][-most:]


class _Stream(io.TextIOBase):
    def __init__(self, log: RecentLog) -> None:
        self._log = log

    def write(self, text: str) -> int:
        for line in text.splitlines():
            self._log.add(line)
        return len(text)
