"""Alarms and reminders in the daemon: they are kept in a file, and ring when their time has come."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.conversation.events import AlarmRang
from device.daemon.kept import read
from device.sample_clock import CLOCK_RATE
from device.skills.alarms.alarms import Alarm
from device.skills.alarms.spoken import rings
from device.system import state_file

if TYPE_CHECKING:
    from pathlib import Path

    from device.skills.alarms.alarms import Alarms

_log = logging.getLogger(__name__)

FILE: Final = "alarms.json"
NEAR_S: Final = 900.0
"""An update waits for an alarm that rings within so long: more than one takes, with models, on a slow network."""
EVERY: Final = CLOCK_RATE
"""Samples between two looks at the clock on the wall: a choice; nobody hears a second."""


class KeptAlarms(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of alarms and reminders."""

    alarms: tuple[Alarm, ...]


class AlarmClock:
    """Looks whether it is time for one of `alarms`, which are kept in `folder`, if there is one.

    What is said while one rings is in a language, given as a tag.
    """

    def __init__(self, alarms: Alarms, folder: Path | None, language: str) -> None:
        self._alarms = alarms
        self._path = folder / FILE if folder else None
        self._language = language
        self._written: tuple[Alarm, ...] = ()
        self._looked = -EVERY

    @property
    def near(self) -> bool:
        """Whether one rings soon."""
        return self._alarms.near(NEAR_S)

    def recall(self) -> None:
        """Have the alarms of before; those whose time came meanwhile ring, and what was missed is said."""
        if self._path is not None and (kept := read(self._path, KeptAlarms)) is not None:
            self._alarms.resume(kept.alarms)
            self._written = self._alarms.all

    def look(self, at: int) -> list[AlarmRang]:
        """Return those that ring now, at position `at`, and keep what has changed; called every 100 ms."""
        if at < self._looked + EVERY:
            return []
        self._looked = at
        due = self._alarms.due()
        if self._path is not None and self._alarms.all != self._written:
            self._keep(self._path)
        return [
            AlarmRang(at, rung.alarm.kind, rung.alarm.text, rings(rung, self._language, self._alarms.now), rung.missed)
            for rung in due
        ]

    def _keep(self, path: Path) -> None:
        self._written = self._alarms.all
        try:
            if self._written:
                state_file.write(path, msgspec.json.encode(KeptAlarms(self._written)))
            elif path.exists():
                state_file.delete(path)
        except OSError as error:
            _log.warning("%s: alarms and reminders will not outlast a restart: %s", path, error.strerror)
