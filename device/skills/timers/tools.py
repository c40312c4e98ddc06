"""The tools that set, list and cancel timers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from device.skills.timers.timers import LONGEST_NAME, LONGEST_S
from device.system.wall_clock import local_time
from device.tools.registry import Arguments, Nothing, Tool, ToolError

if TYPE_CHECKING:
    from device.skills.skill import Device


class SetTimer(Arguments, frozen=True):
    """Arguments of set_timer."""

    seconds: Annotated[int, Meta(ge=1, le=LONGEST_S, description="Length in seconds.")]
    name: Annotated[str | None, Meta(description="What the user calls it, e.g. pasta; leave out if not named.")] = None


class CancelTimer(Arguments, frozen=True):
    """Arguments of cancel_timer."""

    name: Annotated[str | None, Meta(description="Which timer; leave out for the one that rings, or for all.")] = None


def timer_tools(device: Device) -> list[Tool]:
    """Return set_timer, list_timers and cancel_timer."""
    timers = device.timers

    async def set_timer(arguments: SetTimer) -> Any:
        try:
            timer = timers.add(arguments.seconds, arguments.name or "")
        except ValueError as fault:
            raise ToolError(str(fault)) from fault
        rings_at = local_time(device.clock().timestamp() + timer.seconds)
        return {"name": timer.name, "seconds": timer.seconds, "rings_at": rings_at.strftime("%H:%M")}

    async def list_timers(_: Nothing) -> Any:
        return {"timers": [{"name": t.name, "remaining_seconds": timers.remaining_s(t)} for t in timers.running]}

    async def cancel_timer(arguments: CancelTimer) -> Any:
        name = arguments.name or ""
        if len(name) > LONGEST_NAME:
            raise ToolError(f"no timer's name has more than {LONGEST_NAME} characters")
        running = ", ".join(timer.name for timer in timers.running)
        # Who says "stop the timer" means the one that rings, if one does.
        ringing = timers.find(timers.rung, name)
        cancelled = ringing if ringing and device.stop_ringing() else timers.cancel(name)
        if name and not cancelled:
            raise ToolError(f"no timer is called {name}; " + (f"these run: {running}" if running else "none runs"))
        return {"cancelled": [timer.name for timer in cancelled]}

    return [
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
