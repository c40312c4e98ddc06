"""The time from the callback to the loudspeaker, out of what single callbacks say."""

from __future__ import annotations

SMOOTHING = 1 / 64
"""Weight of each block's latency in the mean: 0.64 s, so that the jitter of single blocks is gone."""
JITTER_MS = 5
"""Further from the mean, a block's latency is no jitter: with PulseAudio it was off by up to 3 ms on a busy machine."""
AGREEING = 4
"""So many in a row that agree on another latency are a jump: 40 ms of them. More are late to tell of it, less take a
busy moment for one."""


class Latency:
    """Frames at `rate`, from a block to the next: steady in jitter, and there at once after a jump."""

    def __init__(self, rate: int) -> None:
        self.frames = 0.0
        self._jitter = rate * JITTER_MS / 1000
        self._count = self._agreeing = 0
        self._other = 0.0

    def push(self, frames: int) -> None:
        """Take what a block says."""
        self._count += 1
        if self._count == 1:
            self.frames = frames
        if abs(frames - self.frames) <= self._jitter:
            self.frames += (frames - self.frames) * SMOOTHING
            self._agreeing = 0
            return
        self._agreeing = self._agreeing + 1 if self._agreeing and abs(frames - self._other) <= self._jitter else 1
        self._other = frames
        if self._agreeing >= AGREEING:
            self.frames, self._agreeing = frames, 0
