import json
from datetime import UTC, datetime

import pytest

from device.sample_clock import CLOCK_RATE
from device.tools.builtin import builtin_tools
from device.tools.timers import Timers


class Device:
    """What the tools act on."""

    def __init__(self):
        self.now = 0
        self.time = datetime(2026, 11, 22, 14, 5, 30, tzinfo=UTC)
        self.percent = 50
        self.muted = False
        self.ringing = False
        self.timers = Timers(lambda: self.now)
        self.tools = builtin_tools(
            timers=self.timers,
            volume=lambda: self.percent,
            set_volume=lambda percent: setattr(self, "percent", percent),
            mute=lambda: setattr(self, "muted", True),
            stop_ringing=self.stop_ringing,
            clock=lambda: self.time,
        )

    def stop_ringing(self):
        was, self.ringing = self.ringing, False
        return was

    def run(self, seconds):
        self.now += seconds * CLOCK_RATE
        self.ringing |= bool(self.timers.due(self.now))

    async def call(self, name, /, **arguments):
        return json.loads((await self.tools.call(name, json.dumps(arguments))).output)


@pytest.fixture
def device():
    return Device()


async def test_time(device):
    assert await device.call("get_time") == {"time": "14:05", "date": "2026-11-22", "weekday": "Sunday"}


async def test_the_local_time_is_the_default():
    tools = builtin_tools(
        timers=Timers(lambda: 0), volume=lambda: 0, set_volume=print, mute=print, stop_ringing=lambda: False
    )
    before = datetime.now().astimezone()
    told = json.loads((await tools.call("get_time", "{}")).output)
    after = datetime.now().astimezone()
    assert before.strftime("%Y-%m-%d %H:%M") <= f"{told['date']} {told['time']}" <= after.strftime("%Y-%m-%d %H:%M")


async def test_timers_are_set_and_listed(device):
    assert await device.call("set_timer", seconds=300) == {
        "name": "five minute timer",
        "seconds": 300,
        "rings_at": "14:10",
    }
    assert (await device.call("set_timer", seconds=60, name="tea"))["name"] == "tea"
    device.run(20)
    assert await device.call("list_timers") == {
        "timers": [
            {"name": "tea", "remaining_seconds": 40},
            {"name": "five minute timer", "remaining_seconds": 280},
        ]
    }


async def test_a_timer_beyond_the_change_of_summer_time_tells_the_hour_at_which_it_rings(device, zone):
    zone("Europe/Berlin")
    device.time = datetime(2027, 3, 28, 0, 30, tzinfo=UTC)  # half past one; at two it will be three
    assert (await device.call("set_timer", seconds=3600))["rings_at"] == "03:30"
    device.time = datetime(2027, 10, 31, 0, 30, tzinfo=UTC)  # half past two, for the first time
    assert (await device.call("set_timer", seconds=3600))["rings_at"] == "02:30"


async def test_timers_are_cancelled_by_name_or_all(device):
    for seconds in (60, 120, 180):
        await device.call("set_timer", seconds=seconds)
    assert await device.call("cancel_timer", name="2 minutes") == {"cancelled": ["two minute timer"]}
    assert await device.call("cancel_timer", name=None) == {"cancelled": ["one minute timer", "three minute timer"]}
    assert await device.call("cancel_timer") == {"cancelled": []}


async def test_cancelling_stops_the_one_that_rings_and_no_other(device):
    await device.call("set_timer", seconds=60, name="tea")
    await device.call("set_timer", seconds=120, name="egg")
    device.run(60)
    assert device.ringing
    assert await device.call("cancel_timer") == {"cancelled": ["tea"]}
    assert not device.ringing
    assert [timer.name for timer in device.timers.running] == ["egg"]
    device.run(60)
    assert await device.call("cancel_timer", name="the egg timer") == {"cancelled": ["egg"]}
    assert not device.ringing


async def test_another_timer_is_cancelled_while_one_rings(device):
    await device.call("set_timer", seconds=60, name="tea")
    await device.call("set_timer", seconds=120, name="egg")
    device.run(60)
    assert await device.call("cancel_timer", name="egg") == {"cancelled": ["egg"]}
    assert device.ringing


async def test_a_wrong_name_is_told_with_the_right_ones(device):
    assert "none runs" in (await device.call("cancel_timer", name="tea"))["error"]
    await device.call("set_timer", seconds=60, name="egg")
    assert (await device.call("cancel_timer", name="tea"))["error"] == "no timer is called tea; these run: egg"


@pytest.mark.parametrize("seconds", [0, -5, 86_401, 1.5, "300", None])
async def test_a_timer_of_impossible_length_is_refused(device, seconds):
    assert "$.seconds" in (await device.call("set_timer", seconds=seconds))["error"]
    assert device.timers.running == ()


async def test_too_many_timers_are_refused(device):
    for _ in range(50):
        await device.call("set_timer", seconds=60)
    assert "50 timers" in (await device.call("set_timer", seconds=60))["error"]


@pytest.mark.parametrize(
    ("arguments", "percent"),
    [({"percent": 0}, 0), ({"percent": 100}, 100), ({"change": 15}, 65), ({"change": -80}, 0), ({"change": 100}, 100)],
)
async def test_volume(device, arguments, percent):
    assert await device.call("set_volume", **arguments) == {"percent": percent}
    assert device.percent == percent


@pytest.mark.parametrize("arguments", [{}, {"percent": 10, "change": 5}, {"percent": 101}, {"change": -101}])
async def test_a_volume_that_makes_no_sense_is_refused(device, arguments):
    assert "error" in await device.call("set_volume", **arguments)
    assert device.percent == 50


async def test_mute_and_sleep(device):
    result = await device.tools.call("mute", "{}")
    assert device.muted
    assert (result.sleep, result.reply) == (False, False)
    result = await device.tools.call("sleep", "")
    assert (result.sleep, result.reply) == (True, False)


def test_every_tool_is_described(device):
    specs = {spec.name: spec for spec in device.tools.specs()}
    assert set(specs) == {"get_time", "set_timer", "list_timers", "cancel_timer", "set_volume", "mute", "sleep"}
    for spec in specs.values():
        assert len(spec.description) > 20
        assert spec.parameters["type"] == "object"
        assert spec.parameters["additionalProperties"] is False
    assert specs["set_timer"].parameters["required"] == ["seconds"]
    assert specs["set_timer"].parameters["properties"]["seconds"]["maximum"] == 86_400


async def test_before_the_clock_is_set_no_time_is_told(device):
    device.time = datetime(1970, 1, 1, 0, 2, tzinfo=UTC)
    assert "does not know the time" in (await device.call("get_time"))["error"]
