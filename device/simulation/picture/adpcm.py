"""Speech in four bits a sample: adaptive differential PCM after IMA's, for what a page's script unpacks.

No codec that all browsers know can be made here without a package of its own, and this one takes twenty lines on either
side; `data/picture/sound.js` has the other. Each block begins anew, so that all are packed at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLOCK: Final = 1024
"""Samples of a block; before their codes it has its first sample, int16, where in `STEPS` it begins, and a zero."""
# fmt: off
STEPS: Final = (
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
)
# fmt: on
"""Sizes of a step: IMA Digital Audio Focus and Technical Working Groups, Recommended Practices, 3.00 (1992)."""
_CHANGES: Final = np.array([-1, -1, -1, -1, 2, 4, 6, 8])
"""By how much a code changes the size of the next step: ibidem."""
_OPENING: Final = 16
"""Samples by whose differences a block's first step is chosen: a millisecond."""


def pack(pcm: NDArray[np.int16]) -> bytes:
    """Return samples, `(n,) int16`, packed in blocks of 516 bytes, the last of which ends with silence."""
    blocks = np.zeros((-(-len(pcm) // BLOCK), BLOCK), np.int32)
    blocks.reshape(-1)[: len(pcm)] = pcm
    steps = np.array(STEPS, np.int32)
    value = blocks[:, 0].copy()
    changes = np.abs(np.diff(blocks[:, :_OPENING], axis=1)).mean(axis=1)
    size = np.minimum(np.searchsorted(steps, changes), len(STEPS) - 1)
    packed = np.zeros((len(blocks), 4 + BLOCK // 2), np.uint8)
    packed[:, :2] = value.astype("<i2").reshape(-1, 1).view(np.uint8)
    packed[:, 2] = size
    for at in range(BLOCK):
        step = steps[size]
        difference = blocks[:, at] - value
        code = np.minimum(7, 4 * np.abs(difference) // step)
        change = (2 * code + 1) * step >> 3
        value = np.clip(np.where(difference < 0, value - change, value + change), -32768, 32767)
        size = np.clip(size + _CHANGES[code], 0, len(STEPS) - 1)
        packed[:, 4 + at // 2] |= ((code | np.where(difference < 0, 8, 0)) << 4 * (at % 2)).astype(np.uint8)
    return packed.tobytes()
