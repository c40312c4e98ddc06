"""What the network is trained on: sounds that are known for what they are."""

from __future__ import annotations

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray


class Said(Struct, frozen=True):
    """A sound, and what it is."""

    kind: str
    """One of `by_sound.KINDS`."""
    text: str
    pcm: NDArray[np.float32]
    """16 kHz, full scale 1."""
    voice: str = ""
