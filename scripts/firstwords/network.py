"""The network while it is being trained; `device/listen/by_sound.py` is what runs on the device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.listen.by_sound import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float32]
Weights = dict[str, Floats]

HIDDEN, FEATURES, SPAN = 64, 96, 5
"""Of the states' projection; of what is looked for in them; and over how many of them, 24 ms apart."""
EPOCHS, BATCH = 14, 128
RATE, DECAY, SMOOTHING, DROP, NOISE = 2e-3, 0.05, 0.05, 0.35, 0.15
"""Of learning, at its highest; of the weights; of the labels; part of what is dropped; and what is added to the states.
All are choices that did well."""
WARM = 0.3
"""Part of all steps in which the rate goes up."""


def begin(states: int, rng: np.random.Generator) -> Weights:
    """Return weights to begin with, for states of so many numbers."""

    def drawn(inputs: int, *shape: int) -> Floats:
        return rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(inputs))

    return {
        "project.weight": drawn(states, HIDDEN, states),
        "project.bias": drawn(states, HIDDEN),
        "look.weight": drawn(HIDDEN * SPAN, FEATURES, HIDDEN, SPAN),
        "look.bias": drawn(HIDDEN * SPAN, FEATURES),
        "decide.weight": drawn(2 * FEATURES, len(KINDS), 2 * FEATURES),
        "decide.bias": drawn(2 * FEATURES, len(KINDS)),
    }


