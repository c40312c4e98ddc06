"""The lines of the simulated header: pulled from outside, read from outside."""

from __future__ import annotations

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


def duty(pin: int, seconds: float) -> float:
    """Return for what part of a span of time a line was high."""
    seen, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        seen.append(value(pin))
        time.sleep(0.003)
    return sum(seen) / len(seen)
