"""What a short piece of speech or noise is, by its sound: a small network on the recogniser's encoder.

The encoder has learnt from many people what matters in speech, so a network of 50,000 weights is enough to tell a few
dozen short phrases from all others, also where half a word is not enough for the recogniser to write it down.
`scripts/firstwords` trains it, on English; the weights are `data/firstwords.npz`.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from device.data import DATA

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("backchannel", "stop", "speech", "nothing")
"""What it tells apart, in the order of its outputs; as `first_words.py` means them."""
WEIGHTS = DATA / "firstwords.npz"


class BySound:
    """The network: a projection, a convolution over time, the mean and the maximum over time, and a decision."""

    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None:
        self._project = weights["project.weight"].T, weights["project.bias"]
        look = weights["look.weight"]  # (features, hidden, span)
        self._span = look.shape[2]
        self._look = look.transpose(2, 1, 0).reshape(-1, look.shape[0]), weights["look.bias"]
        self._decide = weights["decide.weight"].T, weights["decide.bias"]

    def __call__(self, states: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the probabilities of `KINDS` for the encoder's states, (m, 288)."""
        hidden = np.maximum(_affine(states, self._project), 0)
        edge = self._span // 2
        padded = np.pad(hidden, ((edge, edge), (0, 0)))
        windows = np.concatenate([padded[i : i + len(states)] for i in range(self._span)], axis=1)
        found = np.maximum(_affine(windows, self._look), 0)
        logits = _affine(np.concatenate([found.mean(axis=0), found.max(axis=0)]), self._decide)
        odds = np.exp(logits - logits.max())
        probabilities: NDArray[np.float32] = odds / odds.sum()
        return probabilities


@cache
def by_sound() -> BySound:
    """Return the network with its trained weights."""
    with np.load(WEIGHTS) as weights:
        return BySound({name: weights[name].astype(np.float32) for name in weights.files})


def _affine(x: NDArray[np.float32], weights: tuple[NDArray[np.float32], NDArray[np.float32]]) -> NDArray[np.float32]:
    result: NDArray[np.float32] = x @ weights[0] + weights[1]
    return result
