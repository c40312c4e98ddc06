"""The log on stderr: a record is a line, whatever it quotes, and nobody outside fills the disk with it."""

from __future__ import annotations

import logging
import sys
import time
import traceback
from typing import TYPE_CHECKING, Any, Final

from device.system.harmless import line, plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

LINE: Final = "%(levelname)s %(name)s: %(message)s"
"""A line of the log; the system's log has the time. The support bundle lets through what looks like it."""
SAME: Final = 20
"""Records of one kind that are written within `WITHIN_S`; a choice: what repeats faster says nothing new."""
WITHIN_S: Final = 60.0


def set_up(level: str) -> None:
    """Log to stderr from a level on, such as "INFO"; once, as `logging.basicConfig`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(LineFormatter(LINE))
    handler.addFilter(Sparing())
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("asyncio").setLevel(logging.WARNING)
    sys.excepthook = _uncaught


class LineFormatter(logging.Formatter):
    """Makes each record one line, and each exception lines of which none can be taken for a record."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Return the record as a line."""
        return line(super().formatMessage(record))

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Return a traceback; what an exception says is one line."""
        return told(ei[1])


class Sparing(logging.Filter):
    """Lets through so many records of a kind, which is where and in what words they are logged, and says how many not.

    `now` is a clock of seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._kinds: dict[tuple[str, int], tuple[float, int]] = {}
        """Of each place of the code: since when it is counted, and how often it has logged since."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether to write a record."""
        kind, now = (record.pathname, record.lineno), self._now()
        since, count = self._kinds.get(kind, (now, 0))
        if now - since >= WITHIN_S:
            if count > SAME:
                record.msg = f"{record.getMessage()} ({count - SAME} more like it were left out)"
                record.args = ()
            since, count = now, 0
        self._kinds[kind] = since, count + 1
        return count < SAME or record.levelno < logging.WARNING


def told(error: BaseException | None) -> str:
    """Return an exception with its traceback; what it says itself is one line, wherever it comes from."""
    if error is None:
        return ""
    found = traceback.TracebackException.from_exception(error)
    _one_line_notes(found)
    parts = found.format()
    ours = ("  ", "\n", "Traceback (most recent call last):")
    return "\n".join(plain(part.rstrip("\n")) if part.startswith(ours) else line(part.rstrip("\n")) for part in parts)


def _one_line_notes(found: traceback.TracebackException) -> None:
    for one in filter(None, (found.__cause__, found.__context__, *(found.exceptions or ()))):
        _one_line_notes(one)
    found.__notes__ = [line(note) for note in found.__notes__ or ()]


def _uncaught(_: type[BaseException], error: BaseException, __: TracebackType | None) -> None:
    if isinstance(error, KeyboardInterrupt):
        return
    sys.stderr.write(told(error) + "\n")
