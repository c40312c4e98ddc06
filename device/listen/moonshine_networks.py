"""The two networks of a Moonshine, in either of the forms in which Parley has one.

As they ship (tiny), both want a mask, and the decoder is merged: `use_cache_branch` false computes the keys and values
of the encoder's states, true reuses them. As `model_files/moonshine_base.py` makes them (base), the encoder gives
those, and the decoder has no branches and wants no mask.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from device.listen.onnx import load
from device.model_files.files import ModelError
from device.system.typed import typed

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END = 1, 2
"""Token ids of `<s>` and `</s>`."""

Past: TypeAlias = dict[str, NDArray[np.float32]]
"""Keys and values by the decoder's name of them: the encoder's, and those of the tokens so far."""


class Networks:
    """Encoder and decoder. May be used by several threads at once."""

    def __init__(self, encoder: Path, decoder: Path) -> None:
        """Load both; raise `ModelError`."""
        self._encoder = load(encoder)
        self._decoder = load(decoder)
        self._given = [one.name for one in self._encoder.get_outputs()]
        self._mask_of = {"attention_mask"} & {one.name for one in self._encoder.get_inputs()}
        wanted = {one.name for one in self._decoder.get_inputs()}
        self._merged = "use_cache_branch" in wanted
        self._decoder_mask = "encoder_attention_mask" in wanted
        past = [one for one in self._decoder.get_inputs() if one.name.startswith("past_key_values.")]
        self._no_past = {
            one.name: np.zeros((1, one.shape[1], 0, one.shape[3]), np.float32)
            for one in past
            if self._merged or ".decoder." in one.name
        }
        self._own = [name for name in self._no_past if ".decoder." in name]
        self.tokens: int = self._decoder.get_outputs()[0].shape[-1]
        """How many tokens the decoder chooses from."""
        if not past or not self._own or (not self._merged and len(past) != len(self._own) + len(self._given) - 1):
            raise ModelError(f"{encoder} and {decoder} are no Moonshine; run `{typed('models fetch', root=True)}`")

    def encode(self, audio: NDArray[np.float32]) -> tuple[NDArray[np.float32], Past]:
        """Return the encoder's states of `(n,) float32, 16 kHz mono`, (m, width), and what it gives of their keys."""
        feed = {"input_values": audio[None]} | {name: np.ones((1, len(audio)), np.int64) for name in self._mask_of}
        states, *keys = self._encoder.run(self._given, feed)
        return states[0], {_past(name): one for name, one in zip(self._given[1:], keys, strict=True)}

    def begin(self, states: NDArray[np.float32], keys: Past, length: int) -> Decoding:
        """Begin to decode what `encode` gave for `length` samples."""
        feed: dict[str, Any] = {}
        if self._merged:
            feed = {"encoder_hidden_states": states[None], "use_cache_branch": np.array([False])}
        if self._decoder_mask:  # one a sample here too: the decoder thins it out itself
            feed["encoder_attention_mask"] = np.ones((1, length), np.int64)
        return Decoding(self._decoder, self._own, feed, self._no_past | keys)


class Decoding:
    """One piece of audio being decoded, token by token, by one or several hypotheses at once."""

    def __init__(self, decoder: Any, own: list[str], feed: dict[str, Any], past: Past) -> None:
        self._decoder = decoder
        self._own = own
        self._feed = feed
        self._past = past
        self._first = "use_cache_branch" in feed

    def step(self, tokens: list[int]) -> NDArray[np.float32]:
        """Add a token to each hypothesis and return the log probabilities of the next one, (hypotheses, tokens)."""
        wanted = list(self._past) if self._first else self._own
        feed = {"input_ids": np.array([[token] for token in tokens], np.int64), **self._feed, **self._past}
        logits, *presents = self._decoder.run(["logits", *map(_present, wanted)], feed)
        self._past |= zip(wanted, presents, strict=True)
        if self._first:  # the encoder's keys and values stay as they are from now on
            self._feed["use_cache_branch"], self._first = np.array([True]), False
        rows = logits[:, -1]
        best = rows.max(axis=1, keepdims=True)
        scores: NDArray[np.float32] = rows - best - np.log(np.exp(rows - best).sum(axis=1, keepdims=True))
        return scores

    def keep(self, which: list[int]) -> None:
        """Go on with these of the hypotheses, in this order; one may be there several times."""
        for name in self._own:  # what is the encoder's is there once, for all of them: a third less time a step
            self._past[name] = self._past[name][which]


def _past(present: str) -> str:
    return present.replace("present.", "past_key_values.")


def _present(past: str) -> str:
    return past.replace("past_key_values.", "present.")
