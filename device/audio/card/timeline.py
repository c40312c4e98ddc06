"""How much of a microphone's stream is missing, told by the clock: what is lost in a stall is seldom owned up to."""

from __future__ import annotations

LATE_S = 0.03
"""So late a stream counts as standing still, and is watched until it is known what is missing. Less, and it waits for
what is merely late on a busy machine; more, and a short loss is not noticed."""
STEADY_S = 0.03
"""A stream that goes on as the clock does for so long, but late, has lost what it is late by. A sound server hands over
what it kept within 5 ms; more, and the loudspeaker falls silent while this is waited for."""
JITTER_S = 0.004
"""How far the frames of a steady stream may come apart from the clock: a sound server is off by up to 3 ms."""
PATIENCE = 60
"""How often frames may come, neither steadily nor in time, before what they are late by counts as lost: 0.6 s at a
block each. Without an end, a card that is never steady would never be heard again."""
DRIFT = 0.001
"""How much slower than the machine's clock a card may be: ten times as much as a cheap crystal."""


class Timeline:
    """Compares the frames of a stream of `rate` with a clock in seconds, which may be any that only runs forward.

    That frames come late shows nothing: they may all come at once afterwards, when the process, the sound server or the
    machine goes on. Only if the stream goes on steadily and is still late, frames were lost.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._base: float | None = None  # the least the clock was ahead of the frames: nothing is late then
        self._at = 0.0
        self._frames = -1
        self._late = 0  # times that frames came late
        self._since = self._ahead = 0.0  # since when they are late by the same, and by how much

    @property
    def settling(self) -> bool:
        """True while it is not known yet whether frames are late or lost."""
        return self._late > 0

    def lost(self, frames: int, now: float) -> int:
        """Return how many frames are missing for sure, when `frames` of the stream came until `now`.

        They count as come from then on.
        """
        ahead = now * self._rate - frames
        if self._base is None:
            self._base = ahead
        else:
            self._base = min(ahead, self._base + (now - self._at) * self._rate * DRIFT)
        self._at = now
        if ahead - self._base < LATE_S * self._rate:
            self._late = 0
            return 0
        if self._late and frames == self._frames:
            return 0
        self._frames = frames
        self._late += 1
        if self._late == 1 or abs(ahead - self._ahead) > JITTER_S * self._rate:
            self._since, self._ahead = now, ahead
        if now - self._since < STEADY_S and self._late < PATIENCE:
            return 0
        return self.restart(frames, now)

    def restart(self, frames: int, now: float) -> int:
        """Return how many frames are missing when a stream begins anew after `frames`; they count as come."""
        self._late = 0
        return 0 if self._base is None else max(0, round(now * self._rate - frames - self._base))
