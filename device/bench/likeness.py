"""Finding a piece of sound in a longer one, by correlation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.simulation.correlation import similarity

if TYPE_CHECKING:
    from numpy.typing import NDArray


def locate(piece: NDArray[np.int16], within: NDArray[np.int16]) -> tuple[int, float]:
    """Return where `piece` is most like a part of `within`, both (n,) int16, and the correlation there.

    Of their differences, for speech is much alike in its low frequencies. (0, 0.0) if `within` is shorter.
    """
    pattern, whole = np.diff(piece.astype(np.float64)), np.diff(within.astype(np.float64))
    n = len(pattern)
    if not n or len(whole) < n:
        return 0, 0.0
    score = similarity(pattern, whole, least=1e-3)
    best = int(np.argmax(score))
    return best, float(score[best])
