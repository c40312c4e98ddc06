"""What the panel shows, and tells, where there is no assistant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.audio.card.base import Card
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from device.conversation.states import State
    from device.panel.button import Gesture


class Unattended:
    """Stands in for an assistant: is in `state` for ever, plays nothing, and ignores what it is told."""

    sent = 0
    ringing = updating = setting_up = closed = False
    digits = ""

    def __init__(self, state: State) -> None:
        self.state = state
        self.card = Card(CLOCK_RATE, ring_seconds=1)

    def gesture(self, gesture: Gesture) -> None:
        """Do nothing."""

    def switch(self, *, closed: bool) -> None:
        """Do nothing."""

    def turn(self, steps: int) -> None:
        """Do nothing."""
