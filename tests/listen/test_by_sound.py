import numpy as np
import pytest

from device.listen.by_sound import KINDS, BySound, by_sound


def weights(rng, states=7, hidden=4, features=5, span=3):
    shapes = {
        "project.weight": (hidden, states),
        "project.bias": (hidden,),
        "look.weight": (features, hidden, span),
        "look.bias": (features,),
        "decide.weight": (len(KINDS), 2 * features),
        "decide.bias": (len(KINDS),),
    }
    return {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.mark.parametrize("length", [1, 2, 3, 20])
def test_it_is_the_network_that_was_trained(length):
    rng = np.random.default_rng(length)
    w, states = weights(rng), rng.standard_normal((length, 7)).astype(np.float32)
    hidden = np.maximum(states @ w["project.weight"].T + w["project.bias"], 0)
    found = np.tile(w["look.bias"].astype(float), (length, 1))
    for t in range(length):
        for step in (-1, 0, 1):
            if 0 <= t + step < length:
                found[t] += w["look.weight"][:, :, step + 1] @ hidden[t + step]
    found = np.maximum(found, 0)
    logits = w["decide.weight"] @ np.concatenate([found.mean(0), found.max(0)]) + w["decide.bias"]
    expected = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    assert BySound(w)(states) == pytest.approx(expected, abs=1e-4)


def test_the_bundled_weights_fit_the_recogniser():
    probabilities = by_sound()(np.zeros((30, 288), np.float32))
    assert probabilities.shape == (len(KINDS),)
    assert probabilities.sum() == pytest.approx(1)
