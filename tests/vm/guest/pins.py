"""The lines of the simulated header: pulled from outside, read from outside."""

from __future__ import annotations

import threading
import time
from pathlib import Path


def _line(pin: int) -> Path:
    (chip,) = Path("/sys/devices/platform/gpio-sim.0").glob("gpiochip*")
    return chip / f"sim_gpio{pin}"


def pull(pin: int, *, up: bool) -> None:
    """Pull an input up or down."""
    (_line(pin) / "pull").write_text("pull-up" if up else "pull-down")


def value(pin: int) -> int:
    """Return the level of a line."""
    return int((_line(pin) / "value").read_text())


def press(pin: int = 17, seconds: float = 0.15) -> None:
    """Press a button that closes to ground."""
    pull(pin, up=False)
    time.sleep(seconds)
    pull(pin, up=True)


class Watch:
    """Sees several lines at once, all the time."""

    def __init__(self, *pins: int) -> None:
        self._files = [(_line(pin) / "value").open() for pin in pins]
        self._seen: list[tuple[float, tuple[int, ...]]] = []
        threading.Thread(target=self._look, daemon=True).start()

    def _look(self) -> None:
        while True:
            levels = []
            for file in self._files:
                file.seek(0)
                levels.append(int(file.read()))
            self._seen.append((time.monotonic(), tuple(levels)))
            time.sleep(0.0037)  # and not the period of any PWM

    def shares(self, begin: float, end: float) -> tuple[float, ...]:
        """Return for what part of a span of time, past or to come, each line was high."""
        time.sleep(max(0.0, end - time.monotonic()))
        seen = [levels for at, levels in self._seen if begin <= at < end]
        return tuple(sum(column) / len(seen) for column in zip(*seen, strict=True))

    def next(self, seconds: float) -> tuple[float, ...]:
        """Return the shares from now on, for so long."""
        now = time.monotonic()
        return self.shares(now, now + seconds)
