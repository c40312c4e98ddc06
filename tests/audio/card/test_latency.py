"""The latency out of what single blocks say."""

import numpy as np
import pytest

from device.audio.card.latency import AGREEING, Latency

RATE = 16_000


def test_the_first_block_is_believed():
    latency = Latency(RATE)
    assert latency.frames == 0
    latency.push(640)
    assert latency.frames == 640


def test_jitter_is_smoothed():
    latency = Latency(RATE)
    jitter = np.random.default_rng(1).integers(-60, 60, 2000)
    told = []
    for frames in 640 + jitter:
        latency.push(int(frames))
        told.append(latency.frames)
    assert np.ptp(told[200:]) < 20
    assert np.mean(told[200:]) == pytest.approx(640, abs=5)


def test_single_blocks_that_are_far_off_change_nothing():
    latency = Latency(RATE)
    for n in range(1000):
        latency.push(640 if n % AGREEING else 3200)
        latency.push(640)
    assert latency.frames == pytest.approx(640, abs=1)


@pytest.mark.parametrize("to", [160, 1280, 8000])
def test_a_jump_is_there_within_a_few_blocks(to):
    latency = Latency(RATE)
    for _ in range(100):
        latency.push(640)
    for _ in range(AGREEING - 1):
        latency.push(to)
    assert latency.frames == 640
    latency.push(to + 10)
    assert latency.frames == to + 10
