"""How far the first steps are: kept in a file, so that they can be left and gone on with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.daemon.kept import read
from device.door.first_steps import Step
from device.system import state_file

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "first-steps.json"
"""Of the state folder."""


class Progress(Struct, frozen=True, forbid_unknown_fields=True):
    """How far they are."""

    done: tuple[Step, ...] = ()
    skipped: tuple[Step, ...] = ()
    over: bool = False

    def noted(self, step: Step, *, skipped: bool) -> Progress:
        """Return how far they are with a step done, or passed over; one that was done is not passed over."""
        if skipped and step in self.done:
            return self
        done, passed = (tuple(one for one in steps if one != step) for steps in (self.done, self.skipped))
        return Progress(done, (*passed, step), self.over) if skipped else Progress((*done, step), passed, self.over)


def recall(folder: Path) -> Progress | None:
    """Return how far they are by the file in a folder; None without one, or if it is not what was written there."""
    return read(folder / FILE, Progress)


def keep(folder: Path, progress: Progress) -> None:
    """Keep how far they are. Raises OSError."""
    state_file.write(folder / FILE, msgspec.json.encode(progress))
