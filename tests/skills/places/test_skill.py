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


def test_nobody_told_it_where_it_is():
    assert PLACES.answer(Meaning("sun", {}), talk()).startswith("I don't know where we are")
