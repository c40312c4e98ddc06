from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.language.language import load_language
from device.local.brain.heard import Hearing

NOW = datetime(2026, 11, 22, 14, 5)  # noqa: DTZ001 - a Sunday, by the clock on the wall
HEAR = Hearing(load_language("en")).hear


def moments(text):
    heard = HEAR(text)
    return [f"{m.time:%H:%M} {m.date or ''}{m.days or ''}".strip() for m in (w.moment(NOW) for w in whens(heard))]


def whens(heard):
    return [value for mark, value in heard.values.items() if mark.startswith("when")]


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("half past six", "18:30"),
        ("quarter to nine", "20:45"),
        ("a quarter past three", "15:15"),
        ("seven thirty", "19:30"),
        ("at 7:30", "19:30"),
        ("at 7.30 a.m.", "07:30"),
        ("7am", "07:00"),
        ("8 p m", "20:00"),
        ("at seven oh five", "19:05"),
        ("five minutes past eight", "20:05"),
        ("ten to eight", "19:50"),
        ("quarter to one", "00:45"),
        ("seven o'clock", "19:00"),
        ("18:30", "18:30"),
        ("noon", "12:00"),
        ("midnight", "00:00"),
        ("tomorrow morning at eight", "08:00 2026-11-23"),
        ("half past six tomorrow", "18:30 2026-11-23"),
        ("at four pm on friday", "16:00 2026-11-27"),
        ("five in the afternoon", "17:00"),
        ("eight tonight", "20:00 2026-11-22"),
        ("the third of may at noon", "12:00 2027-05-03"),
        ("May 21st 2027 at noon", "12:00 2027-05-21"),
        ("the twenty second of december at quarter past three", "15:15 2026-12-22"),
        ("the day after tomorrow at nine", "09:00 2026-11-24"),
        ("next friday", "09:00 2026-11-27"),
        ("every monday at nine", "09:00 (0,)"),
        ("mondays and wednesdays at seven", "07:00 (0, 2)"),
        ("seven on weekdays", "07:00 (0, 1, 2, 3, 4)"),
        ("weekends at ten", "10:00 (5, 6)"),
        ("every weekday except friday at seven", "07:00 (0, 1, 2, 3)"),
        ("at seven but not at the weekend", "07:00 (0, 1, 2, 3, 4)"),
        ("every day except saturdays and sundays at ten", "10:00 (0, 1, 2, 3, 4)"),
        ("every morning at seven", "07:00 (0, 1, 2, 3, 4, 5, 6)"),
        ("eight o'clock every day", "08:00 (0, 1, 2, 3, 4, 5, 6)"),
    ],
)
def test_moments_are_heard(said, moment):
    assert moments(f"set an alarm for {said}") == [moment]
    heard = HEAR(f"set an alarm for {said}")
    assert heard.text in {"set an alarm whena", "set an alarm for whena"}


@pytest.mark.parametrize(
    "text",
    [
        "what day is tomorrow",
        "what is five to eight",
        "set volume to five",
        "set a timer for ten minutes",
        "what time is it in two hours",
        "what is the date on the third of may",
        "remind me to pay for 2 tickets",
        "remind me in twenty minutes to turn off the oven",
    ],
)
def test_what_is_no_moment_stays_as_it_was_said(text):
    assert not whens(HEAR(text))


def test_a_time_beyond_doubt_is_one_wherever_it_is_said():
    assert moments("at half past seven") == ["19:30"]
    assert moments("8 p m") == ["20:00"]


def test_a_day_in_what_is_to_be_done_is_another_moment():
    heard = HEAR("remind me to buy the sunday paper on saturday at nine")
    assert heard.text == "remind me to buy the whena paper whenb"
    assert heard.words("buy the whena paper") == "buy the sunday paper"


@given(st.integers(0, 23), st.integers(0, 59), st.sampled_from(["alarm for ", "wake me at ", "remind me at "]))
def test_every_time_of_24_hours_is_heard_as_it_is(hour, minute, begin):
    if hour in range(1, 13):
        half = "a.m." if hour < 12 else "p.m."
        assert moments(f"{begin}{hour}:{minute:02} {half}") == [f"{hour:02}:{minute:02}"]
    else:
        assert moments(f"{begin}{hour}:{minute:02}") == [f"{hour:02}:{minute:02}"]


@given(st.text(alphabet="0123456789:. abcdefghimnoprstuy", max_size=40))
def test_nothing_that_is_said_fails(text):
    for when in whens(HEAR(f"set an alarm for {text}")):
        assert when.hour is None or 0 <= when.hour < 24
        assert 0 <= when.minute < 60
