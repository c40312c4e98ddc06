"""The ledger: what happened when, on the card's clock.

`ledger.jsonl` holds one JSON object a line: `{"t": seconds on the card's clock, "event": kind, …}`. After each
turn, an entry `turn` gathers its times, what was said and heard, and what it cost (see `turns`).
"""

from __future__ import annotations

import logging
from typing import IO, TYPE_CHECKING

import msgspec

from device.records.turns import Turns

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.conversation.entries import Entry

log = logging.getLogger(__name__)


class Ledger:
    """Writes entries down and hands them on. Without a path, it only hands them on.

    `sent_s` tells how much audio has been sent to the engine so far, in seconds.
    """

    def __init__(
        self,
        path: Path | None = None,
        *,
        on_entry: Callable[[Entry], None] | None = None,
        sent_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._file: IO[bytes] | None = path.open("wb", buffering=0) if path else None
        self._watchers = [on_entry] if on_entry else []
        self._encoder = msgspec.json.Encoder()
        self._turns = Turns()
        self._at = 0
        self.sent_s = sent_s

    def watch(self, watcher: Callable[[Entry], None]) -> None:
        """Hand every later entry to `watcher`, too."""
        self._watchers.append(watcher)

    def unwatch(self, watcher: Callable[[Entry], None]) -> None:
        """Hand no more entries to `watcher`."""
        self._watchers.remove(watcher)

    def record(self, entry: Entry) -> None:
        """Write an entry down at once: a crash later loses nothing of it."""
        self._at = max(self._at, entry.at)
        self._put(entry)
        if turn := self._turns.take(entry, self.sent_s()):
            self._put(turn)

    def close(self) -> None:
        """Write down the turn that is not over and close the file; later entries are only handed on."""
        if turn := self._turns.close(self._at, self.sent_s()):
            self._put(turn)
        self._close_file()

    def _put(self, entry: Entry) -> None:
        line = entry.line()
        if self._file is not None:
            try:
                self._file.write(self._encoder.encode(line) + b"\n")
            except OSError as error:
                log.warning("The ledger cannot be written any more (%s); the conversation goes on.", error)
                self._close_file()
        if not entry.spoken:
            log.debug("%8.3f %s %s", line.pop("t"), line.pop("event"), line)
        for watcher in list(self._watchers):
            watcher(entry)

    def _close_file(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
