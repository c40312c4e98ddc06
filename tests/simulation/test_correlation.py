"""Sounds are compared whatever their rate and their loudness."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.simulation.correlation import at_clock_rate, similarity

NOISE = 1000 * np.random.default_rng(1).standard_normal(4000)


def test_each_place_has_its_correlation():
    piece, within = np.array([1.0, -1.0]), np.array([0.0, 2.0, -2.0, 2.0, 2.0])
    # By hand: [0 2] 2/(2·√2), [2 -2] 1, [-2 2] -1, [2 2] 0.
    assert similarity(piece, within, least=0.0) == pytest.approx([-(0.5**0.5), 1.0, -1.0, 0.0])


@given(st.integers(0, 3000), st.floats(0.1, 30.0), st.integers(2, 900))
def test_a_piece_is_the_same_where_it_comes_from_whatever_its_loudness(place, gain, length):
    score = similarity(gain * NOISE[place : place + length], NOISE, least=1e-6)
    assert len(score) == 4000 - length + 1
    assert score[place] == pytest.approx(1.0, abs=1e-6)
    assert np.abs(score).max() <= 1 + 1e-6


@pytest.mark.parametrize(("gain", "likeness"), [(1.0, 1.0), (0.1, 1.0), (0.01, 0.1), (0.0, 0.0)])
def test_next_to_silence_nothing_is_alike(gain, likeness):
    piece = NOISE[:500]
    # At a tenth of the loudness a part has a hundredth of the energy, which is still enough.
    assert similarity(piece, gain * piece, least=0.01)[0] == pytest.approx(likeness, abs=1e-6)


def test_silence_is_like_nothing():
    assert not similarity(np.zeros(10), NOISE, least=0.01).any()
    assert not similarity(np.zeros(10), np.zeros(20), least=0.01).any()


@pytest.mark.parametrize("rate", [16_000, 24_000, 48_000])
def test_a_tone_is_the_same_tone_at_the_clocks_rate(rate):
    tone = (8000 * np.sin(2 * np.pi * 440 * np.arange(rate) / rate)).astype(np.int16)
    moved = at_clock_rate(tone, rate)
    assert (moved.dtype, len(moved)) == (np.float32, 16_000)
    wanted = 8000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert moved[1000:-1000] == pytest.approx(wanted[1000:-1000], abs=8)
