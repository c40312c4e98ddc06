from datetime import date, datetime, time

import pytest

from device.language.when import Moment, MomentError, When

NOW = datetime(2026, 11, 22, 14, 5)  # noqa: DTZ001 - a Sunday, by the clock on the wall
MONDAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("when", "moment"),
    [
        (When(hour=7), Moment(time(19))),
        (When(hour=1), Moment(time(1))),
        (When(hour=2, minute=5), Moment(time(2, 5))),
        (When(hour=12), Moment(time(0))),
        (When(hour=12, fixed=True), Moment(time(12))),
        (When(hour=18, minute=30), Moment(time(18, 30))),
        (When(hour=7, hours=(0, 12)), Moment(time(7))),
        (When(hour=12, hours=(18, 30)), Moment(time(0))),
        (When(hour=7, ahead=0), Moment(time(19), date(2026, 11, 22))),
        (When(hour=1, ahead=0, hours=(18, 30)), Moment(time(1), MONDAY)),
        (When(hour=7, ahead=1), Moment(time(7), MONDAY)),
        (When(hour=3, ahead=1), Moment(time(15), MONDAY)),
        (When(ahead=1), Moment(time(9), MONDAY)),
        (When(ahead=1, hours=(12, 18), usual="15:00"), Moment(time(15), MONDAY)),
        (When(weekday=4, hour=12), Moment(time(12), date(2026, 11, 27))),
        (When(weekday=6, hour=8), Moment(time(8), date(2026, 11, 29))),
        (When(day=3, month=5), Moment(time(9), date(2027, 5, 3))),
        (When(day=29, month=2), Moment(time(9), date(2028, 2, 29))),
        (When(day=31), Moment(time(9), date(2026, 12, 31))),
        (When(day=1, month=1, year=2030), Moment(time(9), date(2030, 1, 1))),
        (When(hour=7, days=(0, 2)), Moment(time(7), days=(0, 2))),
        (When(hour=1, hours=(18, 30), days=(6,)), Moment(time(1), days=(0,))),
    ],
)
def test_the_next_moment_is_meant_that_is_as_was_said(when, moment):
    assert when.moment(NOW) == moment


def test_an_hour_that_is_early_for_one_thing_is_not_for_another():
    assert When(hour=6, ahead=1).moment(NOW, earliest=4).time == time(6)
    assert When(hour=6, ahead=1).moment(NOW).time == time(18)


@pytest.mark.parametrize(
    ("when", "why"),
    [
        (When(day=31, month=2), "no_date"),
        (When(day=29, month=2, year=2027), "no_date"),
        (When(hour=7, hours=(0, 12), ahead=0), "past"),
        (When(day=3, month=5, year=2025), "past"),
    ],
)
def test_a_moment_that_cannot_be_is_told(when, why):
    with pytest.raises(MomentError) as caught:
        when.moment(NOW)
    assert caught.value.why == why


def test_what_is_said_otherwise_of_a_moment_leaves_the_rest():
    monday = When(hour=7, weekday=0)
    assert monday.corrected_by(When(weekday=1)) == When(hour=7, weekday=1)
    assert monday.corrected_by(When(hour=8, minute=30)) == When(hour=8, minute=30, weekday=0)
    assert monday.corrected_by(When(days=(5, 6))) == When(hour=7, days=(5, 6))


def test_two_parts_of_a_moment_are_put_together_if_they_are_of_one():
    day, hour = When(ahead=1), When(hour=8, minute=30)
    assert day.fits(hour)
    assert day.with_(hour) == When(ahead=1, hour=8, minute=30)
    assert not hour.fits(When(hour=9))
    assert not day.fits(When(days=(0,)))
