from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.skills import SUNDAY, talk

from device.skills.clock import skill
from device.skills.clock.skill import CLOCK, INTENTS, clock_answer
from device.skills.skill import Meaning
from device.system.wall_clock import local_time

TALK = talk()


@pytest.mark.parametrize(
    ("intent", "slots", "answer"),
    [
        ("time", {}, "It is five past two in the afternoon."),
        ("time_in", {"duration": 1800.0}, "In 30 minutes it will be twenty-five to three in the afternoon."),
        ("time_in", {"duration": 36_000.0}, "In 10 hours it will be five past twelve in the morning."),
        ("date", {}, "Today is Sunday, the 22nd of November 2026."),
        ("date", {"day": "tomorrow"}, "Tomorrow is Monday, the 23rd of November 2026."),
        ("date", {"weekday": "4"}, "Next Friday is Friday, the 27th of November 2026."),
        ("weekday", {"day": "yesterday"}, "Yesterday was Saturday."),
        ("weekday", {"day": "overmorrow"}, "The day after tomorrow is Tuesday."),
        ("weekday", {"day": "ereyesterday"}, "The day before yesterday was Friday."),
        ("month", {}, "It is November."),
        ("year", {}, "It is 2026."),
    ],
)
def test_the_clock_answers(intent, slots, answer):
    assert intent in INTENTS
    assert clock_answer(Meaning(intent, slots), SUNDAY, TALK) == answer


@given(st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 1)), st.integers(0, 6))  # noqa: DTZ001 - as above
def test_the_next_weekday_is_within_a_week_and_never_today(now, weekday):
    answer = clock_answer(Meaning("date", {"weekday": str(weekday)}), now, TALK)
    days = [now.replace(hour=0).toordinal() + ahead for ahead in range(1, 8)]
    wanted = next(datetime.fromordinal(day) for day in days if datetime.fromordinal(day).weekday() == weekday)
    assert f"{wanted:%A}" in answer
    assert f"{wanted:%B} {wanted.year}" in answer
    assert f"the {wanted.day}" in answer


@pytest.mark.parametrize(
    ("now", "hours", "time"),
    [
        # Summer time begins on the 28th of March 2027 at two, and ends on the 31st of October at three.
        ("2027-03-28T01:30:00+01:00", 2, "half past four in the morning"),
        ("2027-10-31T01:30:00+02:00", 3, "half past three in the morning"),
        ("2027-03-28T05:30:00+02:00", 1, "half past six in the morning"),
        # Another zone than this one: its own rules are not known.
        ("2027-03-28T01:30:00-05:00", 2, "half past three in the morning"),
    ],
)
def test_a_time_beyond_the_change_of_summer_time_is_the_one_the_clocks_will_show(zone, now, hours, time):
    zone("Europe/Berlin")
    meaning = Meaning("time_in", {"duration": 3600.0 * hours})
    local_time()
    answer = clock_answer(meaning, datetime.fromisoformat(now), TALK)
    assert answer == f"In {hours} hour{'s' * (hours > 1)} it will be {time}."


def test_days_are_those_of_the_calendar():
    now = datetime(2027, 3, 27, 12, 0, tzinfo=timezone(timedelta(hours=1)))
    assert clock_answer(Meaning("time_in", {"duration": 86_400.0}), now, TALK) == "In 1 day it will be noon."
    assert clock_answer(Meaning("date_in", {"duration": 604_800.0}), now, TALK).endswith("the 3rd of April 2027.")
    assert clock_answer(Meaning("weekday_ago", {"duration": 86_400.0}), now, TALK) == "1 day ago it was Friday."


def test_the_clock_answers_itself_only_where_no_tool_tells_the_time():
    assert CLOCK.answer(Meaning("year", {}), talk()) == "It is 2026."
    assert CLOCK.answer(Meaning("year", {}), talk(tools=["get_time"])) == ""


def test_a_clock_that_shows_the_time_of_this_zone_is_in_it(zone, monkeypatch):
    zone("Europe/Berlin")
    monkeypatch.setattr(skill, "local_time", lambda: datetime.fromisoformat("2027-03-28T01:30:10+01:00"))
    local_time()
    asked = [Meaning("time_in", {"duration": 7200.0})]
    here, elsewhere = ({"date": "2027-03-28", "time": time} for time in ("01:30", "07:30"))
    said = [CLOCK.outputs["get_time"](told, asked, TALK) for told in (here, elsewhere)]
    assert [text for (text,) in said] == [
        "In 2 hours it will be half past four in the morning.",
        "In 2 hours it will be half past nine in the morning.",
    ]
