"""What a service says of itself in one line: written for `systemctl status`, and read again by the doctor.

systemd hands such a line on as it is (sd_notify(3), STATUS=), and keeps nothing else of what a service does. So the
words are its structure, and stand here once, for those who write them and for who reads them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

from device.system.harmless import line

UNUSABLE: Final = "The settings cannot be used"
"""How the fault of settings begins that are not in force: the last good ones are."""


ENGINE_FAULT: Final = "Not every engine can answer"
"""How it begins that an engine is passed over, or cannot start."""

HEARS_ITSELF: Final = "It hears itself"
"""How it begins that the device takes its own voice for somebody's."""


class Doing(StrEnum):
    """What a service does; the value is how its line begins."""

    LISTENING = "Listening"
    WAITING_FOR_CARD = "Waiting for the sound card"
    CANNOT_START = "Cannot start"


_BEFORE: Final = {Doing.LISTENING: " on ", Doing.WAITING_FOR_CARD: ": ", Doing.CANNOT_START: ": "}
_FAULT: Final = ". "


class Status(Struct, frozen=True):
    """A service's line."""

    doing: Doing
    what: str
    """What it listens on, or why it does not; a line."""
    settings_fault: str = ""
    """Why it goes by the last good settings; empty if it does not."""
    hears_itself: str = ""
    """How it knows that it takes its own voice for somebody's; empty if it does not."""
    engine_fault: str = ""
    """Which engine cannot answer, and why; empty if all can, as far as is known."""

    def __str__(self) -> str:
        engine = f"{_FAULT}{ENGINE_FAULT}: {self.engine_fault}" if self.engine_fault else ""
        hears = f"{_FAULT}{HEARS_ITSELF}: {self.hears_itself}" if self.hears_itself else ""
        fault = f"{_FAULT}{self.settings_fault}" if self.settings_fault else ""
        return line(f"{self.doing}{_BEFORE[self.doing]}{self.what}{engine}{hears}{fault}")

    @classmethod
    def read(cls, line: str) -> Status | None:
        """Return what a line says; None if it is none of these."""
        for doing in Doing:
            if line.startswith(doing):
                rest, begins, fault = line.removeprefix(doing).partition(f"{_FAULT}{UNUSABLE}")
                rest, _, hears = rest.partition(f"{_FAULT}{HEARS_ITSELF}: ")
                what, _, engine = rest.partition(f"{_FAULT}{ENGINE_FAULT}: ")
                unusable = f"{UNUSABLE}{fault}" if begins else ""
                return cls(doing, what.removeprefix(_BEFORE[doing]), unusable, hears, engine)
        return None
