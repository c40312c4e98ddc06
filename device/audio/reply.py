"""A reply item on its way to the loudspeaker: a tape that can be rewound a little, and where its words begin."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from device.audio.measure import SILENCE_DBFS, levels
from device.audio.resample import Resampler
from device.conversation.events import Heard

if TYPE_CHECKING:
    from numpy.typing import NDArray

KEPT_S = 1
"""How much of what was played is kept, at least; more if it came in larger pieces."""
QUIET_MS = 30
"""Length of the quiet place that parts two words, or of a plosive's closure, which is seldom shorter. Longer ones miss
those; shorter ones find a pitch period's quiet half."""
ALIKE_DB = 6.0
"""Of places that are about equally quiet, within this, the last one counts: the less is repeated, the better. More
takes a soft sound for a pause, less goes back farther than it must."""


class ReplyItem:
    """A reply item in the queue: `name`, and its audio at `to_rate`, which arrives at `from_rate`.

    The event loop adds, the audio callback takes; each attribute is written by one of them.
    """

    def __init__(self, name: str, from_rate: int, to_rate: int) -> None:
        self.name = name
        self.resampler = Resampler(from_rate, to_rate)
        self.rate = to_rate
        self.queued = 0
        """Frames that have arrived, the event loop's, like the two below."""
        self.finished = False
        """No more will come."""
        self.abandoned = False
        """It was cut off."""
        self.at = 0
        """The frame that is played next, the callback's, like all below."""
        self.reached = 0
        """The frame after the last one that was ever played: more than `at` after rewinding."""
        self.rewound: int | None = None
        """Where it went on after it was interrupted last."""
        self.started = False
        self.waiting = True
        """For more of it to arrive."""
        self._ahead: deque[NDArray[np.int16]] = deque()
        self._behind: deque[NDArray[np.int16]] = deque()
        self._behind_frames = 0
        self._offset = 0  # into the first piece ahead
        self._since = 0  # frames of the card since `reached` was played

    # For the event loop

    def add(self, pcm: NDArray[np.int16]) -> None:
        """Add `(n,) int16` at the card's rate."""
        if len(pcm):
            self._ahead.append(pcm)
            self.queued += len(pcm)  # after the piece is there

    def heard(self, latency: int = 0) -> Heard:
        """Return how much of it has left a loudspeaker that lags by `latency` frames; what is repeated counts once."""
        frames = max(0, self.reached - max(0, latency - self._since))
        return Heard(self.name, frames * 1000 // self.rate, whole=self.finished and frames >= self.queued)

    def before(self, position: int, frames: int) -> NDArray[np.int16]:
        """Return up to `frames` frames before `position`, as far as they are kept.

        While the item is being played, that may be a block off.
        """
        played = [*self._behind, *(piece[: self._offset] for piece in list(self._ahead)[:1])]
        kept = np.concatenate(played) if played else np.zeros(0, np.int16)
        end = max(0, len(kept) - (self.at - position))
        return kept[max(0, end - frames) : end]

    # For the audio callback

    @property
    def ready(self) -> int:
        """Frames that can be played now."""
        return self.queued - self.at

    def take(self, out: NDArray[np.int16]) -> int:
        """Copy what comes next into `out`; return the frames copied, which may be fewer than there are."""
        piece = self._ahead[0]
        n = min(len(out), len(piece) - self._offset)
        out[:n] = piece[self._offset : self._offset + n]
        self._offset += n
        self.at += n
        if self.at > self.reached:
            self.reached = self.at
            self._since = 0
        if self._offset == len(piece):
            self._offset = 0
            self._behind.append(self._ahead.popleft())
            self._behind_frames += len(piece)
            while self._behind_frames - len(self._behind[0]) >= KEPT_S * self.rate:
                self._behind_frames -= len(self._behind.popleft())
        return n

    def rewind(self, position: int) -> None:
        """Go back to `position`, or as far as is kept."""
        back = self.at - position
        while back > self._offset and self._behind:
            piece = self._behind.pop()
            self._behind_frames -= len(piece)
            self._ahead.appendleft(piece)
            self._offset += len(piece)
        back = min(back, self._offset)
        self._offset -= back
        self.at -= back
        self.rewound = self.at

    def pass_time(self, frames: int) -> None:
        """Count a block of the card that has been rendered without reaching further."""
        self._since += frames


def word_start(sound: NDArray[np.int16], rate: int) -> int:
    """Return where in `sound`, `(n,) int16` at `rate`, to begin again so that its last word is whole.

    That is where the quietest 30 ms begin, the last such place if several are alike: a pause, or the closure of a
    plosive, which is where syllables begin. What is shorter than that is begun again at once, at its end.
    """
    window, hop = rate * QUIET_MS // 1000, rate // 200
    found = np.maximum(levels(sound, window, hop), SILENCE_DBFS)
    if not len(found):
        return len(sound)
    return int(np.flatnonzero(found <= found.min() + ALIKE_DB)[-1]) * hop
