import pytest

from device.listen.near_end import KEPT_BLOCKS, NEAR_END_DB, ONSET_DB, Excess
from device.sample_clock import samples

LOUD, SOFT = NEAR_END_DB, NEAR_END_DB - 0.1


def excess(*values):
    found = Excess()
    found.push(values)
    return found


@pytest.mark.parametrize(
    ("blocks", "near_end"),
    [
        ((), False),
        ((LOUD, LOUD), False),
        ((LOUD, LOUD, LOUD), True),
        ((SOFT, SOFT, SOFT, SOFT), False),
        ((LOUD, SOFT, LOUD, LOUD), True),
        ((LOUD, LOUD, LOUD, SOFT), True),
        ((LOUD, LOUD, LOUD, SOFT, SOFT), False),
        ((LOUD, LOUD, SOFT, SOFT, LOUD), False),
    ],
)
def test_three_loud_blocks_among_the_last_four_are_near_end_activity(blocks, near_end):
    assert excess(*blocks).near_end is near_end


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "onset"),
    [
        (0, 10, False),
        (10, 20, True),
        (10, 30, True),  # exactly as much as an onset needs, on average
        (0, 30, False),
        (15, 25, True),  # in part, and both count
        (5, 25, False),
    ],
)
def test_a_voice_may_begin_where_the_blocks_exceed_the_echo_on_average(start_ms, end_ms, onset):
    found = excess(0.0, 2 * ONSET_DB, 0.0)
    assert found.is_onset(samples(start_ms), samples(end_ms)) is onset


def test_the_excess_is_kept_for_as_long_as_the_voice_detector_looks_back():
    found = excess(2 * ONSET_DB, *[0.0] * (KEPT_BLOCKS - 1))
    assert found.is_onset(0, samples(10))
    found.push([0.0])
    assert not found.is_onset(0, samples(10))
