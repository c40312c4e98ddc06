"""Skills for tests: a device that their tools act on, and a conversation that they answer in."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from device.language.language import load_language
from device.language.phrases import Phrases
from device.sample_clock import CLOCK_RATE
from device.skills.alarms.alarms import Alarms
from device.skills.lists.lists import Lists
from device.skills.lists.names import words_of
from device.skills.skill import Device, Talk
from device.skills.skills import builtin_tools
from device.skills.timers.timers import Timers

SUNDAY = datetime(2026, 11, 22, 14, 5)  # noqa: DTZ001 - the device's own clock


def talk(
    language: str = "en",
    *,
    now: datetime = SUNDAY,
    tools: Iterable[str] = (),
    count: int = 0,
    last: str = "",
    heard: str = "",
) -> Talk:
    """Return a conversation in a language, by a clock that stands still."""
    known = load_language(language)
    phrases = Phrases(known, "Jarvis")
    offered = frozenset(tools)
    return Talk(language=known, phrases=phrases, now=lambda: now, tools=offered, count=count, last=last, heard=heard)


class Machine:
    """What the tools act on."""

    def __init__(self) -> None:
        self.now = 0
        self.time = datetime(2026, 11, 22, 14, 5, 30, tzinfo=UTC)
        self.percent = 50
        self.muted = False
        self.ringing = False
        self.timers = Timers(lambda: self.now)
        self.alarms = Alarms(self.wall, lambda: self.now / CLOCK_RATE)
        self.lists = Lists(words_of("en"))
        self.forgotten: list[datetime | None] = []
        self.device = Device(
            timers=self.timers,
            alarms=self.alarms,
            volume=lambda: self.percent,
            set_volume=lambda percent: setattr(self, "percent", percent),
            mute=lambda: setattr(self, "muted", True),
            stop_ringing=self.stop_ringing,
            clock=lambda: self.time,
            lists=self.lists,
            keep_days=7,
            forget=self.forget,
        )
        self.tools = builtin_tools(self.device)

    def wall(self) -> float:
        return self.time.timestamp()

    def stop_ringing(self) -> bool:
        was, self.ringing = self.ringing, False
        return was

    def forget(self, since: datetime | None) -> int:
        self.forgotten.append(since)
        return 3

    def run(self, seconds: int) -> None:
        self.now += seconds * CLOCK_RATE
        self.time += timedelta(seconds=seconds)
        self.ringing |= bool([*self.timers.due(self.now), *self.alarms.due()])

    async def call(self, name: str, /, **arguments: Any) -> Any:
        return json.loads((await self.tools.call(name, json.dumps(arguments))).output)
