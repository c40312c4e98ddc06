"""A loudspeaker of blocks of 10 ms, for what a playout plays: each test lets its time pass."""

import numpy as np
from numpy.typing import NDArray

from device.audio.playout import Playout

RATE = 16_000
BLOCK = RATE // 100


class Loudspeaker:
    """Has `playout` render blocks and keeps them: `track` is all of them."""

    def __init__(self, playout: Playout) -> None:
        self.playout = playout
        self.track = np.zeros(0, np.int16)

    def run(self, ms: int) -> NDArray[np.int16]:
        """Let `ms` pass, whole blocks of it; return what was played meanwhile."""
        for _ in range(ms // 10):
            out = np.full(BLOCK, 77, np.int16)
            self.playout.render(out, len(self.track))
            self.track = np.concatenate((self.track, out))
        return self.track[-ms * RATE // 1000 :]


def queue(playout: Playout, item: str, ms: int, level: int = 10_000) -> None:
    """Queue `ms` of an item; a constant shows gain as level."""
    playout.play(item, np.full(RATE * ms // 1000, level, np.int16).tobytes(), RATE)


def told(playout: Playout) -> list[tuple[object, ...]]:
    """Return the notes since the last call, each as (kind, frame, (item, ms heard, whether all was heard), …)."""
    return [(n.kind, n.frame, *((h.item, h.ms, h.whole) for h in n.heard)) for n in playout.notes()]
