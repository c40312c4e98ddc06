"""What each engine would be sent, were a session opened now: for who looks at a profile before it is in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from device.engines.factory import opening
from device.skills.alarms.alarms import Alarms
from device.skills.lists.lists import Lists
from device.skills.lists.names import words_of
from device.skills.skill import Device
from device.skills.skills import builtin_tools
from device.skills.timers.timers import Timers
from device.system.wall_clock import local_time
from device.tools.profile import profile_tools

if TYPE_CHECKING:
    from device.settings.loading import Loaded
    from device.tools.registry import Registry


def engines(loaded: Loaded) -> list[str]:
    """Return the engines that there are, those that are chosen first."""
    return list(dict.fromkeys((*loaded.settings.engines, "local", *sorted(loaded.settings.engine))))


def payload(loaded: Loaded, engine: str) -> Any:
    """Return the message that asks an engine for a session with these settings, as JSON has it: no secret is in it.

    Raises KeyError for an engine that there is not.
    """
    settings = loaded.settings
    if engine not in engines(loaded):
        raise KeyError(engine)
    tools = _builtin(settings.language).offering(settings.tools, profile_tools(loaded.profile, settings.language))
    return msgspec.json.decode(opening(settings, engine, tools.specs()))


def _builtin(language: str) -> Registry:
    """Return the built-in tools for what they say of themselves; there is no device on which they could act."""
    return builtin_tools(
        Device(
            timers=Timers(lambda: 0),
            alarms=Alarms(),
            volume=lambda: 0,
            set_volume=lambda _: None,
            mute=lambda: None,
            stop_ringing=lambda: False,
            clock=local_time,
            lists=Lists(words_of(language)),
            keep_days=0,
            forget=lambda _: 0,
        )
    )
