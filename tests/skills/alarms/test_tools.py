import pytest
from support.skills import Machine

from device.skills.alarms.tools import days_of, repeat_of
from device.tools.registry import ToolError


@pytest.fixture
def device(zone):
    zone("UTC")
    return Machine()


async def test_alarms_are_set_and_listed_with_the_next_first(device):
    assert await device.call("set_alarm", time="07:00", repeat="weekdays") == {
        "kind": "alarm",
        "time": "07:00",
        "date": "2026-11-23",
        "weekday": "Monday",
        "repeat": "weekdays",
    }
    assert (await device.call("set_alarm", time="18:00"))["date"] == "2026-11-22"
    listed = (await device.call("list_alarms"))["alarms"]
    assert [alarm["time"] for alarm in listed] == ["18:00", "07:00"]


async def test_an_alarm_takes_the_place_of_another_if_there_is_one_only(device):
    await device.call("set_reminder", text="tea", time="16:00")
    assert (await device.call("set_alarm", time="07:00", instead=True))["time"] == "07:00"
    assert (await device.call("set_alarm", time="06:30", instead=True))["time"] == "06:30"
    assert [told["time"] for told in (await device.call("list_alarms"))["alarms"]] == ["16:00", "06:30"]
    assert "error" in await device.call("set_alarm", time="06:30", date="2026-11-21", instead=True)
    await device.call("set_alarm", time="08:00")
    assert [told["time"] for told in (await device.call("set_alarm", time="09:00", instead=True))["which"]] == [
        "06:30",
        "08:00",
    ]


async def test_reminders_are_set_for_a_time_or_after_seconds(device):
    assert (await device.call("set_reminder", text="call home", time="12:00", date="2026-12-24"))[
        "weekday"
    ] == "Thursday"
    told = await device.call("set_reminder", text=" turn off\nthe oven ", in_seconds=1200)
    assert told == {
        "kind": "reminder",
        "text": "turn off the oven",
        "time": "14:25",
        "date": "2026-11-22",
        "weekday": "Sunday",
        "in_seconds": 1200,
    }
    device.run(1200)
    assert device.ringing


@pytest.mark.parametrize(
    ("tool", "arguments", "error"),
    [
        ("set_alarm", {"time": "25:00"}, "time"),
        ("set_alarm", {"time": "07:00", "date": "2027-02-31"}, "no such date: 2027-02-31"),
        ("set_alarm", {"time": "07:00", "date": "2026-11-21"}, "over"),
        ("set_alarm", {"time": "07:00", "date": "9999-12-31"}, "ten years"),
        ("set_alarm", {"time": "07:00", "repeat": "fortnightly"}, "repeat is daily"),
        ("set_reminder", {"text": "\x00\n", "time": "07:00"}, "text"),
        ("set_reminder", {"text": "a" * 2048, "time": "07:00"}, "300"),
        ("set_reminder", {"text": "tea"}, "either"),
        ("set_reminder", {"text": "tea", "time": "07:00", "in_seconds": 5}, "either"),
        ("snooze", {"minutes": 0}, "minutes"),
    ],
)
async def test_what_cannot_be_is_refused_with_the_reason(device, tool, arguments, error):
    assert error in (await device.call(tool, **arguments))["error"]
    assert device.alarms.all == ()


async def test_a_clock_that_is_not_set_is_told(device):
    device.time = device.time.replace(year=1970)
    told = await device.call("set_alarm", time="07:00")
    assert "does not know the time" in told["waits"]
    assert "date" not in told


async def test_one_is_cancelled_by_its_time_which_may_be_of_either_half_of_the_day(device):
    await device.call("set_alarm", time="07:00")
    await device.call("set_alarm", time="08:00")
    assert [a["time"] for a in (await device.call("cancel_alarm", time="19:00"))["cancelled"]] == ["07:00"]
    assert (await device.call("cancel_alarm", time="19:00")) == {"cancelled": []}
    assert [a["time"] for a in (await device.call("cancel_alarm"))["cancelled"]] == ["08:00"]


async def test_which_is_asked_where_several_may_be_meant(device):
    await device.call("set_alarm", time="07:00")
    await device.call("set_alarm", time="08:00")
    await device.call("set_reminder", text="take the pills", time="09:00")
    assert len((await device.call("cancel_alarm", kind="alarm"))["which"]) == 2
    assert len(device.alarms.all) == 3
    assert (await device.call("cancel_alarm", text="the pills"))["cancelled"][0]["kind"] == "reminder"
    assert len((await device.call("cancel_alarm", all=True))["cancelled"]) == 2


async def test_a_reminder_may_be_called_by_most_of_its_words_if_it_is_the_only_one(device):
    await device.call("set_reminder", text="feed the cat", time="09:00")
    assert await device.call("cancel_alarm", kind="reminder", text="the gym") == {"cancelled": []}
    assert (await device.call("cancel_alarm", kind="reminder", text="fed the cat"))["cancelled"][0][
        "text"
    ] == "feed the cat"
    await device.call("set_reminder", text="feed the cat", time="09:00")
    await device.call("set_reminder", text="brush the cat", time="10:00")
    assert await device.call("cancel_alarm", kind="reminder", text="fed the cat") == {"cancelled": []}


async def test_who_says_alarm_may_mean_the_one_that_rings_or_a_timer(device):
    await device.call("set_reminder", text="tea", in_seconds=60)
    await device.call("set_timer", seconds=600)
    device.run(60)
    assert await device.call("cancel_alarm") == {"cancelled": [{"kind": "reminder", "text": "tea"}]}
    assert not device.ringing
    assert (await device.call("cancel_alarm", kind="alarm"))["cancelled"] == [
        {"kind": "timer", "name": "ten minute timer"}
    ]


async def test_what_rang_last_is_put_off(device):
    assert await device.call("snooze") == {"snoozed": [], "minutes": 10}
    await device.call("set_reminder", text="tea", in_seconds=60)
    device.run(60)
    assert (await device.call("snooze", minutes=5))["snoozed"][0]["time"] == "14:11"
    assert not device.ringing
    device.run(300)
    assert device.ringing


async def test_a_timer_is_put_off_too_and_one_that_runs_gets_more(device):
    await device.call("set_timer", seconds=60, name="tea")
    assert (await device.call("snooze"))["extended"] == "tea"
    device.run(660)
    assert device.ringing
    assert (await device.call("snooze"))["snoozed"] == [{"kind": "timer", "name": "tea"}]
    assert device.timers.remaining_s(device.timers.running[0]) == 600


@pytest.mark.parametrize(
    ("said", "days"),
    [
        ("daily", range(7)),
        ("weekends", (5, 6)),
        ("Monday, Friday", (0, 4)),
        ("mon,wed", (0, 2)),
        ("every Tuesday", (1,)),
        ("", ()),
    ],
)
def test_days_are_read_and_told(said, days):
    assert days_of(said) == tuple(days)
    assert not days or days_of(repeat_of(tuple(days))) == tuple(days)


@pytest.mark.parametrize("said", ["m", "monthly", "1", "none"])
def test_days_that_there_are_not_are_refused(said):
    with pytest.raises(ToolError):
        days_of(said)
