"""Named checks: each passes, fails, or is left out with a reason; a line each, and a summary."""

from __future__ import annotations

import time
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Failed(Exception):  # noqa: N818 - that is what has happened
    """A check has failed; says how."""


class LeftOut(Exception):  # noqa: N818 - no error at all
    """A check cannot be made here; says why."""


class Checks:
    """What is checked, in order; results go to `out`, a line each, as soon as they are there."""

    def __init__(self, out: Path) -> None:
        self._out = out
        self._failed: list[str] = []
        self._passed = self._left = 0
        self._began = time.monotonic()

    def __call__(self, name: str, check: Callable[[], str | None]) -> bool:
        """Make one; what it returns is said with the result. True if it passed."""
        began = time.monotonic()
        try:
            told = check() or ""
        except LeftOut as reason:
            self._left += 1
            self._say("left", name, str(reason), began)
            return False
        except Failed as how:
            self._failed.append(name)
            self._say("FAIL", name, str(how), began)
            return False
        except Exception:  # noqa: BLE001 - a check that breaks has shown nothing
            self._failed.append(name)
            self._say("FAIL", name, traceback.format_exc(limit=-3).replace("\n", " | "), began)
            return False
        self._passed += 1
        self._say("ok", name, told, began)
        return True

    def summary(self) -> bool:
        """Say how many passed; True if none failed."""
        took = time.monotonic() - self._began
        names = f": {'; '.join(self._failed)}" if self._failed else ""
        self.line(
            f"summary: {self._passed} passed, {len(self._failed)} failed, {self._left} left out, {took:.0f} s{names}"
        )
        return not self._failed

    def line(self, text: str) -> None:
        """Say something."""
        with self._out.open("a") as file:
            file.write(text + "\n")

    def _say(self, result: str, name: str, told: str, began: float) -> None:
        took = time.monotonic() - began
        self.line(f"{result:<5} {name}{': ' if told else ''}{told} ({took:.1f} s)")


def must(condition: object, how: str) -> None:
    """Fail unless `condition` holds."""
    if not condition:
        raise Failed(how)


def until(true: Callable[[], object], within: float, what: str, every: float = 0.05) -> float:
    """Wait until `true`, asking every so many seconds, and return how long that took; fail after `within` seconds."""
    began = time.monotonic()
    while not true():
        if time.monotonic() - began > within:
            raise Failed(f"not within {within:.0f} s: {what}")
        time.sleep(every)
    return time.monotonic() - began
