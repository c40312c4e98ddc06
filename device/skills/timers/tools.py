"""The tools that set, list and cancel timers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta

from device.skills.timers.timers import LAST, LONGEST_NAME, LONGEST_S
from device.system.wall_clock import local_time
from device.tools.registry import Arguments, Nothing, Tool, ToolError

if TYPE_CHECKING:
    from device.skills.skill import Device
    from device.skills.timers.timers import Timer


class SetTimer(Arguments, frozen=True):
    """Arguments of set_timer."""

    seconds: Annotated[int, Meta(ge=1, le=LONGEST_S, description="Length in seconds.")]
    name: Annotated[str | None, Meta(description="What the user calls it, e.g. pasta; leave out if not named.")] = None


class CancelTimer(Arguments, frozen=True):
    """Arguments of cancel_timer."""

    name: Annotated[
        str | None, Meta(description="Its name, its length or last; leave out for the one that rings, or the only one.")
    ] = None
    all: Annotated[bool, Meta(description="true: every timer.")] = False


class ChangeTimer(Arguments, frozen=True):
    """Arguments of change_timer."""

    name: Annotated[str | None, Meta(description="Its name, its length or last; leave out if there is only one.")] = (
        None
    )
    add_seconds: (
        Annotated[int, Meta(ge=-LONGEST_S, le=LONGEST_S, description="To add to it; negative: to take off.")] | None
    ) = None
    seconds: (
        Annotated[int, Meta(ge=1, le=LONGEST_S, description="The length it should have been set for instead.")] | None
    ) = None
    pause: Annotated[bool | None, Meta(description="true: let it stand still; false: let it run on.")] = None
    new_name: str | None = None


class _Handlers:
    """What the tools do."""

    def __init__(self, device: Device) -> None:
        self._device = device
        self._timers = device.timers

    async def set_timer(self, arguments: SetTimer) -> Any:
        """Start a timer."""
        try:
            timer = self._timers.add(arguments.seconds, arguments.name or "")
        except ValueError as fault:
            raise ToolError(str(fault)) from fault
        rings_at = local_time(self._device.clock().timestamp() + timer.seconds)
        return {"name": timer.name, "seconds": timer.seconds, "rings_at": rings_at.strftime("%H:%M")}

    async def list_timers(self, _: Nothing) -> Any:
        """List the timers."""
        last = self._timers.find(self._timers.running, LAST) if len(self._timers.running) > 1 else []
        return {
            "timers": [
                self._told(timer) | ({"set_last": True} if timer in last else {}) for timer in self._timers.running
            ]
        }

    def _told(self, timer: Timer) -> dict[str, Any]:
        paused = {} if timer.paused is None else {"paused": True}
        return {"name": timer.name, "remaining_seconds": self._timers.remaining_s(timer), **paused}

    async def cancel_timer(self, arguments: CancelTimer) -> Any:
        """Cancel what is meant, or stop what rings."""
        name = arguments.name or ""
        if len(name) > LONGEST_NAME:
            raise ToolError(f"no timer's name has more than {LONGEST_NAME} characters")
        # Who says "stop the timer" means the one that rings, if one does.
        ringing = self._timers.find(self._timers.rung, name)
        stopped = ringing if ringing and self._device.stop_ringing() else []
        running = self._timers.running
        if not (name or stopped or arguments.all) and len(running) > 1:
            return {"which": [timer.name for timer in running]}
        cancelled = stopped if stopped and not arguments.all else [*stopped, *self._timers.cancel(name)]
        if name and not cancelled:
            raise ToolError(self._unknown(name))
        return {"cancelled": [timer.name for timer in cancelled]}

    def _unknown(self, name: str) -> str:
        running = ", ".join(timer.name for timer in self._timers.running)
        return f"no timer is called {name}; " + (f"these run: {running}" if running else "none runs")

    async def change_timer(self, arguments: ChangeTimer) -> Any:
        """Change a timer, or several."""
        given = (arguments.add_seconds, arguments.seconds, arguments.pause, arguments.new_name)
        if sum(value is not None for value in given) != 1:
            raise ToolError("change_timer takes one of add_seconds, seconds, pause and new_name")
        name = arguments.name or ""
        if len(name) > LONGEST_NAME:
            raise ToolError(f"no timer's name has more than {LONGEST_NAME} characters")
        found = self._timers.find(self._timers.running, name)
        if not found:
            if name:
                raise ToolError(self._unknown(name))
            return {"changed": []}
        if len(found) > 1 and arguments.pause is None:
            return {"which": [timer.name for timer in found]}
        try:
            return {"changed": [self._told(self._changed(timer, arguments)) for timer in found]}
        except ValueError as fault:
            raise ToolError(str(fault)) from fault

    def _changed(self, timer: Timer, arguments: ChangeTimer) -> Timer:
        if arguments.add_seconds is not None:
            return self._timers.extend(timer, arguments.add_seconds)
        if arguments.seconds is not None:
            return self._timers.correct(timer, arguments.seconds)
        if arguments.new_name is not None:
            return self._timers.rename(timer, arguments.new_name)
        return self._timers.pause(timer) if arguments.pause else self._timers.go_on(timer)


def timer_tools(device: Device) -> list[Tool]:
    """Return set_timer, list_timers, cancel_timer and change_timer."""
    handlers = _Handlers(device)
    return [
        Tool(
            name="set_timer",
            description="Start a timer, which rings on the device when it runs out.",
            arguments=SetTimer,
            handler=handlers.set_timer,
        ),
        Tool(
            name="list_timers",
            description="List the timers that run, and how long each still takes.",
            arguments=Nothing,
            handler=handlers.list_timers,
        ),
        Tool(
            name="cancel_timer",
            description="Stop the timer that rings, or cancel one that runs, or all. If it returns which, ask the user "
            "which one.",
            arguments=CancelTimer,
            handler=handlers.cancel_timer,
        ),
        Tool(
            name="change_timer",
            description="Add time to a timer that runs, take some off, let it stand still or run on, or rename it. If "
            "it returns which, ask the user which one.",
            arguments=ChangeTimer,
            handler=handlers.change_timer,
        ),
    ]
