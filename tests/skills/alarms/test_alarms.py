import os
import time as clock
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from device.skills.alarms.alarms import LONGEST_TEXT, MISSED_S, MOST, SNOOZABLE_S, Alarm, Alarms, plain
from device.system.wall_clock import local_time

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Santiago"]


class Wall:
    """A clock on the wall that can be set, and one that cannot."""

    def __init__(self, zone, *at):
        self.zone = ZoneInfo(zone)
        self.now = datetime(*at, tzinfo=self.zone).timestamp()
        self.up = 100.0
        self.alarms = Alarms(lambda: self.now, lambda: self.up)

    def pass_by(self, seconds):
        self.now += seconds
        self.up += seconds
        return [(r.alarm.text or "alarm", f"{local_time(self.now):%a %H:%M}") for r in self.alarms.due()]

    def rings(self, hours, step=60):
        """What rings in so many hours, each with its local time."""
        return [rung for _ in range(round(hours * 3600 / step)) for rung in self.pass_by(step)]


@pytest.fixture
def wall(zone):
    zone("Europe/Berlin")
    return Wall("Europe/Berlin", 2026, 11, 22, 14, 5)


def test_one_rings_once_and_the_next_time_it_is_that_late(wall):
    wall.alarms.add(time(7))
    assert wall.rings(72) == [("alarm", "Mon 07:00")]
    assert wall.alarms.all == ()


def test_one_on_weekdays_rings_on_each_of_them(wall):
    wall.alarms.add(time(7), days=range(5), text="run")
    assert [at for _, at in wall.rings(24 * 8)] == [
        f"{day} 07:00" for day in ["Mon", "Tue", "Wed", "Thu", "Fri", "Mon"]
    ]


def test_what_is_said_as_a_span_rings_after_it(wall):
    wall.alarms.add_in(1200, "turn off the oven")
    assert wall.pass_by(1199) == []
    assert wall.pass_by(1) == [("turn off the oven", "Sun 14:25")]


def test_what_is_set_already_is_not_set_twice(wall):
    assert wall.alarms.add(time(7)) == wall.alarms.add(time(7))
    wall.alarms.add(time(7), text="run")
    assert len(wall.alarms.all) == 2


@pytest.mark.parametrize(
    ("set_it", "fault"),
    [
        (lambda a: a.add(time(7), date(2026, 11, 22)), "is over"),
        (lambda a: a.add(time(7), date(1, 1, 1)), "is over"),
        (lambda a: a.add(time(7), date(9999, 12, 31)), "ten years"),
        (lambda a: a.add(time(7), text="a" * 2048), str(LONGEST_TEXT)),
        (lambda a: a.add_in(0), "too far"),
        (lambda a: a.add_in(1e12), "too far"),
    ],
)
def test_what_cannot_be_is_refused(wall, set_it, fault):
    with pytest.raises(ValueError, match=fault):
        set_it(wall.alarms)
    assert wall.alarms.all == ()


def test_there_is_an_end_to_how_many_there_can_be(wall):
    for minute in range(MOST):
        wall.alarms.add(time(7, minute))
    with pytest.raises(ValueError, match=str(MOST)):
        wall.alarms.add(time(8))
    assert len(wall.rings(24)) == MOST


def test_a_text_becomes_one_line_without_control_characters(wall):
    assert wall.alarms.add_in(5, "take\tthe\n\x1b[31mpills\x00").text == "take the [31mpills"
    assert plain("\x00\n") == ""


def test_by_a_clock_that_is_not_set_it_waits_for_the_time(wall):
    wall.now = 60.0
    wall.alarms = Alarms(lambda: wall.now, lambda: wall.up)
    alarm = wall.alarms.add(time(7))
    wall.alarms.add_in(600, "tea")
    assert not wall.alarms.known
    assert wall.alarms.rings_at(alarm) is None
    assert wall.pass_by(86_400) == []
    with pytest.raises(ValueError, match="over"):
        wall.alarms.add(time(7), date(1970, 1, 2))
    wall.now = datetime(2026, 11, 22, 14, 5, tzinfo=wall.zone).timestamp()
    assert [name for name, _ in wall.pass_by(0)] == ["tea"], "it counts by the machine's uptime"
    assert wall.rings(24) == [("alarm", "Mon 07:00")]


def test_a_span_goes_by_the_uptime_if_the_clock_is_set_meanwhile(wall):
    wall.alarms.add_in(600, "tea")
    wall.now += 7200
    assert wall.pass_by(500) == []
    wall.now -= 10_000
    assert wall.pass_by(99) == []
    assert [name for name, _ in wall.pass_by(1)] == ["tea"]


