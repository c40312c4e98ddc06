"""How high a voice is, of voices whose pitch is known."""

import numpy as np
import pytest

from device.bench.bargein.pitch import pitch
from device.sample_clock import CLOCK_RATE


def voice(hertz, seconds=0.6, noise=0.0):
    """Return a buzz with many harmonics, softer the higher, as a throat makes it."""
    at = np.arange(round(seconds * CLOCK_RATE)) / CLOCK_RATE
    many = range(1, int(4000 / hertz) + 1)
    made = np.sum([np.sin(2 * np.pi * n * hertz * at + n) / n for n in many], axis=0)
    made += noise * np.random.default_rng(1).standard_normal(len(made))
    return (3000 * made).astype(np.int16)


@pytest.mark.parametrize("hertz", [80, 110, 190, 300, 420, 640, 900])
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_the_pitch_of_a_voice(hertz, noise):
    assert pitch(voice(hertz, noise=noise)) == pytest.approx(hertz, rel=0.04)


def test_what_is_said_most_of_the_time_counts():
    assert pitch(np.concatenate([voice(200, 1.0), voice(600, 0.3)])) == pytest.approx(200, rel=0.04)


def test_noise_and_silence_have_none():
    assert pitch((3000 * np.random.default_rng(2).standard_normal(16_000)).astype(np.int16)) is None
    assert pitch(np.zeros(16_000, np.int16)) is None
    assert pitch(np.zeros(10, np.int16)) is None
