"""A loudspeaker that runs dry, and one that has not for long."""

import pytest

from device.audio.card.buffer_size import (
    AGAIN_S,
    LEAST_MS,
    MARGIN_MS,
    MOST_MS,
    SOUND_S,
    STEP_MS,
    STEP_S,
    BufferSize,
)


@pytest.mark.parametrize(
    ("least", "stalls", "ms"),
    [
        (40, [], 40),
        (5, [], LEAST_MS),
        (40, [(0, 200)], 40),
        (40, [(0, 60), (AGAIN_S + 1, 60)], 40),
        (40, [(0, 35), (10, 35)], 40 + STEP_MS),
        (40, [(0, 70), (10, 70)], 70 + MARGIN_MS),
        (40, [(0, 70), (10, 35), (20, 35)], 40 + 2 * STEP_MS),
        (40, [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5), (5, 5), (6, 5)], MOST_MS),
        (40, [(0, 200), (10, 200), (20, 400)], 40),
        (40, [(0, 200), (10, MOST_MS - MARGIN_MS)], MOST_MS),
        (40, [(0, 200), (10, 63)], 90),
        (40, [(0, 35), (10, 90)], 40 + STEP_MS),
        (40, [(0, 35), (10, 90), (20, 90)], 110),
        (45, [(0, 200), (10, 63)], 85),
        (45, [(0, 5), (1, 5), (2, 5), (3, 5), (4, 5)], 115),
        (300, [(0, 320), (1, 320), (2, 20)], 300),
    ],
)
def test_it_grows_when_dry_again_if_that_helps(least, stalls, ms):
    size = BufferSize(least)
    for now, late in stalls:
        size.ran_dry(late, now)
    assert size.ms == ms


def test_it_shrinks_in_steps_once_the_card_was_sound_for_a_minute():
    size = BufferSize(40)
    for now in (0, 10):
        size.ran_dry(65, now)
    assert size.ms == 90
    assert size.extra_ms == 50
    assert not size.shrink(10 + SOUND_S - 0.1)
    times = [tenths / 10 for tenths in range(1000)]
    sizes = [(at, size.ms) for at in times if size.shrink(10 + SOUND_S + at)]
    assert sizes == [(0, 70), (STEP_S, 50), (2 * STEP_S, 40)]


def test_a_stall_on_the_way_down_has_it_wait_for_another_minute():
    size = BufferSize(40)
    for now in (0, 10):
        size.ran_dry(65, now)
    assert size.shrink(10 + SOUND_S)
    size.ran_dry(500, 11 + SOUND_S)
    assert size.ms == 70
    assert not size.shrink(10 + 2 * SOUND_S)
    assert size.shrink(11 + 2 * SOUND_S)


def test_it_never_shrinks_below_what_was_asked_for():
    size = BufferSize(40)
    assert not size.shrink(1000)
    assert size.ms == 40
