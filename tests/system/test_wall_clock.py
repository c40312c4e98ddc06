"""When the wall clock is believed."""

import os
import time
from datetime import datetime

import pytest

from device.system import wall_clock

DAY = 86_400.0
NOW = 1_800_000_000.0
YEARS = 3650 * DAY


@pytest.fixture(autouse=True)
def mark(tmp_path, monkeypatch):
    """The sign of a clock that the network has told, not there yet."""
    path = tmp_path / "synchronized"
    real = wall_clock.synchronised
    monkeypatch.setattr(wall_clock, "synchronised", lambda mark=path, now=None: real(mark, now))
    monkeypatch.setattr(wall_clock.time, "clock_gettime", lambda _: 3600.0)  # an hour since the machine's start
    return path


@pytest.mark.parametrize(
    ("times", "now", "believed"),
    [
        ([], NOW, True),
        ([], 12345.0, False),  # 1970
        ([NOW - 3 * DAY, NOW - DAY], NOW, True),
        ([NOW - 20 * DAY], NOW, True),
        ([NOW - 3 * DAY, NOW - DAY], NOW + YEARS, False),
        ([NOW - DAY, NOW + YEARS], NOW + YEARS + 60, False),  # somebody talked after the jump
        ([NOW - DAY, NOW + YEARS], NOW, True),  # and back
        ([NOW - DAY], NOW - YEARS / 2, False),
        ([NOW + 60], NOW, True),
    ],
)
def test_without_the_network_things_must_have_happened_until_now(times, now, believed):
    assert wall_clock.plausible(times, now) is believed


@pytest.mark.parametrize(
    ("since", "believed"), [(10.0, True), (3000.0, True), (YEARS, False), (-YEARS, False), (2 * DAY, False)]
)
def test_the_networks_word_counts_unless_the_clock_was_set_since(mark, since, believed):
    mark.touch()
    os.utime(mark, (NOW - since, NOW - since))
    assert wall_clock.plausible([NOW - 400 * DAY], NOW) is believed


def test_it_is_this_machines_clock(mark):
    assert not wall_clock.synchronised()
    mark.touch()
    assert wall_clock.synchronised()
    assert wall_clock.plausible([], time.time())


def test_a_zone_that_is_changed_counts_at_once(zone):
    zone("Europe/Berlin")
    assert wall_clock.local_time(NOW).isoformat() == "2027-01-15T09:00:00+01:00"
    zone("Asia/Tokyo")
    assert wall_clock.local_time(NOW).isoformat() == "2027-01-15T17:00:00+09:00"
    assert wall_clock.local_time().utcoffset().total_seconds() == 9 * 3600


def test_summer_time_is_that_of_the_moment(zone):
    zone("Europe/Berlin")
    begins = datetime.fromisoformat("2027-03-28T01:00:00+00:00").timestamp()
    assert [f"{wall_clock.local_time(begins + s):%H:%M}" for s in (-60, 0)] == ["01:59", "03:00"]
