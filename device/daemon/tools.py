"""The built-in tools, each at the part of the daemon that it acts on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.skills.skill import Device
from device.skills.skills import builtin_tools
from device.system.wall_clock import local_time

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from device.audio.loudspeaker import Loudspeaker
    from device.daemon.mute import MuteSwitch
    from device.daemon.sounds import Ringer
    from device.skills.alarms.alarms import Alarms
    from device.skills.lists.lists import Lists
    from device.skills.places.spot import Spot
    from device.skills.timers.timers import Timers
    from device.tools.registry import Registry


def device_tools(
    timers: Timers,
    alarms: Alarms,
    playout: Loudspeaker,
    mute: MuteSwitch,
    ringer: Ringer,
    *,
    lists: Lists,
    keep_days: int = 0,
    spot: Spot | None = None,
    forget: Callable[[datetime | None], int] = lambda _: 0,
) -> Registry:
    """Return the built-in tools: they set timers and alarms, end the ringing, keep lists, change the volume, and so on.

    Transcripts are kept for `keep_days`; `forget` deletes those since a time, or all, and returns how many.
    `spot` is where the device is.
    """

    def set_volume(percent: int) -> None:
        playout.volume = percent / 100

    return builtin_tools(
        Device(
            timers=timers,
            alarms=alarms,
            volume=lambda: round(playout.volume * 100),
            set_volume=set_volume,
            mute=lambda: mute.want(on=True),
            stop_ringing=ringer.stop,
            clock=lambda: local_time(alarms.now),
            lists=lists,
            keep_days=keep_days,
            spot=spot,
            forget=forget,
        )
    )
