"""A VITS model as Piper exports it, run so that the first sound comes long before the last.

VITS (Kim, Kong and Son, "Conditional Variational Autoencoder with Adversarial Learning for End-to-End Text-to-Speech",
2021, arXiv:2106.06103) plans a whole piece of speech, its melody and the length of each phoneme, and then decodes it
by convolutions, which see a few frames to either side. So the model is cut in two: planning is done at once, and takes
a quarter of the time; decoding is done in blocks that are the same, sample by sample, as if it were done at once.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import onnxruntime

from device.listen.onnx import options, require, unusable
from device.local.tts.graph import Graph, GraphError, crossing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SEEN: Final = 12
"""Frames to either side of a block that its decoding goes by. Measured for Piper's "medium" models: from 10 on, what
comes differs by less than 1e-6."""
BLOCKS: Final = (24, 48)
"""Frames of the first block and of all that follow: 0.3 and 0.6 s of a "medium" voice. The first is heard soon; of
each, `SEEN` frames to either side are decoded twice, so those that follow are longer. Of 1.1 s they would leave 25 MB
more in the heap, and save nothing."""
_DECODER: Final = "/dec/"
"""How the names of the decoder's operations begin, by the name that it has in the source of VITS."""
_LENGTHS: Final = "/Ceil"
"""The operation that makes the length of each phoneme whole frames."""


class Vits:
    """A model that is loaded; one whose operations have other names is not cut, but run whole. Raises `ModelError`."""

    def __init__(self, path: Path) -> None:
        require(path)
        try:
            graph = Graph(np.memmap(path, np.uint8, "r").data)
        except GraphError as error:
            raise unusable(path, error) from error
        cut = crossing(graph, lambda node: node.name.startswith(_DECODER))
        lengths = [node.outputs[0] for node in graph.nodes if node.name == _LENGTHS]
        self._between: list[str] = cut if lengths else []
        self._planner = _open(path, graph.part([*lengths, *cut] if self._between else graph.outputs))
        self._decoder = _open(path, graph.part(graph.outputs, cut)) if self._between else None
        self.inputs = frozenset(one.name for one in self._planner.get_inputs())
        """What it is to be fed; with several speakers, that is `sid` too."""

    def plan(self, ids: list[int], scales: tuple[float, float, float], speaker: int | None) -> Plan:
        """Plan how the phonemes `ids` are said; `scales` are noise, slowness and the noise of lengths."""
        fed: dict[str, Any] = {
            "input": np.array([ids], np.int64),
            "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array(scales, np.float32),
        }
        if speaker is not None:
            fed["sid"] = np.array([speaker], np.int64)
        found = self._planner.run(None, fed)
        if self._decoder is None:
            whole = found[0].reshape(-1)
            return Plan(np.full(len(ids), len(whole) / len(ids)), lambda start, end: whole[start:end], len(whole), 0)
        latent = dict(zip(self._between, found[1:], strict=True))
        frames = latent[self._between[0]].shape[2]
        decoder = self._decoder

        def decode(start: int, end: int) -> NDArray[np.float32]:
            # What does not change from frame to frame, who speaks, is one frame long.
            part = {name: one[:, :, start:end] if one.shape[2] == frames else one for name, one in latent.items()}
            decoded: NDArray[np.float32] = decoder.run(None, part)[0].reshape(-1)
            return decoded

        return Plan(found[0].reshape(-1), decode, frames, SEEN)


class Plan:
    """Speech that is planned."""

    def __init__(
        self,
        lengths: NDArray[Any],
        decode: Callable[[int, int], NDArray[np.float32]],
        frames: int,
        seen: int,
    ) -> None:
        self.lengths = lengths
        """Frames of each phoneme; where the model does not say, all are the same."""
        self.hop = 1
        """Samples a frame, once the first block is decoded."""
        self._decode = decode
        self._frames = frames
        self._seen = seen

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Decode the speech, (n,) of -1 to 1, block by block; a model that was not cut gives one."""
        start, lengths = 0, [*BLOCKS] if self._seen else [self._frames]
        while start < self._frames:
            length = lengths.pop(0) if len(lengths) > 1 else lengths[0]
            end = self._frames if start + length + self._seen > self._frames else start + length
            before, after = max(0, start - self._seen), min(self._frames, end + self._seen)
            decoded = self._decode(before, after)
            self.hop = len(decoded) // (after - before)
            yield decoded[(start - before) * self.hop : (end - before) * self.hop]
            start = end


def _open(path: Path, parts: Iterable[bytes | memoryview]) -> onnxruntime.InferenceSession:
    """Open a part of the model at `path`.

    By way of a file in memory: of bytes, onnxruntime would keep a copy, 60 MB of a "medium" voice.
    """
    chosen = options()
    chosen.enable_cpu_mem_arena = False  # it would keep what the longest piece needed, 60 MB
    file = os.memfd_create("voice")
    try:
        with os.fdopen(file, "wb", closefd=False) as out:
            out.writelines(parts)
        return onnxruntime.InferenceSession(f"/proc/self/fd/{file}", chosen, providers=["CPUExecutionProvider"])
    except Exception as fault:  # onnxruntime raises a dozen classes of its own
        raise unusable(path, fault) from fault
    finally:
        os.close(file)
