"""What the requests are made to: the daemon's own tools over a simulated device, on a clock that stands."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from device.local.stages import Tool
from device.sample_clock import CLOCK_RATE
from device.skills.alarms.alarms import Alarms
from device.skills.lists.lists import Lists
from device.skills.lists.names import words_of
from device.skills.skill import Device
from device.skills.skills import builtin_tools
from device.skills.timers.names import timer_names
from device.skills.timers.timers import Timers

if TYPE_CHECKING:
    from collections.abc import Iterator

ZONE: Final = "Europe/London"
BEGIN: Final = datetime(2026, 11, 24, 10, 14, tzinfo=ZoneInfo(ZONE))
"""When each conversation begins: a Tuesday morning."""
VOLUME: Final = 40
"""Percent, at the beginning."""


class Household:
    """A device with its tools, which calls timers and lists as they are called in `language`."""

    def __init__(self, language: str = "en") -> None:
        self.volume = VOLUME
        self.muted = False
        self._passed_s = 0.0
        self._rings = False
        self.timers = Timers(lambda: round(self._passed_s * CLOCK_RATE), timer_names(language))
        self.alarms = Alarms(lambda: self.now().timestamp(), lambda: self._passed_s)
        self.registry = builtin_tools(
            Device(
                timers=self.timers,
                alarms=self.alarms,
                volume=lambda: self.volume,
                set_volume=self._set_volume,
                mute=self._mute,
                stop_ringing=self._stop_ringing,
                clock=self.now,
                lists=Lists(words_of(language)),
                keep_days=7,
                forget=lambda _: 1,
            )
        )
        self.tools = [Tool(spec.name, spec.description, spec.parameters) for spec in self.registry.specs()]

    def now(self) -> datetime:
        """Return the time that it is."""
        return BEGIN + timedelta(seconds=self._passed_s)

    def wait(self, seconds: float) -> None:
        """Let time pass; what is due then rings."""
        self._passed_s += seconds
        timers, alarms = self.timers.due(self.timers.now), self.alarms.due()
        self._rings = self._rings or bool(timers or alarms)

    @property
    def left_s(self) -> tuple[int, ...]:
        """What is left of each timer, in seconds."""
        return tuple(self.timers.remaining_s(timer) for timer in self.timers.running)

    def _stop_ringing(self) -> bool:
        rang, self._rings = self._rings, False
        return rang

    def _set_volume(self, percent: int) -> None:
        self.volume = percent

    def _mute(self) -> None:
        self.muted = True


@contextmanager
def its_zone() -> Iterator[None]:
    """Have this process live in its zone."""
    before = os.environ.get("TZ")
    os.environ["TZ"] = ZONE
    try:
        yield
    finally:
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
