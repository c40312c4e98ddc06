"""What people asked for that the local engine cannot do: counted for the owner, without a word of what was said."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

import msgspec

from device.system import inputs, state_file
from device.system.paths import state_dir

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger(__name__)

FILE: Final = "unmet.json"
DAYS: Final = 30
"""For how many days it counts; a choice: what nobody has asked for since is no wish."""
_DAY_S: Final = 86_400
_MOST: Final = 10_000
"""Days of kinds that are read; more were written by somebody else."""


def note(kind: str, path: Path | None = None) -> None:
    """Count a wish of a kind, such as "weather", and tell the log."""
    log.info("Asked for what cannot be done here: %s.", kind)
    path = path or state_dir() / FILE
    today = int(time.time()) // _DAY_S
    days = {day: kinds for day, kinds in _read(path).items() if today - DAYS < int(day) <= today}
    kinds = days.setdefault(str(today), {})
    kinds[kind] = kinds.get(kind, 0) + 1
    try:
        state_file.write(path, msgspec.json.encode(days))
    except OSError as error:
        log.debug("%s cannot be written: %s", path, error.strerror)


def counts(path: Path) -> dict[str, int]:
    """Return how often each kind was asked for in the last `DAYS` days, the most frequent first."""
    today = int(time.time()) // _DAY_S
    found: dict[str, int] = {}
    for day, kinds in _read(path).items():
        if today - DAYS < int(day) <= today:
            for kind, count in kinds.items():
                found[kind] = found.get(kind, 0) + count
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _read(path: Path) -> dict[str, dict[str, int]]:
    try:
        days = msgspec.json.decode(inputs.read(path), type=dict[str, dict[str, int]])
    except (OSError, ValueError):
        return {}
    return days if len(days) < _MOST and all(day.isdigit() and len(day) < 9 for day in days) else {}
