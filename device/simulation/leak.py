"""A loudspeaker that is heard by another device: across the room, or through a door."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from device.simulation import acoustics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.simulation.scene import Scene

REVERB_DB = 3.0
"""Beyond the critical distance, there is more of the room's response than of the direct sound."""


class Leak:
    """What arrives of the loudspeaker of `scene`, at `rate` Hz in blocks of `block` frames.

    It arrives `delay_ms` later, and `db` louder than the visitors of the scene, when what plays has the level at which
    its own echo has its own.
    """

    def __init__(self, scene: Scene, rate: int, block: int, *, delay_ms: float, db: float, seed: int = 0) -> None:
        room = scene.room
        response = acoustics.impulse_response(rate, room.rt60, REVERB_DB, np.random.default_rng(seed))
        loss = acoustics.saturation_loss(acoustics.ratio(room.loudspeaker_db), room.clip)
        gain = acoustics.ratio(scene.speech_db - room.loudspeaker_db + db) / loss
        self._clip = room.clip
        self._delay = acoustics.DriftingDelay(max(block, round(delay_ms * rate / 1000)), block)
        self._room = acoustics.Convolver(response * np.float32(gain), block)

    def read(self) -> NDArray[np.float32]:
        """Return the next block that is heard."""
        return self._room.process(acoustics.saturate(self._delay.read(), self._clip))

    def write(self, played: NDArray[np.float32]) -> None:
        """Take the next block that the loudspeaker plays."""
        self._delay.write(played)
