"""A second witness for voices that the voice detector does not know: children's, shouted, sung ones.

Silero has learnt from people who talk: above 320 Hz it misses every second voice, or finds it late. Played slower, the
same voice is one that it knows. So whatever it takes for no voice, though it is louder than the room, is heard again at
a lower pitch; what is either time a voice is one.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

import numpy as np

from device.audio.measure import dbfs
from device.listen.endpointer import FRAME

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.listen.vad import SileroVad

LOWER: Final = 0.6
"""Times the pitch. Of 76 recordings of people who talk, raised to children's pitch, Silero finds 64 as they are, 75 at
0.7, 76 at 0.6 and 74 at 0.5; of 29 people above 320 Hz 25, 27, 29 and 29; as they are or at 0.6, the first frame of
voice comes within 103 ms of nine in ten, and within 612 and 436 ms without (noise 14 dB below the voice)."""
CATCH_UP: Final = 8
"""What it hears of the past when it is asked after a rest, 256 ms."""
LOUD_DB: Final = 6.0
"""What is not so much louder than the room is nobody."""
VOICE: Final = 0.5
"""What the detector takes for a voice as it is needs no second witness: its makers' threshold."""
FAINTEST_DBFS: Final = -60.0
"""No room counts as quieter, whatever the card does to its noise."""
RISE_DB: Final = 0.03
"""By so much a frame the room may get louder, 1 dB in a second: a sentence is no noise of the room yet."""


class HighVoices:
    """Tells how likely a frame is voice: `usual`'s word, or where that is none, what it says of the lowered sound.

    The lowered sound is a stream of its own, at a cost of 0.45 ms a frame (x86) while something sounds that is no voice
    as it is.
    """

    def __init__(self, usual: SileroVad) -> None:
        self._usual = usual
        self._lowered = usual.share()
        self._unheard: deque[NDArray[np.int16]] = deque(maxlen=CATCH_UP)
        self._room_db = 0.0
        self._rest()

    def reset(self) -> None:
        """Forget the past, but for how loud the room is."""
        self._usual.reset()
        self._rest()

    def probability(self, block: NDArray[np.int16]) -> float:
        """Return the probability, 0 to 1, that somebody speaks in `block`, the stream's next (512,) int16 at 16 kHz."""
        usual = self._usual.probability(block)
        level_db = dbfs(block)
        self._room_db = max(FAINTEST_DBFS, min(level_db, self._room_db + RISE_DB))
        if len(self._unheard) == CATCH_UP:
            self._rest()
        self._unheard.append(block.copy())
        if usual >= VOICE or level_db < self._room_db + LOUD_DB:
            return usual
        likely = [self._hear(missed) for missed in self._unheard]
        self._unheard.clear()
        return max(usual, likely[-1])

    def _rest(self) -> None:
        """Begin the lowered stream anew: it has not heard what came last."""
        self._lowered.reset()
        self._at, self._last = 0.0, 0.0  # of the next sample, in those of the block; and the sample before the block
        self._slow = np.zeros(0, np.float32)
        self._likely = 0.0

    def _hear(self, block: NDArray[np.int16]) -> float:
        """Return what the detector makes of `block` at the lower pitch: the likeliest of what frames are full by it."""
        count = int(np.ceil((FRAME - self._at) / LOWER))
        places = self._at + LOWER * np.arange(count)
        whole = np.concatenate(([self._last], block))  # place 0 is the sample before the block
        self._at, self._last = places[-1] + LOWER - FRAME, float(block[-1])
        slow = np.interp(places, np.arange(FRAME + 1), whole).astype(np.float32)
        self._slow = np.concatenate((self._slow, slow))
        found = []
        while len(self._slow) >= FRAME:
            found.append(self._lowered.probability(np.rint(self._slow[:FRAME]).astype(np.int16)))
            self._slow = self._slow[FRAME:]
        self._likely = max(found, default=self._likely)
        return self._likely
