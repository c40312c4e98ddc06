"""The writer of transcripts: it watches the ledger's entries and writes as things happen.

Times are wall time at the beginning of a conversation and milliseconds on the card's clock since then: the clock of a
Pi may be set in mid-conversation.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from device.conversation import entries
from device.conversation.states import State
from device.records.store import Store, remove
from device.records.transcripts import FILE, SCHEMA, Line, forget, purge_database
from device.sample_clock import CLOCK_RATE
from device.system.paths import state_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from device.conversation.entries import Entry


CLOCK_WAS_SET_S = 5.0
"""A wall clock that is off by so much at a conversation's end has been set meanwhile: it is right now."""
_BEGIN = "INSERT INTO conversation (id, began, zone, profile) VALUES (?, ?, ?, ?)"
# A conversation that was deleted while it goes on stays deleted.
_LINE = (
    "INSERT OR REPLACE INTO line SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM conversation WHERE conversation.id = ?1)"
)
_END = "UPDATE conversation SET length_ms = ?2, why = ?3, began = ?4, zone = ?5 WHERE id = ?1"
_RESULT = "UPDATE conversation SET result = ?2, valid = ?3, faults = ?4 WHERE id = ?1"
_OVER = (State.ASLEEP, State.MUTED, State.FAULT)


class TranscriptWriter:
    """Writes down what the ledger tells; `take` is to be called with each of its entries.

    With `keep_days` 0 nothing is written, and what is there is deleted.
    """

    def __init__(
        self,
        keep_days: int,
        *,
        path: Path | None = None,
        profile: str = "",
        now: Callable[[], datetime] = lambda: datetime.now().astimezone(),
    ) -> None:
        path = path or state_dir() / FILE
        self._path = path
        self._profile = profile
        self._now = now
        self._store: Store | None = None
        self._conversation: _Conversation | None = None
        self._at = 0
        if keep_days:
            self._store = Store(path, SCHEMA, daily=lambda database: purge_database(database, keep_days))
        else:
            remove(path)

    def take(self, entry: Entry) -> None:
        """Note what happened."""
        if self._store is None:
            return
        self._at = entry.at
        if isinstance(entry, entries.StateEntered):
            asleep = entry.state in _OVER
            if asleep and self._conversation is not None:
                self._conversation.end(entry.at, self._now())
                self._conversation = None
            elif not asleep and self._conversation is None:
                self._conversation = _Conversation(self._store, entry.at, self._now(), self._profile)
        elif self._conversation is not None:
            self._conversation.take(entry)

    def forget(self, since: datetime | None) -> int:
        """Delete what was said since then, or all, the conversation that goes on included; return how many there were.

        Blocking. Raises StoreError.
        """
        if self._store is None:
            return 0
        self._store.flush()  # what waits to be written would be there afterwards
        return forget(since, self._path)

    def close(self) -> None:
        """Write what is left; harmless when repeated."""
        if self._conversation is not None:
            self._conversation.end(self._at, self._now())
            self._conversation = None
        if self._store is not None:
            self._store.close()


class _Conversation:
    """A conversation that goes on. One in which nothing is said and nothing goes wrong leaves no trace."""

    def __init__(self, store: Store, at: int, now: datetime, profile: str) -> None:
        self._store = store
        self._start = at
        self._began = now
        self._profile = profile
        self._id = ""
        self._lines: list[Line] = []
        self._said: dict[str, int] = {}  # reply item → number of its line
        self._unfinished: set[str] = set()  # those of them that are not known to be heard
        self._first_heard: dict[str, int] = {}
        self._voice: int | None = None  # onset of the first voice since the user's last words
        self._engine = ""
        self._why = ""

    def take(self, entry: Entry) -> None:  # noqa: C901, PLR0912 - a table of entries
        at_ms = self._ms(entry.at)
        match entry:
            case entries.VoiceStart():
                self._voice = at_ms if self._voice is None else self._voice
            case entries.Restore():
                self._voice = None
            case entries.User(text=text):
                if text:
                    self._add(Line(at_ms if self._voice is None else self._voice, "user", text))
                self._voice = None
            case entries.ReplyFirstAudio(item=item):
                self._first_heard[item] = at_ms
                if item in self._said:
                    self._change(item, at_ms=at_ms)
            case entries.Assistant(item=item, text=text):
                self._saying(item, at_ms, text)
            case entries.Heard():
                self._heard(entry, at_ms)
            case entries.Tool(name=name, arguments=arguments):
                self._add(Line(at_ms, "tool", name, arguments=arguments))
            case entries.SessionOpen(engine=engine) | entries.SessionSwitch(engine=engine):
                if engine != self._engine:
                    self._engine = engine
                    self._add(Line(at_ms, "engine", engine))
            case entries.EngineError():
                self._add(Line(at_ms, "error", entry.message or entry.code))
            case entries.Result():
                self._begin()
                faults = msgspec.json.encode(entry.faults).decode()
                self._store.put(_RESULT, self._id, entry.result, entry.valid, faults)
            case entries.Sleep(why=why):
                self._why = why

    def end(self, at: int, now: datetime) -> None:
        """Close the transcript, if there is one."""
        if not self._id:
            return
        length_ms = self._ms(at)
        for item in self._unfinished:
            line = self._lines[self._said[item]]
            if item in self._first_heard:  # how many of the words, nobody knows
                self._change(item, heard_ms=length_ms - line.at_ms)
            else:
                self._change(item, text="", unheard=line.text, heard_ms=0)
        began = now.timestamp() - length_ms / 1000
        if abs(began - self._began.timestamp()) < CLOCK_WAS_SET_S:
            began = self._began.timestamp()
        self._store.put(_END, self._id, length_ms, self._why, began, _zone(now))

    def _saying(self, item: str, at_ms: int, text: str) -> None:
        """Take what an item says before it is heard; nothing of it may ever be."""
        if item in self._said:
            line = self._lines[self._said[item]]
            if line.heard_ms is None:
                self._change(item, text=text, unheard="")
        elif text:
            self._said[item] = len(self._lines)
            self._unfinished.add(item)
            self._add(Line(self._first_heard.get(item, at_ms), "assistant", text))

    def _heard(self, heard: entries.Heard, at_ms: int) -> None:
        item = heard.item
        if item not in self._said:
            self._said[item] = len(self._lines)
            self._add(Line(self._first_heard.get(item, at_ms), "assistant"))
        self._unfinished.discard(item)
        heard_ms = None if heard.whole else heard.ms
        self._change(item, text=heard.text, unheard=heard.unheard, heard_ms=heard_ms)

    def _add(self, line: Line) -> None:
        self._lines.append(line)
        if self._id:
            self._put(len(self._lines) - 1)
        elif line.kind != "engine":
            self._begin()

    def _change(self, item: str, **fields: Any) -> None:
        number = self._said[item]
        for name, value in fields.items():
            setattr(self._lines[number], name, value)
        self._put(number)

    def _begin(self) -> None:
        """Write the conversation down once there is something of it, and engines that were reached before that."""
        if not self._id:
            self._id = secrets.token_hex(4)
            self._store.put(_BEGIN, self._id, self._began.timestamp(), _zone(self._began), self._profile)
            for number in range(len(self._lines)):
                self._put(number)

    def _put(self, number: int) -> None:
        self._store.put(_LINE, self._id, number, msgspec.json.encode(self._lines[number]).decode())

    def _ms(self, at: int) -> int:
        return max(0, at - self._start) * 1000 // CLOCK_RATE


def _zone(now: datetime) -> int:
    offset = now.utcoffset()
    return int(offset.total_seconds()) if offset else 0
