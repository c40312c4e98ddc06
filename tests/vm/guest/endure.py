"""Hours of conversation in real time: questions, interruptions, mutes; and what the services hold after each."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from checks import Checks, Failed, must, until
from machine import DAEMON, ENGINE, STATE, install, pid, shown
from sound import sound
from talk import Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

HOURS = float(Path("/share/hours").read_text())
WARM_S = min(900.0, HOURS * 900)
"""What the ring buffers and caches take to fill is no growth."""
GROWTH_MB = 8.0
FAILURES = 0.02


def held(unit: str) -> tuple[float, int, int]:
    """Return what a service holds: MB of memory that is its own, threads, files."""
    process = Path(f"/proc/{pid(unit)}")
    lines = dict(line.split(":", 1) for line in (process / "smaps_rollup").read_text().splitlines()[1:])
    own = sum(int(lines[key].split()[0]) for key in ("Private_Clean", "Private_Dirty")) / 1000
    return own, len(list((process / "task").iterdir())), len(list((process / "fd").iterdir()))


class Hours:
    """The visitor's day."""

    def __init__(self) -> None:
        self.visitor = Visitor()
        self.done = 0
        self.failed: list[str] = []
        self.held: dict[str, list[tuple[float, float, int, int]]] = {DAEMON: [], ENGINE: []}

    def talk(self) -> str:
        """Do one thing after the other until the time is over."""
        acts: tuple[Callable[[], object], ...] = (
            self.visitor.asks,
            self.visitor.interrupts_by_voice,
            self.visitor.asks,
            self.visitor.presses,
            self._mutes,
        )
        processes = pid(DAEMON), pid(ENGINE)
        began = time.monotonic()
        while (now := time.monotonic() - began) < HOURS * 3600:
            try:
                acts[self.done % len(acts)]()
                self.visitor.asleep()
            except Failed as failed:
                self.failed.append(f"after {now:.0f} s: {failed}")
            self.done += 1
            time.sleep(3)  # what a conversation needed goes
            self.visitor.ear.blocks[:-500] = []
            self.visitor.log.lines[:-500] = []
            for unit, found in self.held.items():
                found.append((now, *held(unit)))
        must((pid(DAEMON), pid(ENGINE)) == processes, "a service was started anew")
        must(len(self.failed) <= FAILURES * self.done, f"{len(self.failed)} of {self.done}: {self.failed[:5]}")
        return f"{self.done} conversations, of which {len(self.failed)} went wrong {self.failed[:3]}"

    def grown(self, unit: str) -> str:
        """Compare what a service held at least and at most when it was warm with what it does at the end."""
        found = [one for one in self.held[unit] if one[0] >= WARM_S]
        third = len(found) // 3
        must(third, "too short to tell")
        before, after = zip(*found[:third], strict=True), zip(*found[-third:], strict=True)
        # A model that is needed in conversations only comes and goes: the floor and the ceiling, not what is between.
        (_, *was), (_, *now) = ([(min(values), max(values)) for values in part] for part in (before, after))
        names = ("MB", "threads", "files")
        told = "; ".join(
            f"{name} {low:.4g} to {high:.4g}, then {low_now:.4g} to {high_now:.4g}"
            for name, (low, high), (low_now, high_now) in zip(names, was, now, strict=True)
        )
        for (low, high), (low_now, high_now), more in zip(was, now, (GROWTH_MB, 0, 0), strict=True):
            must(low_now <= low + more and high_now <= high + more, told)
        return told

    def _mutes(self) -> None:
        for on in (True, False):
            os.kill(pid(DAEMON), signal.SIGUSR2)
            until(lambda on=on: (STATE / "muted").exists() is on, 5, "the note that it is muted, or no longer")  # type: ignore[misc]
            if on:
                self.visitor.is_not_heard()


def main() -> None:
    """Make the checks."""
    checks = Checks(Path("/share/out/results"))
    sound()
    install()
    must(shown(DAEMON, "StatusText").startswith("Listening"), "it does not listen")
    time.sleep(2)
    hours = Hours()
    checks(f"{HOURS:g} hours of conversation", hours.talk)
    for unit in hours.held:
        checks(f"{unit} holds no more than before", lambda unit=unit: hours.grown(unit))  # type: ignore[misc]
    sys.exit(not checks.summary())


main()
