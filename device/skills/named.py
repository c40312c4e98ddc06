"""What is on the device that people may speak of by a name of their own: a recogniser that is told hears it better."""

from __future__ import annotations

from itertools import chain, islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from device.skills.alarms.alarms import Alarms
    from device.skills.lists.lists import Lists
    from device.skills.timers.timers import Timers

MOST: Final = 200
"""Names: as many as the local engine heeds (`MAX_KEYWORDS`)."""


def spoken_of(timers: Timers, alarms: Alarms, lists: Lists) -> tuple[str, ...]:
    """Return the names of timers that run, what is to be reminded of, and the lists with their entries."""
    names = chain(
        (timer.name for timer in timers.running),
        (alarm.text for alarm in alarms.all if alarm.text),
        (text for name, entries in lists.all.items() for text in (name, *entries)),
    )
    return tuple(islice(names, MOST))
