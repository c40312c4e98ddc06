"""The training learns what can be learnt, and its slopes are those of the loss."""

import numpy as np

from device.listen.by_sound import KINDS, BySound
from scripts.firstwords import network

STATES = 24


def sounds(rng, count):
    """Return states in which each kind has a direction of its own for some of the time, and the kinds."""
    kinds = rng.integers(len(KINDS), size=count)
    made = []
    for kind in kinds:
        one = rng.standard_normal((int(rng.integers(5, 30)), STATES))
        begin = int(rng.integers(0, len(one) - 3))
        one[begin : begin + 3, kind * 3 : kind * 3 + 3] += 4
        made.append(one.astype(np.float16))
    return made, kinds


def right(weights, states, kinds):
    by_sound = BySound(weights)
    return np.mean([by_sound(one.astype(np.float32)).argmax() == kind for one, kind in zip(states, kinds, strict=True)])


def test_what_is_learnt_is_what_the_device_runs():
    rng = np.random.default_rng(1)
    weights = network.train(*sounds(rng, 800), 3)
    assert right(weights, *sounds(rng, 200)) > 0.85


def test_what_is_learnt_goes_on_from_what_there_is():
    rng = np.random.default_rng(2)
    known = network.train(*sounds(rng, 800), 3)
    before = {name: array.copy() for name, array in known.items()}
    more = network.train(*sounds(rng, 64), 4, weights=known, epochs=1, rate=1e-4)
    assert right(more, *sounds(rng, 200)) > 0.85
    assert all((known[name] == array).all() for name, array in before.items()), "what was given stays as it was"


def test_training_is_the_same_each_time():
    states, kinds = sounds(np.random.default_rng(3), 200)
    one, other = (network.train(states, kinds, 5, epochs=1) for _ in range(2))
    assert all((one[name] == other[name]).all() for name in one)
