"""Whether what is left over is the device's own voice after all, louder than expected.

A clock that changes, a loudspeaker that is carried away or rattles: the filter leaves more of the echo than it did, and
that sounds like somebody. But it goes up and down as the echo does, or is an echo itself of what was played.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.audio.echo.place import Place
    from device.audio.echo.residual import Residual

NEAR_DB, NEAR_BLOCKS, NEAR_WINDOW = 1.0, 2, 4
"""It is looked at where so many of so many blocks exceed what is expected by that much: a block before anything is made
of it (`near_end.NEAR_END_BLOCKS`)."""
LOOK_EVERY, HOLDS = 4, 8
"""Blocks, 40 ms, between two looks; what one finds counts for twice as long, until the next one is sure to be done."""
ALIKE, ALIKE_BLOCKS = 0.62, 25
"""What goes up and down that much as the echo does is the device's own voice, in the first 250 ms of what may be
somebody. In these, at -10 to +6 dB, 64 voices reach 0.59 at the most and 0 in the median, what the device takes for one
reaches it in three of four looks; later, a reply that is lowered fades as words do, and a voice may reach 0.7."""
QUIET_BLOCKS = 10
"""So long nothing may exceed what is expected, 100 ms, before something is taken for the beginning of another voice."""
_ALL, _LAST = (1 << QUIET_BLOCKS) - 1, (1 << NEAR_WINDOW) - 1


class OwnVoice:
    """Looks at what exceeds the expected rest of the echo, by `residual` and `place`."""

    def __init__(self, place: Place, residual: Residual) -> None:
        self.found = 0
        """How often what seemed to be somebody turned out to be the device's own voice."""
        self._place = place
        self._residual = residual
        self._near = 0  # the last blocks, a bit each: whether they exceed what is expected
        self._since = 0  # blocks since something does
        self._waits = 0
        self._holds = 0

    @property
    def holds(self) -> bool:
        """Whether what exceeds now is taken for the device's own voice."""
        return self._holds > 0

    def rest(self) -> None:
        """Know that time passed in which nothing was listened to."""
        self._holds = 0

    def step(self, *, plays: bool, ago: int = 0) -> None:
        """Look at the residual's last block; `plays` tells whether the first echo may be heard in it.

        It came so many blocks `ago`, where what was heard is heard again.

        What fades with its reverberation fades as any word does, but a second echo may still be on its way.
        """
        self._holds = max(0, self._holds - 1)
        self._waits = max(0, self._waits - 1)
        self._near = (self._near << 1 | (self._residual.excess >= NEAR_DB)) & _ALL
        self._since = self._since + 1 if self._near else 0
        if self._waits or (self._near & _LAST).bit_count() < NEAR_BLOCKS:
            return
        self._waits = LOOK_EVERY
        alike = plays and self._since <= ALIKE_BLOCKS and self._residual.likeness > ALIKE
        if alike or self._place.own(ago):
            self.found += not self._holds
            self._holds = HOLDS
            self._since = 0
