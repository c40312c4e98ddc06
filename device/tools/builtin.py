"""The tools that every Parley has; they act through what the daemon hands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from device.system.wall_clock import FIRST, local_time
from device.tools.registry import Arguments, Registry, Tool, ToolError
from device.tools.timers import LONGEST_NAME, LONGEST_S, find

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from device.tools.timers import Timers


# Not strftime's, which depend on the locale.
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class Nothing(Arguments, frozen=True):
    """No arguments."""


class SetTimer(Arguments, frozen=True):
    """Arguments of set_timer."""

    seconds: Annotated[int, Meta(ge=1, le=LONGEST_S, description="Length in seconds.")]
    name: Annotated[str | None, Meta(description="What the user calls it, e.g. pasta; leave out if not named.")] = None


class CancelTimer(Arguments, frozen=True):
    """Arguments of cancel_timer."""

    name: Annotated[str | None, Meta(description="Which timer; leave out for the one that rings, or for all.")] = None


class SetVolume(Arguments, frozen=True):
    """Arguments of set_volume."""

    percent: Annotated[int, Meta(ge=0, le=100, description="New volume.")] | None = None
    change: Annotated[int, Meta(ge=-100, le=100, description="How much to add to it.")] | None = None


def builtin_tools(
    *,
    timers: Timers,
    volume: Callable[[], int],
    set_volume: Callable[[int], None],
    mute: Callable[[], None],
    stop_ringing: Callable[[], bool],
    clock: Callable[[], datetime] = local_time,
) -> Registry:
    """Return the built-in tools.

    `volume` and `set_volume` are of the loudspeaker in percent, `mute` mutes the microphone, and `stop_ringing` ends
    the ringing of a timer and tells whether there was any.
    """
    return Registry([*_time_tools(timers, stop_ringing, clock), *_device_tools(volume, set_volume, mute)])


def _time_tools(timers: Timers, stop_ringing: Callable[[], bool], clock: Callable[[], datetime]) -> list[Tool]:
    async def get_time(_: Nothing) -> Any:
        now = clock()
        if now.timestamp() < FIRST:
            raise ToolError("the device does not know the time: it has no clock of its own, and no network yet")
        return {"time": now.strftime("%H:%M"), "date": now.date().isoformat(), "weekday": WEEKDAYS[now.weekday()]}

    async def set_timer(arguments: SetTimer) -> Any:
        try:
            timer = timers.add(arguments.seconds, arguments.name or "")
        except ValueError as fault:
            raise ToolError(str(fault)) from fault
        rings_at = local_time(clock().timestamp() + timer.seconds)
        return {"name": timer.name, "seconds": timer.seconds, "rings_at": rings_at.strftime("%H:%M")}

    async def list_timers(_: Nothing) -> Any:
        return {"timers": [{"name": t.name, "remaining_seconds": timers.remaining_s(t)} for t in timers.running]}

    async def cancel_timer(arguments: CancelTimer) -> Any:
        name = arguments.name or ""
        if len(name) > LONGEST_NAME:
            raise ToolError(f"no timer's name has more than {LONGEST_NAME} characters")
        running = ", ".join(timer.name for timer in timers.running)
        # Who says "stop the timer" means the one that rings, if one does.
        ringing = find(timers.rung, name)
        cancelled = ringing if ringing and stop_ringing() else timers.cancel(name)
        if name and not cancelled:
            raise ToolError(f"no timer is called {name}; " + (f"these run: {running}" if running else "none runs"))
        return {"cancelled": [timer.name for timer in cancelled]}

    return [
        Tool(
            name="get_time",
            description="Tell the present local time, date and day of the week.",
            arguments=Nothing,
            handler=get_time,
        ),
        Tool(
            name="set_timer",
            description="Start a timer, which rings on the device when it runs out.",
            arguments=SetTimer,
            handler=set_timer,
        ),
        Tool(
            name="list_timers",
            description="List the timers that run, and how long each still takes.",
            arguments=Nothing,
            handler=list_timers,
        ),
        Tool(
            name="cancel_timer",
            description="Stop the timer that rings, or cancel timers that run.",
            arguments=CancelTimer,
            handler=cancel_timer,
        ),
    ]


def _device_tools(volume: Callable[[], int], set_volume: Callable[[int], None], mute: Callable[[], None]) -> list[Tool]:
    async def change_volume(arguments: SetVolume) -> Any:
        if (arguments.percent is None) == (arguments.change is None):
            raise ToolError("set_volume takes either percent or change")
        wanted = arguments.percent if arguments.percent is not None else volume() + (arguments.change or 0)
        set_volume(min(100, max(0, wanted)))
        return {"percent": volume()}

    async def mute_microphone(_: Nothing) -> Any:
        mute()
        return {"muted": True}

    async def sleep(_: Nothing) -> Any:
        return {"sleeping": True}

    return [
        Tool(
            name="set_volume",
            description="Set the loudspeaker's volume: to percent, or by change (15 for louder, -15 for quieter).",
            arguments=SetVolume,
            handler=change_volume,
        ),
        Tool(
            name="mute",
            description="Mute the microphone until the user holds the button down. Only when the user asks for it.",
            arguments=Nothing,
            handler=mute_microphone,
            reply=False,
        ),
        Tool(
            name="sleep",
            description="End the conversation, when the user says goodbye or wants no more.",
            arguments=Nothing,
            handler=sleep,
            sleep=True,
            reply=False,
        ),
    ]
