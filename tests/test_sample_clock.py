"""Positions on the card's clock, in seconds and from milliseconds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.sample_clock import CLOCK_RATE, samples, seconds


@pytest.mark.parametrize(
    ("milliseconds", "position"), [(0, 0), (10, 160), (0.03, 0), (0.04, 1), (1000, CLOCK_RATE), (-10, -160)]
)
def test_milliseconds_are_so_many_samples(milliseconds, position):
    assert samples(milliseconds) == position


@given(st.integers(0, 2**48))
def test_a_position_is_the_same_in_seconds(position):
    assert samples(seconds(position) * 1000) == position
