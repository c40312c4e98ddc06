"""Frames and a clock: which of them are late, and which are lost."""

import pytest

from device.audio.card.timeline import DRIFT, LATE_S, PATIENCE, STEADY_S, Timeline

RATE = 16_000


def follow(timeline, blocks):
    """Tell the timeline of blocks of 10 ms, each as (seconds, ms that came by then); return what it says is lost."""
    said = []
    for now, came in blocks:
        if lost := timeline.lost(came * RATE // 1000 + sum(frames for _, frames in said), now):
            said.append((now, lost))
    return said


def steady(since, until, *, late=0.0, lost=0):
    """Blocks in time, or `late` seconds late, `lost` ms fewer."""
    return [(n / 100 + late, n * 10 - lost) for n in range(round(since * 100), round(until * 100))]


def test_a_steady_stream_loses_nothing():
    timeline = Timeline(RATE)
    assert follow(timeline, steady(0, 20)) == []
    assert not timeline.settling


@pytest.mark.parametrize("stall", [0.05, 0.2, 1.0])
def test_what_comes_all_at_once_after_a_stall_was_not_lost(stall):
    blocks = [*steady(0, 1), (1 + stall, round(1000 + stall * 1000)), *steady(1 + stall + 0.01, 3)]
    assert follow(Timeline(RATE), blocks) == []


def test_what_comes_bit_by_bit_after_a_stall_was_not_lost_either():
    timeline = Timeline(RATE)
    assert follow(timeline, steady(0, 1)) == []
    # Looked at every 2 ms, 60 ms more each time.
    assert follow(timeline, [(1.2 + n * 0.002, 1000 + n * 60) for n in range(4)]) == []
    assert not timeline.settling
    assert follow(timeline, steady(1.22, 2)) == []


def test_a_stream_that_stands_still_for_long_has_lost_nothing_yet():
    timeline = Timeline(RATE)
    still = [(1 + n / 500, 1000) for n in range(200)]
    assert follow(timeline, [*steady(0, 1), *still]) == []
    assert timeline.settling
    assert follow(timeline, steady(1.42, 2)) == []


@pytest.mark.parametrize("lost", [50, 200, 5000])
def test_what_does_not_come_was_lost_once_the_stream_goes_on(lost):
    gone = 1 + lost / 1000
    ((at, frames),) = follow(Timeline(RATE), [*steady(0, 1), *steady(gone, gone + 2, lost=lost)])
    assert frames == pytest.approx(lost * RATE // 1000, rel=2 * DRIFT)
    assert at == pytest.approx(gone + STEADY_S, abs=0.011)


def test_less_than_a_stall_is_not_looked_at():
    timeline = Timeline(RATE)
    lost = round(LATE_S * 1000) - 10
    assert follow(timeline, [*steady(0, 1), *steady(1.02, 2, lost=lost)]) == []


def test_a_stream_that_is_never_steady_does_not_wait_for_ever():
    unsteady = [(2 + n / 100 + (n % 2) * 0.006, 1100 + n * 10) for n in range(2 * PATIENCE)]
    ((at, _),) = follow(Timeline(RATE), [*steady(0, 1), *unsteady])
    assert at < 2 + (PATIENCE + 1) / 100


@pytest.mark.parametrize("drift", [-DRIFT / 2, DRIFT / 2])
def test_a_clock_of_its_own_is_no_loss(drift):
    blocks = [(n / 100 * (1 + drift), n * 10) for n in range(60_000)]
    assert follow(Timeline(RATE), blocks) == []


def test_a_stream_that_begins_anew_is_missing_all_up_to_now():
    timeline = Timeline(RATE)
    assert timeline.restart(0, 5.0) == 0, "it has not begun"
    follow(timeline, steady(0, 1))
    assert timeline.restart(RATE, 4.0) == 3 * RATE
    assert follow(timeline, steady(4.0, 5.0)) == []
