from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.skills.places.sun import sun


@pytest.mark.parametrize(
    ("day", "latitude", "longitude", "rise", "set_"),
    # By the package astral 3.2, in UTC.
    [
        (date(2026, 6, 21), 52.52, 13.405, "02:43", "19:33"),
        (date(2026, 12, 21), 51.507, -0.128, "08:03", "15:53"),
        (date(2026, 3, 20), 0.0, 0.0, "06:04", "18:11"),
        (date(2026, 11, 22), -33.868, 151.209, "18:39", "08:43"),
        (date(2026, 11, 22), 40.713, -74.006, "11:52", "21:33"),
    ],
)
def test_when_it_rises_and_sets(day, latitude, longitude, rise, set_):
    found = sun(day, latitude, longitude)
    for at, wanted in ((found.rise, rise), (found.set, set_)):
        hour, minute = map(int, wanted.split(":"))
        assert abs(60 * at.hour + at.minute + at.second / 60 - 60 * hour - minute) <= 2
    assert not found.always_up


@pytest.mark.parametrize(
    ("day", "latitude", "up"),
    [
        (date(2026, 12, 21), 69.65, False),
        (date(2026, 6, 21), 69.65, True),
        (date(2026, 12, 21), -77.85, True),
        (date(2026, 6, 21), 90.0, True),
        (date(2026, 6, 21), -90.0, False),
    ],
)
def test_beyond_the_polar_circles_it_may_stay_up_or_down(day, latitude, up):
    found = sun(day, latitude, 18.96)
    assert (found.rise, found.set, found.always_up) == (None, None, up)


@given(
    st.dates(date(1970, 1, 1), date(2200, 12, 31)),
    st.floats(-90, 90),
    st.floats(-180, 180),
)
def test_anywhere_and_on_any_day_it_rises_before_it_sets(day, latitude, longitude):
    found = sun(day, latitude, longitude)
    if found.rise is not None and found.set is not None:
        assert timedelta() <= found.set - found.rise <= timedelta(hours=24, minutes=10)
    else:
        assert found.rise is found.set is None
        assert abs(latitude) > 65
