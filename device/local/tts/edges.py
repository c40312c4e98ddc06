"""How a spoken piece begins and ends: without the silence that the model put there, and with the pause that is due."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

SENTENCE_S: Final = 0.18
"""Silence after a sentence, as espeak-ng's voice has it here: more makes the reply seem to go on."""
CLAUSE_S: Final = 0.1
"""… after a piece of a sentence: about what a voice leaves at a comma by itself. A choice by measured pauses."""
_AUDIBLE: Final = 0.003
"""-50 dBFS: what is softer, for longer than `_KEPT_S` at an edge, is taken off."""
_KEPT_S: Final = 0.015
"""Kept before and after what is audible, where it fades: soft consonants and breath begin and end so."""


class Edges:
    """The edges of one piece at `rate` Hz; `ends` if a sentence ends with it."""

    def __init__(self, rate: int, *, ends: bool) -> None:
        self._kept = round(rate * _KEPT_S)
        self._pause = np.zeros(round(rate * (SENTENCE_S if ends else CLAUSE_S)), np.float32)
        self.dropped = 0
        """Samples taken off the beginning, once the first block has come out."""

    def trimmed(self, blocks: Iterable[NDArray[np.float32]]) -> Iterator[NDArray[np.float32]]:
        """Yield the sound of `blocks`, (n,) of -1 to 1, with other edges; silence longer than a block is kept whole."""
        begun = False
        quiet: list[NDArray[np.float32]] = []  # what has come since the last that is audible
        for block in blocks:
            loud = np.flatnonzero(np.abs(block) > _AUDIBLE)
            if not len(loud):
                quiet.append(block)
                continue
            waiting = np.concatenate([*quiet, block])
            before = len(waiting) - len(block)
            if not begun:
                begun = True
                self.dropped = max(0, before + int(loud[0]) - self._kept)
                waiting = _fade(waiting[self.dropped :].copy(), self._kept, rising=True)
                before -= self.dropped
            end = before + int(loud[-1]) + 1
            yield waiting[:end]
            quiet = [waiting[end:]]
        if begun:
            tail = np.concatenate(quiet)[: self._kept].copy()
            yield np.concatenate((_fade(tail, len(tail), rising=False), self._pause))


def _fade(sound: NDArray[Any], length: int, *, rising: bool) -> NDArray[Any]:
    """Bring the first `length` samples of a sound up from silence, or its last down to it, in place."""
    length = min(length, len(sound))
    slope = np.linspace(0.0, 1.0, length, dtype=np.float32)
    if rising:
        sound[:length] *= slope
    elif length:
        sound[-length:] *= slope[::-1]
    return sound
