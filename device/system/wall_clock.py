"""Whether the wall clock can be believed: a Raspberry Pi has none that runs while it is off.

It starts from the time at which it was shut down, or from 1970, and jumps when the network tells the time. What goes
by the wall clock and cannot be undone, as deleting what is old, asks here first.
"""

from __future__ import annotations

import time
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

SYNCHRONISED: Final = Path("/run/systemd/timesync/synchronized")
"""Made by systemd-timesyncd when the network has told it the time, after each start of the machine."""
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")
FIRST: Final = 1_704_067_200.0
"""The beginning of 2024: an earlier time is none."""
LONGEST_GAP_S: Final = 31 * 86_400.0
"""How long nobody may have used the device, for the clock to be believed without the network. A choice: shorter keeps
what is old after a holiday, longer deletes what is not by a clock that is wrong by as much."""
SLACK_S: Final = 86_400.0
"""How far in the future something may have happened: a choice: a clock that was a little fast, or in another zone."""
DOUBT: Final = "The clock may be wrong: nothing of %s is deleted until the network tells the time, or by `%s`."


def local_time(at: float | None = None) -> datetime:
    """Return the time in the device's zone, now or `at` seconds since 1970, when summer time may begin or be over.

    A zone that was changed while the process runs counts at once.
    """
    time.tzset()
    return (datetime.now() if at is None else datetime.fromtimestamp(at)).astimezone()  # noqa: DTZ005, DTZ006


def uptime() -> float:
    """Return the seconds since the machine was started, asleep or awake."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot() -> str:
    """Return what tells this start of the machine from all others; empty if nothing does."""
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""


def synchronised(mark: Path = SYNCHRONISED, now: float | None = None) -> bool:
    """Return whether the network has told the time, and nobody has set the clock to something else since."""
    try:
        since = (time.time() if now is None else now) - mark.stat().st_mtime
    except OSError:
        return False
    # The mark was made after the machine's start, so it cannot be older than that.
    return -60 <= since <= time.clock_gettime(time.CLOCK_BOOTTIME) + 60


def plausible(times: Iterable[float], now: float) -> bool:
    """Return whether `now` can be right, in seconds since 1970, as can be told from when things happened until now.

    Without the network's word, things must have happened again and again until now, without a long gap: such a gap
    may be a jump of the clock. What lies in the future happened while the clock was wrong, and tells nothing.
    """
    if now < FIRST:
        return False
    if synchronised(now=now):
        return True
    happened = sorted(times)
    past = [at for at in happened if at <= now + SLACK_S]
    if not past:
        return not happened
    return all(later - earlier <= LONGEST_GAP_S for earlier, later in pairwise([*past, now]))
