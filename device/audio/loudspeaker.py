"""What the rest of the device sees of the loudspeaker, wherever that is played: here, or in the card's own process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from device.audio.playout import Note
    from device.conversation.events import Heard


class Loudspeaker(Protocol):
    """Plays reply items one after the other, and earcons on top of them; a `card.base.Source`.

    It is a `Playout`, where it is said what its methods do, or `card.remote_playout.RemotePlayout` in its place.
    """

    rate: int
    """Hz, the card's."""
    volume: float
    """0 to 1."""

    def play(self, item: str, pcm: bytes, rate: int) -> None:
        """Queue s16le mono audio at `rate` for `item`."""

    def finish(self, item: str) -> None:
        """Say that `item` is complete."""

    def heard(self, item: str) -> Heard | None:
        """Return how much of `item` has left the loudspeaker."""

    @property
    def playing(self) -> Heard | None:
        """How much of the item that is being played has left the loudspeaker."""

    def lower(self, db: float) -> None:
        """Lower the reply."""

    def duck(self, db: float) -> None:
        """Lower the reply and hold it."""

    def restore(self) -> None:
        """Let it go on."""

    def cut(self, fade_ms: int) -> None:
        """Fade out and drop all that is queued."""

    def sound(self, pcm: NDArray[np.int16] | None, *, repeat: bool = False) -> None:
        """Play an earcon, or end it."""

    def notes(self) -> list[Note]:
        """Return what the callback did since the last call."""

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Fill a block."""

    def skip(self, frames: int) -> None:
        """Let time pass."""
