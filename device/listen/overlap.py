"""Whether a voice heard while the device speaks can be its own.

The echo canceller leaves a little of the echo over, and a voice detector takes that for somebody speaking. What is
left over is much weaker than the echo was; somebody who really speaks is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEFT_OVER_DB = -15.0
"""Power of the clean signal relative to the microphone's, up to which it may all be left over of the echo. Measured in
a room with a distorting loudspeaker: it keeps 26 of 29 frames of real voice and 2 of 15 of the device's own."""
HOLD = 0.7
"""What is kept of the microphone's power from one 32 ms frame to the next: reverberation goes on in the pauses."""


class EchoGate:
    """Compares frames before and after the echo canceller."""

    def __init__(self) -> None:
        self._loudest = 0.0

    def explains(self, clean: NDArray[np.int16], mic: NDArray[np.int16]) -> bool:
        """Return whether `clean` can be what the canceller left of `mic`; both `(512,) int16`, of the same moment."""
        self._loudest = max(_power(mic), HOLD * self._loudest)
        return _power(clean) <= self._loudest * 10 ** (LEFT_OVER_DB / 10)


def _power(frame: NDArray[np.int16]) -> float:
    samples = frame.astype(np.float32)
    return float(np.dot(samples, samples))
