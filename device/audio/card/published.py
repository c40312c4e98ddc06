"""The playout in the card's own process: what the loudspeaker plays, and what the daemon is told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from device.audio.card.link import Cut, Finish, Lower, Play, Restore, Sound, Volume
from device.audio.playout import Playout

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.audio.card.base import Card
    from device.audio.card.board import Board
    from device.audio.card.link import Order
    from device.audio.playout import Note

KINDS: Final = ("started", "starved", "done", "cut")
"""Of a note, as numbers."""


class Published:
    """A `card.base.Source`: a playout whose items are named by numbers, with all that it does written on the board."""

    def __init__(self, card: Card, board: Board, *, prebuffer_ms: int, volume: float) -> None:
        self._card = card
        self._board = board
        self._playout = Playout(
            card.rate, prebuffer_ms=prebuffer_ms, volume=volume, latency=lambda: card.output_latency
        )
        self._come = 0  # the number of the last item that was queued, set after it was

    def obey(self, order: Order) -> None:
        """Do what the daemon wants of the loudspeaker; for one thread, which is not the callback's."""
        playout = self._playout
        match order:
            case Play(item, pcm):
                playout.play(str(item), pcm, playout.rate)
                self._come = max(item, self._come)  # what comes may be more of an earlier one
            case Finish(item):
                playout.finish(str(item))
            case Lower(db, hold):
                (playout.duck if hold else playout.lower)(db)
            case Restore():
                playout.restore()
            case Cut(fade_ms):
                playout.cut(fade_ms)
            case Volume(volume):
                playout.volume = volume
            case Sound(pcm, repeat):
                playout.sound(np.frombuffer(pcm, np.int16) if pcm else None, repeat=repeat)

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Fill `out` and say what came of it, before the microphone's block is there."""
        board, card = self._board, self._card
        card.deaf = board.deaf
        come = self._come
        self._playout.render(out, position)
        self._say(come)
        board.output_latency = card.output_latency
        board.xruns = card.xruns.overruns, card.xruns.underruns

    def skip(self, frames: int) -> None:
        """Let time pass."""
        self._card.deaf = self._board.deaf
        self._playout.skip(frames)
        self._say(self._come)

    def _say(self, come: int) -> None:
        for note in self._playout.notes():
            self._board.note(lines(note))
        heard = self._playout.playing
        self._board.playing.put((0, come) if heard is None else (int(heard.item), come, heard.ms, heard.whole))


def lines(note: Note) -> list[tuple[int, ...]]:
    """Return a note as lines, one for each item that it tells of: kind, frame, item, ms heard, whole, more to come.

    An item is its number; 0 is none.
    """
    kind = KINDS.index(note.kind)
    if not note.heard:
        return [(kind, note.frame, 0, 0, 0, 0)]
    last = note.heard[-1]
    return [(kind, note.frame, int(one.item), one.ms, one.whole, one is not last) for one in note.heard]
