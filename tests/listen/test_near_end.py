import pytest

from device.listen.near_end import KEPT_BLOCKS, LEAST_PREROLL, MOST_PREROLL, NEAR_END_DB, ONSET_DB, Excess
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


NEAR, FAR = ("known", 2 * ONSET_DB), ("known", 0.0)
ALONE, UNSURE = ("none", 0.0), ("unknown", 0.0)


@pytest.mark.parametrize(
    ("before", "start_ms"),
    [
        ([ALONE] * 200, 1700),  # where there is no echo, a little silence costs nothing
        ([FAR] * 200, 1850),  # a soft fricative does not exceed the echo
        ([FAR] * 180 + [NEAR] * 20, 1800),
        ([FAR] * 100 + [NEAR] * 100, 1700),
        ([FAR] * 160 + [NEAR] * 20 + [FAR] * 6 + [NEAR] * 14, 1700),  # the closure of a plosive
        ([FAR] * 160 + [NEAR] * 15 + [FAR] * 7 + [NEAR] * 18, 1820),  # something else before
        ([ALONE] * 176 + [FAR] * 24, 1850),
        ([FAR] * 160 + [UNSURE] * 40, 1600),  # it may have spoken all the while
        ([FAR] * 160 + [UNSURE] * 34 + [FAR] * 6, 1600),
        ([FAR] * 155 + [NEAR] * 5 + [UNSURE] * 40, 1550),  # it had begun before, over the echo
        ([FAR] * 120 + [NEAR] * 40 + [UNSURE] * 40, 1300),
        ([UNSURE] * 200, 1000),
    ],
)
def test_a_voice_may_be_heard_before_its_onset_but_not_in_what_can_only_be_echo(before, start_ms):
    found = Excess()
    for echo, value in before:
        found.push([value], echo)
    assert found.start(samples(2000)) == samples(start_ms)
    assert samples(2000) - LEAST_PREROLL == samples(1850)
    assert samples(2000) - MOST_PREROLL == samples(1700)


def test_a_voice_begins_no_earlier_than_the_stream():
    assert excess(NEAR_END_DB).start(samples(20)) == 0


def test_how_long_something_is_louder_than_the_echo_counts_from_before_its_onset():
    found = excess(*[0.0] * 40, *[ONSET_DB] * 5, *[0.0] * 10, *[ONSET_DB] * 3)
    assert found.near_ms(samples(450)) == 80
    assert found.near_ms(samples(400) + LEAST_PREROLL) == 80
    assert found.near_ms(samples(450) + LEAST_PREROLL) == 30


def test_where_there_is_no_echo_all_is_louder_and_where_it_is_unknown_nothing():
    found = Excess()
    found.push([0.0] * 30, "none")
    assert found.near_ms(samples(100)) is None
    found.push([0.0] * 20, "known")
    assert found.near_ms(samples(250)) == 200
    found.push([0.0] * 50, "unknown")
    assert found.near_ms(samples(450)) == 0


def test_of_a_long_voice_the_last_seconds_count():
    found = excess(*[ONSET_DB] * (KEPT_BLOCKS + 100))
    assert found.near_ms(0) == 10 * KEPT_BLOCKS


def test_what_is_known_better_takes_the_place_of_what_was_heard():
    heard = Excess()
    heard.push([0.0] * 40, "unknown")
    heard.revise([NEAR_END_DB] * 10, [False] * 10, later=1)
    assert heard.near_end
    assert heard.is_onset(30 * 160, 38 * 160)
    assert not heard.is_onset(20 * 160, 28 * 160)
    assert heard.near_ms(30 * 160) == 100


def test_a_voice_may_have_begun_in_what_was_taken_for_the_device_when_it_was_heard_again():
    heard = Excess()
    heard.push([0.0] * 60)
    heard.push([NEAR_END_DB] * 4)
    assert heard.start(60 * 160) == 60 * 160 - LEAST_PREROLL
    heard.revise([0.0] * 30, [True] * 30, later=4)
    assert heard.start(60 * 160) <= 30 * 160


def test_soft_first_sounds_may_be_in_what_was_heard_again():
    heard = Excess()
    heard.push([0.0] * 60)
    heard.push([NEAR_END_DB] * 4)
    heard.revise([0.0] * 40, [False] * 40, later=4)
    assert heard.start(60 * 160) == 60 * 160 - MOST_PREROLL
