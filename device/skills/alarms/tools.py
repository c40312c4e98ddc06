"""The tools that set, list, cancel and snooze alarms and reminders."""

from __future__ import annotations

import re
from datetime import date, time
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from msgspec import Meta

from device.sample_clock import samples
from device.skills.alarms.alarms import LONGEST_TEXT, SNOOZABLE_S, plain
from device.skills.clock.tools import WEEKDAYS
from device.system.wall_clock import local_time
from device.tools.registry import Arguments, Nothing, Tool, ToolError

if TYPE_CHECKING:
    from device.skills.alarms.alarms import Alarm
    from device.skills.skill import Device

DAILY, WORKDAYS, WEEKEND = tuple(range(7)), tuple(range(5)), (5, 6)
_NAMED: Final = {"daily": DAILY, "every day": DAILY, "weekdays": WORKDAYS, "weekends": WEEKEND}
SNOOZE_MINUTES: Final = 10
"""As long as most clocks do."""
_WAITS: Final = "the device does not know the time yet; it rings once the network has told it"

Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local time, 24 hours: 07:30.")]
Day = Annotated[
    str, Meta(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$", description="YYYY-MM-DD; leave out for the next time.")
]
Repeat = Annotated[
    str,
    Meta(max_length=80, description="daily, weekdays, weekends, or days such as monday,friday; leave out for once."),
]


class SetAlarm(Arguments, frozen=True):
    """Arguments of set_alarm."""

    time: Clock
    date: Day | None = None
    repeat: Repeat | None = None
    instead: Annotated[bool, Meta(description="Whether it takes the place of the alarm that is set.")] = False


class SetReminder(Arguments, frozen=True):
    """Arguments of set_reminder."""

    text: Annotated[
        str, Meta(min_length=1, description="What to say then, to the user, e.g. turn off the oven; 300 characters.")
    ]
    in_seconds: Annotated[int, Meta(ge=1, le=31_622_400, description="After so long; or else give time.")] | None = None
    time: Clock | None = None
    date: Day | None = None
    repeat: Repeat | None = None


class CancelAlarm(Arguments, frozen=True):
    """Arguments of cancel_alarm."""

    kind: Annotated[Literal["alarm", "reminder"], Meta(description="Leave out for both.")] | None = None
    time: Clock | None = None
    text: Annotated[str, Meta(max_length=LONGEST_TEXT, description="Some of what the reminder is about.")] | None = None
    all: Annotated[bool, Meta(description="Whether all of them, if there are several.")] = False


class Snooze(Arguments, frozen=True):
    """Arguments of snooze."""

    minutes: Annotated[int, Meta(ge=1, le=180)] = SNOOZE_MINUTES


class _Handlers:
    """What the tools do."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._alarms = device.alarms

    def _told(self, alarm: Alarm) -> dict[str, Any]:
        """Return an alarm as engines are told of it."""
        at = self._alarms.rings_at(alarm)
        then = None if at is None else local_time(at)
        clock = alarm.time or (then and then.time())
        return {
            "kind": alarm.kind,
            **({"text": alarm.text} if alarm.text else {}),
            "time": f"{clock:%H:%M}",
            **({"date": then.date().isoformat(), "weekday": WEEKDAYS[then.weekday()]} if then else {}),
            **({"repeat": repeat_of(alarm.days)} if alarm.days else {}),
            **({} if self._alarms.known else {"waits": _WAITS}),
        }

    def _add(self, at: str, day: str | None, repeat: str | None, text: str = "") -> Any:
        try:
            on = date.fromisoformat(day) if day else None
        except ValueError:
            raise ToolError(f"there is no such date: {day}") from None
        try:
            return self._told(self._alarms.add(time.fromisoformat(at), on, days_of(repeat or ""), text))
        except (ValueError, OverflowError) as fault:
            raise ToolError(str(fault)) from fault

    async def set_alarm(self, arguments: SetAlarm) -> Any:
        """Set an alarm."""
        before = [alarm for alarm in self._alarms.all if alarm.kind == "alarm"] if arguments.instead else []
        if len(before) > 1:
            return {"which": [self._told(alarm) for alarm in before]}
        told = self._add(arguments.time, arguments.date, arguments.repeat)
        self._alarms.cancel(before)
        return told

    async def set_reminder(self, arguments: SetReminder) -> Any:
        """Set a reminder."""
        if not plain(arguments.text):
            raise ToolError("set_reminder needs a text to say")
        if (arguments.in_seconds is None) == (arguments.time is None):
            raise ToolError("set_reminder takes either in_seconds or time")
        if arguments.time is not None:
            return self._add(arguments.time, arguments.date, arguments.repeat, arguments.text)
        try:
            reminder = self._alarms.add_in(arguments.in_seconds or 0, arguments.text)
            return self._told(reminder) | {"in_seconds": arguments.in_seconds}
        except ValueError as fault:
            raise ToolError(str(fault)) from fault

    async def list_alarms(self, _: Nothing) -> Any:
        """List what is set."""
        return {"alarms": [self._told(alarm) for alarm in self._alarms.all]}

    async def cancel_alarm(self, arguments: CancelAlarm) -> Any:
        """Cancel what is meant, or stop what rings."""
        kind, at, text = arguments.kind, arguments.time, arguments.text or ""
        if not (at or text or arguments.all) and self._alarms.rung and self._device.stop_ringing():
            return {"cancelled": [self._told_rung(rung.alarm) for rung in self._alarms.rung]}
        of_kind = _about([alarm for alarm in self._alarms.all if kind in {None, alarm.kind}], text)
        found = [alarm for alarm in of_kind if _at(self._told(alarm)["time"], at)]
        exactly = [alarm for alarm in found if self._told(alarm)["time"] == at]
        found = exactly or found
        if not found and kind != "reminder" and not (at or text):
            # Who says "alarm" may have set a timer.
            return {"cancelled": [{"kind": "timer", "name": timer.name} for timer in self._device.timers.cancel()]}
        if len(found) > 1 and not (arguments.all or at):
            return {"which": [self._told(alarm) for alarm in found]}
        cancelled = [self._told(alarm) for alarm in found]
        self._alarms.cancel(found)
        return {"cancelled": cancelled}

    @staticmethod
    def _told_rung(alarm: Alarm) -> dict[str, Any]:
        return {"kind": alarm.kind, **({"text": alarm.text} if alarm.text else {})}

    async def snooze(self, arguments: Snooze) -> Any:
        """Let what rang last ring again."""
        self._device.stop_ringing()
        seconds = arguments.minutes * 60
        try:
            if again := self._alarms.snooze(seconds):
                return {"snoozed": [self._told(alarm) for alarm in again], "minutes": arguments.minutes}
            timers = self._device.timers
            recent = [timer for timer in timers.rung if timers.now - timer.ends < samples(round(SNOOZABLE_S * 1000))]
            timers.rung = ()
            if not recent and len(timers.running) == 1:
                # Who says "ten more minutes" before it rings means the timer.
                timer = timers.extend(timers.running[0], seconds)
                return {"snoozed": [], "extended": timer.name, "remaining_seconds": timers.remaining_s(timer)}
            names = [timers.add(seconds, timer.name).name for timer in recent]
        except ValueError as fault:
            raise ToolError(str(fault)) from fault
        return {"snoozed": [{"kind": "timer", "name": name} for name in names], "minutes": arguments.minutes}


def alarm_tools(device: Device) -> list[Tool]:
    """Return set_alarm, set_reminder, list_alarms, cancel_alarm and snooze."""
    handlers = _Handlers(device)
    return [
        Tool(
            name="set_alarm",
            description="Set an alarm for a time of day, which rings on the device: the next such time, on a date, or "
            "again and again.",
            arguments=SetAlarm,
            handler=handlers.set_alarm,
        ),
        Tool(
            name="set_reminder",
            description="Remind the user of something: the device rings and says the text by itself, at a time of day "
            "or after some seconds.",
            arguments=SetReminder,
            handler=handlers.set_reminder,
        ),
        Tool(
            name="list_alarms",
            description="List the alarms and reminders that are set, the next first.",
            arguments=Nothing,
            handler=handlers.list_alarms,
        ),
        Tool(
            name="cancel_alarm",
            description="Stop the alarm that rings, or cancel alarms and reminders. If it returns which, ask the user "
            "which one.",
            arguments=CancelAlarm,
            handler=handlers.cancel_alarm,
        ),
        Tool(
            name="snooze",
            description="Let what rang last, an alarm, a reminder or a timer, ring again after some minutes.",
            arguments=Snooze,
            handler=handlers.snooze,
        ),
    ]


def days_of(repeat: str) -> tuple[int, ...]:
    """Return the days of the week, 0 being Monday, for `daily` or `monday,friday`. Raises ToolError."""
    said = repeat.strip().lower()
    if said in _NAMED:
        return _NAMED[said]
    names = [name for name in re.split(r"[\s,;]+", said) if name and name not in {"every", "and", "once"}]
    days = [next((n for n, day in enumerate(WEEKDAYS) if _is_day(name, day)), None) for name in names]
    if None in days:
        raise ToolError("repeat is daily, weekdays, weekends, or days such as monday,friday")
    return tuple(sorted({day for day in days if day is not None}))


def repeat_of(days: tuple[int, ...]) -> str:
    """Return the same the other way round."""
    named = {value: name for name, value in reversed(_NAMED.items())}
    return named.get(days) or ",".join(WEEKDAYS[day].lower() for day in days)


def _is_day(name: str, day: str) -> bool:
    return len(name) >= 2 and day.lower().startswith(name.removesuffix("s") if len(name) > 4 else name)


def _about(alarms: list[Alarm], text: str) -> list[Alarm]:
    """Return those that somebody calls `text`: all of its words are in them, or, of one alone, more than half."""
    said = set(re.findall(r"\w+", text.lower()))
    shared = [(alarm, len(said.intersection(re.findall(r"\w+", alarm.text.lower())))) for alarm in alarms]
    if whole := [alarm for alarm, count in shared if count == len(said)]:
        return whole
    like = [alarm for alarm, count in shared if 2 * count > len(said)]  # "fed the cat" of "feed the cat"
    return like if len(like) == 1 else []


def _at(time_of_day: str, said: str | None) -> bool:
    """Return whether it is at that time, or twelve hours from it: who cancels seldom says whether in the evening."""
    if said is None:
        return True
    (hour, minute), (other, other_minute) = (map(int, at.split(":")) for at in (time_of_day, said))
    return minute == other_minute and (hour - other) % 12 == 0
