"""Noises that are made: each another, and the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts.soundmaker.noises import KINDS, RATE

every_kind = pytest.mark.parametrize("kind", KINDS)


def made(kind, number, seed):
    return KINDS[kind](number, np.random.default_rng(seed))


@every_kind
@settings(max_examples=12, deadline=None)
@given(number=st.integers(0, 20), seed=st.integers(0, 2**32 - 1))
def test_a_noise_is_something_to_hear_for_no_longer_than_a_few_seconds(kind, number, seed):
    noise = made(kind, number, seed)
    assert noise.ndim == 1
    assert np.isfinite(noise).all()
    assert 0.1 * RATE < len(noise) < 6 * RATE
    assert np.abs(noise).max() > 0.01


@every_kind
def test_the_same_seed_makes_the_same_noise(kind):
    assert (made(kind, 1, 7) == made(kind, 1, 7)).all()
    other = made(kind, 1, 8)
    assert len(other) != len(made(kind, 1, 7)) or (other != made(kind, 1, 7)).any()


@every_kind
def test_variants_differ_in_manner(kind):
    first, second = made(kind, 0, 7), made(kind, 1, 7)
    n = min(len(first), len(second))
    assert len(first) != len(second) or (first[:n] != second[:n]).any()


def brightness(noise):
    """Return the frequency (Hz) below which half of a noise's energy lies."""
    power = np.cumsum(np.abs(np.fft.rfft(noise)) ** 2)
    return float(np.searchsorted(power, power[-1] / 2)) * RATE / len(noise)


@pytest.mark.parametrize("seed", range(5))
def test_a_hiss_is_bright_and_a_rumble_dull(seed):
    assert brightness(made("burst", 0, seed)) > 1500
    assert brightness(made("burst", 1, seed)) < 900


@pytest.mark.parametrize("seed", range(5))
def test_dishes_ring_higher_than_a_door_thuds(seed):
    assert brightness(made("dishes", 0, seed)) > 2 * brightness(made("door", 0, seed))
