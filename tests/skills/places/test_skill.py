from datetime import UTC, datetime

import pytest
from support.skills import talk

from device.skills.places.skill import PLACES
from device.skills.skill import Meaning


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("new york", "In New York it is five fourteen in the morning."),
        ("the united states", "In the United States it is five fourteen in the morning."),
        ("india", "In India it is three forty-four in the afternoon."),
        ("atlantis", "I don't know what time it is in atlantis."),
    ],
)
def test_what_time_it_is_elsewhere(place, said):
    now = talk(now=datetime(2026, 11, 24, 10, 14, tzinfo=UTC))
    assert PLACES.answer(Meaning("time_elsewhere", {"place": place}), now) == said


def test_on_the_other_side_of_midnight_the_day_is_said():
    late = talk(now=datetime(2026, 11, 24, 20, 0, tzinfo=UTC))
    assert "tomorrow already" in PLACES.answer(Meaning("time_elsewhere", {"place": "tokyo"}), late)
    early = talk(now=datetime(2026, 11, 24, 2, 0, tzinfo=UTC))
    assert "still yesterday" in PLACES.answer(Meaning("time_elsewhere", {"place": "new york"}), early)
    said = PLACES.answer(Meaning("date_elsewhere", {"place": "tokyo"}), late)
    assert said == "In Tokyo it is Wednesday, the 25th of November 2026."


SUN = {"place": "", "sunrise": "07:41", "sunset": "15:59", "daylight_minutes": 498}


def test_nobody_told_it_where_it_is():
    assert PLACES.outputs["get_sun"]({"place": None, "unknown": "…"}, [], talk()) == [
        "I don't know where we are, so I can't tell when the sun rises or sets."
    ]
    assert PLACES.unavailable == "no_place"


@pytest.mark.parametrize(
    ("intent", "slots", "arguments"),
    [
        ("sunrise", {}, {}),
        ("sunset", {"day": "today"}, {}),
        ("daylight", {"day": "tomorrow"}, {"date": "2026-11-23"}),
        ("sunset", {"weekday": "5"}, {"date": "2026-11-28"}),
    ],
)
def test_which_day_the_tool_is_asked_for(intent, slots, arguments):
    assert PLACES.calls[intent] == "get_sun"
    assert PLACES.arguments(Meaning(intent, slots), talk()) == arguments


@pytest.mark.parametrize(
    ("intent", "slots", "said"),
    [
        ("sunrise", {}, "Today the sun rose at seven forty-one in the morning."),
        ("sunrise", {"day": "tomorrow"}, "Tomorrow the sun rises at seven forty-one in the morning."),
        ("sunset", {}, "Today the sun sets at three fifty-nine in the afternoon."),
        ("sunset", {"day": "yesterday"}, "Yesterday the sun set at three fifty-nine in the afternoon."),
        ("daylight", {}, "Today it is light for 8 hours and 18 minutes, from sunrise to sunset."),
    ],
)
def test_when_the_sun_rises_and_sets(intent, slots, said):
    assert PLACES.outputs["get_sun"](SUN, [Meaning(intent, slots)], talk()) == [said]


def test_beyond_the_polar_circle_it_may_do_neither():
    asked = [Meaning("sunset", {})]
    up = PLACES.outputs["get_sun"]({"place": "", "sun": "is up all day"}, asked, talk())
    down = PLACES.outputs["get_sun"]({"place": "", "sun": "does not rise"}, asked, talk())
    assert up == ["Today the sun does not set here: it is up all day and all night."]
    assert down == ["Today the sun does not rise here: it is polar night."]
