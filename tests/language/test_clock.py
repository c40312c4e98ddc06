from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.files import languages
from device.language.language import load_language

ENGLISH = load_language("en")
say_time, say_date = ENGLISH.say_time, ENGLISH.say_date


@pytest.mark.parametrize(
    ("moment", "words"),
    [
        ("00:00", "midnight"),
        ("12:00", "noon"),
        ("00:05", "five past twelve in the morning"),
        ("14:05", "five past two in the afternoon"),
        ("09:15", "a quarter past nine in the morning"),
        ("18:30", "half past six in the evening"),
        ("14:40", "twenty to three in the afternoon"),
        ("11:45", "a quarter to twelve in the afternoon"),
        ("23:55", "five to twelve in the morning"),
        ("22:07", "ten oh seven at night"),
        ("08:41", "eight forty-one in the morning"),
        ("17:16", "five sixteen in the afternoon"),
        ("20:00", "eight o'clock in the evening"),
        ("10:50", "ten to eleven in the morning"),
    ],
)
def test_times(moment, words):
    assert say_time(time.fromisoformat(moment)) == words


def test_no_two_times_sound_alike():
    moments = [time(hour, minute) for hour in range(24) for minute in range(60)]
    assert len({say_time(moment) for moment in moments}) == len(moments)


@given(st.dates())
def test_dates_name_the_day(day):
    words = say_date(day)
    assert day.strftime("%A") in words
    assert day.strftime("%B") in words
    assert str(day.year) in words


def test_date():
    assert say_date(date(2026, 11, 22)) == "Sunday, the 22nd of November 2026"


@pytest.mark.parametrize(
    ("number", "said"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (12, "12th"), (13, "13th"), (21, "21st")],
)
def test_days_of_a_month(number, said):
    assert f"the {said} of January" in say_date(date(2026, 1, number))


@pytest.mark.parametrize("language", languages())
def test_a_clock_has_all_names(language):
    clock = load_language(language).clock
    assert (len(clock.weekdays), len(clock.months), len(clock.days)) == (7, 12, 31)
    assert len(clock.hours) in {12, 24}
    assert clock.parts[0][0] == 0
