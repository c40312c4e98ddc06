"""What happened in the last conversation, from the ledger: of it the page draws a picture. It is in memory alone."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import msgspec

from device.conversation import entries
from device.conversation.states import State
from device.door.upkeep import LastConversation as Told
from device.records.entry import Turn
from device.sample_clock import samples
from device.system.harmless import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.entries import Entry

MOST_BYTES: Final = 1_000_000
"""Of its entries, as JSON. A choice: an hour of lively talk; of a longer one, the beginning is left out."""
LONGEST_TEXT: Final = 2000
"""Characters of each text: as many as the picture shows."""
BEFORE: Final = samples(10_000)
"""How long before the conversation what led to it may be: the wake word, and words said in one breath with it."""
AFTER: Final = samples(2_000)
"""How long after its end what became of the last reply may be told."""
_OVER: Final = (State.ASLEEP, State.MUTED, State.FAULT)
_ENDS: Final = (entries.Heard, entries.Truncate, entries.Silence, entries.ReplyLastAudio, entries.ReplyEnd, Turn)
"""What becomes of a reply."""


class LastConversation:
    """Takes entries of the ledger; `now` is the wall clock."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._kept: deque[tuple[dict[str, Any], int]] = deque()
        """Entries of the conversation as they are told, and how long each is as JSON."""
        self._before: deque[Entry] = deque(maxlen=50)
        self._size = 0
        self._began: float | None = None
        self._going = self._clipped = False
        self._until = -1

    def take(self, entry: Entry) -> None:
        """Note what happened."""
        if self._going or (isinstance(entry, _ENDS) and entry.at <= self._until):
            self._keep(entry)
        if not isinstance(entry, entries.StateEntered):
            if not self._going:
                self._before.append(entry)
        elif self._going and entry.state in _OVER:
            self._going, self._until = False, entry.at + AFTER
        elif not self._going and entry.state not in _OVER:
            self._begin(entry)

    def told(self) -> Told:
        """Return what is told of it."""
        return Told(tuple(line for line, _ in self._kept), self._began, self._going, self._clipped)

    def _begin(self, first: Entry) -> None:
        self._kept.clear()
        self._size, self._clipped, self._going, self._began = 0, False, True, self._now()
        for entry in (*self._before, first):
            if entry.at >= first.at - BEFORE:
                self._keep(entry)
        self._before.clear()

    def _keep(self, entry: Entry) -> None:
        # A turn's entry is the others once more: that it is over is enough.
        line = {"t": entry.t, "event": entry.event()} if isinstance(entry, Turn) else _clipped(entry.line())
        size = len(msgspec.json.encode(line))
        self._kept.append((line, size))
        self._size += size
        while self._size > MOST_BYTES:
            self._size -= self._kept.popleft()[1]
            self._clipped = True


def _clipped(value: Any) -> Any:
    """Return builtins of which no text is too long, nor holds what controls a terminal or is never seen."""
    match value:
        case str():
            return plain(value[:LONGEST_TEXT]) + ("…" if len(value) > LONGEST_TEXT else "")
        case dict():
            return {key: _clipped(inner) for key, inner in value.items()}
        case list():
            return [_clipped(inner) for inner in value]
    return value