def test_a_time_that_was_said_by_a_wrong_clock_is_the_next_by_the_right_one(wall):
    wall.alarms.add(time(7))
    wall.now += 3 * 86_400
    assert wall.pass_by(0) == []
    assert wall.rings(24) == [("alarm", "Thu 07:00")]


def test_a_clock_that_is_set_back_rings_nothing_twice(wall):
    wall.alarms.add(time(14, 10), days=range(7))
    assert len(wall.rings(0.2)) == 1
    wall.now -= 600
    assert wall.rings(0.5) == []


def test_what_is_long_over_when_it_is_found_was_missed(wall):
    kept = [
        Alarm(1, time=time(7), date=date(2026, 11, 22)),
        Alarm(9, "pills", time(14), date(2026, 11, 22), tuple(range(7))),
    ]
    wall.alarms.resume(kept)
    assert [(r.alarm.text, r.missed) for r in wall.alarms.due()] == [("", True), ("pills", False)]
    assert wall.rings(24) == [("pills", "Mon 14:00")]


def test_snoozing_rings_again_what_rang_last_for_a_while(wall):
    assert wall.alarms.snooze(600) == []
    wall.alarms.add(time(14, 10), text="run")
    wall.rings(0.1)
    (again,) = wall.alarms.snooze(600)
    assert again.text == "run"
    assert wall.alarms.snooze(600) == [], "once"
    assert [name for name, _ in wall.rings(0.2)] == ["run"]
    wall.pass_by(SNOOZABLE_S + 1)
    assert wall.alarms.snooze(600) == []


def test_near_is_what_rings_soon(wall):
    wall.alarms.add(time(14, 30))
    assert not wall.alarms.near(900)
    wall.pass_by(600)
    assert wall.alarms.near(900)


def test_a_zone_that_is_changed_counts_at_once(wall, zone):
    alarm = wall.alarms.add(time(18))
    before = wall.alarms.rings_at(alarm)
    zone("America/New_York")
    assert wall.alarms.rings_at(alarm) == before + 6 * 3600


def test_a_time_that_summer_time_leaves_out_is_later_and_one_that_comes_twice_rings_once(zone):
    zone("Europe/Berlin")
    spring = Wall("Europe/Berlin", 2027, 3, 27, 12)
    spring.alarms.add(time(2, 30), days=range(7))
    assert spring.rings(48) == [("alarm", "Sun 03:30"), ("alarm", "Mon 02:30")]
    autumn = Wall("Europe/Berlin", 2027, 10, 30, 12)
    autumn.alarms.add(time(2, 30), days=range(7))
    assert autumn.rings(48) == [("alarm", "Sun 02:30"), ("alarm", "Mon 02:30")]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)),  # noqa: DTZ001 - local times
    st.times(),
    st.sets(st.integers(0, 6), min_size=1),
)
def test_over_summer_time_it_rings_once_on_each_of_its_days_and_at_its_time_if_there_is_one(name, begin, at, days):
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    try:
        clock.tzset()
        zone, at = ZoneInfo(name), at.replace(second=0, microsecond=0)
        now = begin.replace(tzinfo=zone).timestamp()
        alarms = Alarms(lambda: now, lambda: now)
        alarms.add(at, days=days)
        rung = []
        for _ in range(30):
            now = alarms.rings_at(alarms.all[0])
            assert len(alarms.due()) == 1
            rung.append(local_time(now))
        dates = [moment.date() for moment in rung]
        assert dates == sorted(set(dates))
        assert {day.weekday() for day in dates} == days
        between = (dates[-1] - dates[0]).days
        wanted = [day for n in range(between + 1) if (day := dates[0] + timedelta(n)).weekday() in days]
        assert dates == wanted, "none is left out"
        for moment in rung:
            there = datetime.combine(moment.date(), at, zone)
            exists = datetime.fromtimestamp(there.timestamp(), zone).time() == at
            assert not exists or moment.time() == at
    finally:
        os.environ.pop("TZ") if before is None else os.environ.__setitem__("TZ", before)
        clock.tzset()


def test_what_is_kept_is_read_again():
    alarm = Alarm(3, "pills", time(7, 30), date(2026, 11, 23), (0, 4))
    assert msgspec.json.decode(msgspec.json.encode(alarm), type=Alarm) == alarm
    for broken in ('{"number":1,"days":[7]}', '{"number":1,"time":"25:00"}', '{"number":1,"at":1e300}'):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(broken, type=Alarm)
    assert MISSED_S > 60
