"""The built-in tools, called as a model calls them, act on the parts of the daemon."""

from types import SimpleNamespace

import pytest
from msgspec import json

from device.audio.playout import Playout
from device.daemon.mute import MuteSwitch
from device.daemon.tools import device_tools
from device.skills.alarms.alarms import Alarms
from device.skills.lists.lists import Lists
from device.skills.lists.names import words_of
from device.skills.timers.timers import Timers


class Device:
    def __init__(self):
        self.muted, self.stops = [], []
        self.now = 0
        self.timers = Timers(lambda: self.now)
        self.playout = Playout(16_000, volume=0.5)
        ringer = SimpleNamespace(stop=lambda: self.stops.append(True) or True)
        self.lists, self.forgotten = Lists(words_of("en")), []
        self.tools = device_tools(
            self.timers,
            Alarms(),
            self.playout,
            MuteSwitch(self.muted.append),
            ringer,
            lists=self.lists,
            keep_days=3,
            forget=lambda since: self.forgotten.append(since) or 2,
        )

    async def call(self, name, **arguments):
        return json.decode((await self.tools.call(name, json.encode(arguments).decode())).output)


@pytest.fixture
def device():
    return Device()


@pytest.mark.parametrize(
    ("arguments", "percent"), [({"percent": 80}, 80), ({"change": -20}, 30), ({"change": 90}, 100)]
)
async def test_the_volume_is_the_playouts_in_percent(device, arguments, percent):
    assert await device.call("set_volume", **arguments) == {"percent": percent}
    assert device.playout.volume == pytest.approx(percent / 100)


async def test_to_mute_is_the_users_wish(device):
    assert await device.call("mute") == {"muted": True}
    await device.call("mute")
    assert device.muted == [True]


async def test_to_cancel_a_timer_that_rings_ends_the_ringing(device):
    await device.call("set_timer", seconds=1)
    device.now = 16_000
    device.timers.due(device.now)
    assert await device.call("cancel_timer") == {"cancelled": ["one second timer"]}
    assert device.stops == [True]


async def test_lists_are_the_daemons(device):
    await device.call("add_to_list", items=["milk"])
    assert device.lists.read("shopping") == ("milk",)


async def test_what_is_deleted_are_transcripts(device):
    assert await device.call("get_privacy") == {"transcripts_kept_days": 3, "sound_kept": False}
    assert (await device.call("delete_transcripts", which="all"))["conversations_deleted"] == 2
    assert device.forgotten == [None]