def train(
    states: Sequence[NDArray[np.float16]],
    kinds: NDArray[np.int64],
    seed: int,
    *,
    weights: Weights | None = None,
    importance: Floats | None = None,
    epochs: int = EPOCHS,
    rate: float = RATE,
) -> Weights:
    """Return the weights that tell the `kinds` of `states`, each `(m, n)`; by `weights` to begin with, if given."""
    rng = np.random.default_rng(seed)
    weights = {name: array.copy() for name, array in (weights or begin(states[0].shape[1], rng)).items()}
    share = np.bincount(kinds, minlength=len(KINDS)) / len(kinds)
    matters = np.maximum(share * len(KINDS), 1e-6)[kinds] ** -0.5 * (1.0 if importance is None else importance)
    moments = {name: (np.zeros_like(array), np.zeros_like(array)) for name, array in weights.items()}
    lengths = np.array([len(one) for one in states])
    steps, step = epochs * -(-len(states) // BATCH), 0
    for epoch in range(epochs):
        # Those of one length together, in random order: little of a batch is padding.
        order = np.argsort(lengths + rng.uniform(0, 4, len(states)))
        batches = [order[at : at + BATCH] for at in range(0, len(order), BATCH)]
        total = 0.0
        for number in rng.permutation(len(batches)):
            batch = batches[number]
            loss, slopes = _slopes(weights, *_padded(states, batch), rng, kinds=kinds[batch], matters=matters[batch])
            step += 1
            _move(weights, moments, slopes, step, rate * _pace(step / steps))
            total += loss * len(batch)
        print(f"epoch {epoch + 1}: {total / len(states):.3f}", flush=True)
    return weights


def _pace(done: float) -> float:
    """Return which part of the highest rate of learning it is when so much is done: soon up, slowly down."""
    if done < WARM:
        return float(0.5 - 0.5 * np.cos(np.pi * done / WARM))
    return float(0.5 + 0.5 * np.cos(np.pi * (done - WARM) / (1 - WARM)))


def _padded(states: Sequence[NDArray[np.float16]], batch: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return the states of a batch, `(batch, time, n)`, and where there are any, `(batch, time, 1)`."""
    longest = max(len(states[i]) for i in batch)
    x = np.zeros((len(batch), longest, states[0].shape[1]), np.float32)
    mask = np.zeros((len(batch), longest, 1), np.float32)
    for row, i in enumerate(batch):
        x[row, : len(states[i])] = states[i]
        mask[row, : len(states[i])] = 1
    return x, mask


class _Seen(Struct):
    """What the network makes of a batch, on the way to the kinds."""

    kept: Floats
    """What is kept of the projection: where it is positive and not dropped."""
    windows: Floats
    look: Floats
    there: Floats
    found: Floats
    count: Floats
    kept_pooled: Floats
    pooled: Floats
    likely: Floats


def _see(weights: Weights, x: Floats, mask: Floats, rng: np.random.Generator) -> _Seen:
    """Return what the network makes of `x`, some of it dropped."""

    def dropped(shape: tuple[int, ...]) -> Floats:
        return (rng.random(shape, np.float32) >= DROP) * np.float32(1 / (1 - DROP))

    length, edge = x.shape[1], SPAN // 2
    linear = x @ weights["project.weight"].T + weights["project.bias"]
    kept = dropped(linear.shape) * mask * (linear > 0)
    hidden = np.pad(linear * kept, ((0, 0), (edge, edge), (0, 0)))
    windows = np.concatenate([hidden[:, i : i + length] for i in range(SPAN)], axis=2)
    look = weights["look.weight"].transpose(2, 1, 0).reshape(-1, FEATURES)
    found = windows @ look + weights["look.bias"]
    there = (found > 0) * mask
    found = found * there
    count = mask.sum(axis=1)
    pooled = np.concatenate([found.sum(axis=1) / count, found.max(axis=1)], axis=1)
    kept_pooled = dropped(pooled.shape)
    logits = (pooled * kept_pooled) @ weights["decide.weight"].T + weights["decide.bias"]
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    likely = (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32)
    return _Seen(kept, windows, look, there, found, count, kept_pooled, pooled, likely)


def _slopes(
    weights: Weights, x: Floats, mask: Floats, rng: np.random.Generator, *, kinds: NDArray[np.int64], matters: Floats
) -> tuple[float, Weights]:
    """Return the loss of a batch and its slope by each weight."""
    x += NOISE * rng.standard_normal(x.shape, np.float32)
    seen = _see(weights, x, mask, rng)
    rows, length = x.shape[:2]
    wanted = np.full_like(seen.likely, SMOOTHING / len(KINDS))
    wanted[np.arange(rows), kinds] += 1 - SMOOTHING
    part = (matters / matters.sum())[:, None].astype(np.float32)
    loss = float(-(part * wanted * np.log(seen.likely + 1e-9)).sum())
    d_logits = part * (seen.likely - wanted)
    d_pooled = (d_logits @ weights["decide.weight"]) * seen.kept_pooled
    d_found = np.broadcast_to((d_pooled[:, :FEATURES] / seen.count)[:, None], seen.found.shape).copy()
    at = (np.arange(rows)[:, None], seen.found.argmax(axis=1), np.arange(FEATURES)[None])
    d_found[at] += d_pooled[:, FEATURES:]
    d_found *= seen.there
    d_windows = d_found @ seen.look.T
    edge = SPAN // 2
    d_hidden = np.zeros((rows, length + 2 * edge, HIDDEN), np.float32)
    for i in range(SPAN):
        d_hidden[:, i : i + length] += d_windows[..., i * HIDDEN : (i + 1) * HIDDEN]
    d_linear = d_hidden[:, edge : edge + length] * seen.kept
    d_look = seen.windows.reshape(-1, SPAN * HIDDEN).T @ d_found.reshape(-1, FEATURES)
    return loss, {
        "project.weight": d_linear.reshape(-1, HIDDEN).T @ x.reshape(-1, x.shape[2]),
        "project.bias": d_linear.sum(axis=(0, 1)),
        "look.weight": d_look.reshape(SPAN, HIDDEN, FEATURES).transpose(2, 1, 0),
        "look.bias": d_found.sum(axis=(0, 1)),
        "decide.weight": d_logits.T @ (seen.pooled * seen.kept_pooled),
        "decide.bias": d_logits.sum(axis=0),
    }


def _move(weights: Weights, moments: dict[str, tuple[Floats, Floats]], slopes: Weights, step: int, rate: float) -> None:
    """Take a step down the slopes: AdamW."""
    for name, slope in slopes.items():
        mean, square = moments[name]
        mean += 0.1 * (slope - mean)
        square += 0.001 * (slope**2 - square)
        down = (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        weights[name] -= np.float32(rate) * (down + np.float32(DECAY) * weights[name])
