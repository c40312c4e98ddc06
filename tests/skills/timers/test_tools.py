from datetime import UTC, datetime

import pytest
from support.skills import Machine


@pytest.fixture
def device():
    return Machine()


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
            {"name": "tea", "remaining_seconds": 40, "set_last": True},
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
    assert await device.call("cancel_timer", all=True) == {"cancelled": ["one minute timer", "three minute timer"]}
    assert await device.call("cancel_timer") == {"cancelled": []}


@pytest.mark.parametrize("has_rung", [False, True])
async def test_none_of_several_timers_is_cancelled_that_is_not_named(device, has_rung):
    for seconds in (60, 120, 180):
        await device.call("set_timer", seconds=seconds)
    if has_rung:
        device.run(60)
        await device.call("cancel_timer")
    running = [timer.name for timer in device.timers.running]
    assert await device.call("cancel_timer") == {"which": running}
    assert [timer.name for timer in device.timers.running] == running


async def test_all_timers_are_cancelled_with_the_one_that_rings(device):
    for seconds in (60, 120, 180):
        await device.call("set_timer", seconds=seconds)
    device.run(60)
    cancelled = ["one minute timer", "two minute timer", "three minute timer"]
    assert await device.call("cancel_timer", all=True) == {"cancelled": cancelled}
    assert not device.ringing


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


async def test_a_timer_is_changed_by_its_name_its_length_or_as_the_last_one(device):
    await device.call("set_timer", seconds=300)
    assert (await device.call("change_timer", add_seconds=60))["changed"][0]["remaining_seconds"] == 360
    await device.call("set_timer", seconds=600, name="roast")
    assert (await device.call("change_timer", add_seconds=60)) == {"which": ["five minute timer", "roast"]}
    changed = (await device.call("change_timer", name="last", add_seconds=-60))["changed"]
    assert changed == [{"name": "roast", "remaining_seconds": 540}]
    assert (await device.call("change_timer", name="5 minutes", new_name="pasta"))["changed"][0]["name"] == "pasta"
    corrected = (await device.call("change_timer", name="roast", seconds=900))["changed"]
    assert corrected == [{"name": "roast", "remaining_seconds": 840}]
    paused = (await device.call("change_timer", pause=True))["changed"]
    assert [timer["paused"] for timer in paused] == [True, True]
    device.run(1000)
    assert not device.ringing
    assert (await device.call("change_timer", name="pasta", pause=False))["changed"] == [
        {"name": "pasta", "remaining_seconds": 360}
    ]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"name": "tea"}, "one of"),
        ({"add_seconds": 5, "pause": True}, "one of"),
        ({"name": "tea", "add_seconds": 5}, "no timer is called tea; these run: five minute timer"),
        ({"add_seconds": -300}, "not so much left"),
        ({"add_seconds": 86_400}, "that long"),
        ({"new_name": " "}, "1 to 60"),
        ({"name": "a" * 61, "pause": True}, "60"),
    ],
)
async def test_a_change_that_cannot_be_is_refused(device, arguments, error):
    await device.call("set_timer", seconds=300)
    assert error in (await device.call("change_timer", **arguments))["error"]
    assert device.timers.remaining_s(device.timers.running[0]) == 300


async def test_without_a_timer_nothing_is_changed(device):
    assert await device.call("change_timer", pause=True) == {"changed": []}
