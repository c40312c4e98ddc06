"""The playout as the daemon has it, when the card has a process of its own: orders go there, notes come back.

It has the methods of `Playout`, and they mean the same, for the same threads. Resampling is done here. An item has a
number there and its name here. While there is no such process, a playout of its own takes its place, unheard.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import numpy as np

from device.audio.card.link import Cut, Finish, Lower, Order, Play, Restore, Sound, Volume
from device.audio.card.published import KINDS
from device.audio.playout import Note, Playout
from device.audio.resample import Resampler
from device.conversation.events import Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.audio.card.board import Board


class _Item:
    """An item that was sent."""

    def __init__(self, name: str, resampler: Resampler) -> None:
        self.name = name
        self.resampler = resampler
        self.queued = False
        """Whether any sound of it was."""
        self.finished = False
        self.abandoned = False


class RemotePlayout:
    """What the loudspeaker of a card's process plays, `board` being what that process tells. A `Loudspeaker`."""

    def __init__(self, board: Board, *, prebuffer_ms: int = 40, volume: float = 1.0) -> None:
        self.rate = board.rate
        self.prebuffer_ms = prebuffer_ms
        self._board = board
        self._volume = volume
        self._send: Callable[[Order], None] | None = None
        self._instead = self._stand_in()
        # Held for moments, by the event loop's, the capture's and the card's thread; never over resampling.
        self._lock = threading.Lock()
        self._items: dict[int, _Item] = {}
        self._number = 0
        self._read = 0
        self._cutting = False
        """Whether a cut was ordered and is not noted yet."""
        self._left: list[Note] = []
        """Notes that no process leaves any more."""

    # For its card

    def attach(self, send: Callable[[Order], None]) -> None:
        """Give orders by `send` from now on, to a process that has just been started with its volume."""
        with self._lock:
            self._left += self._instead.notes()
            self._instead.cut(1)
            scratch = np.zeros(self.rate // 100, np.int16)
            while not (notes := self._instead.notes()):
                self._instead.render(scratch, self._board.mic.position)
            self._left += [Note("done", note.frame, (heard,)) for note in notes for heard in note.heard]
            send(Volume(self._volume))
            self._send = send

    def detach(self) -> None:
        """Do without a process, which has ended: what it was still to play has been played as far as it came."""
        with self._lock:
            self._send = None
            self._left += self._read_notes()
            frame = self._board.mic.position
            over = {number: self._heard(number) for number in self._items if not self._gone(number)}
            if self._cutting:
                cut = tuple(heard for number, heard in over.items() if self._items[number].abandoned)
                self._left.append(Note("cut", frame, cut))
            self._left += [
                Note("done", frame, (heard,)) for number, heard in over.items() if not self._items[number].abandoned
            ]
            self._items.clear()
            self._cutting = False
            self._board.playing.put((0, self._number))
            self._instead = self._stand_in()

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Go on while there is no process, unheard."""
        self._instead.render(out, position)

    def skip(self, frames: int) -> None:
        """Let time pass while there is no process."""
        self._instead.skip(frames)

    # As `Playout` has them

    def play(self, item: str, pcm: bytes, rate: int) -> None:
        """Queue s16le mono audio at `rate` for `item`, which is queued behind all others when it is new."""
        with self._lock:
            if self._send is None:
                self._instead.play(item, pcm, rate)
                return
            number = self._find(item)
            if number is None:
                self._number = number = self._number + 1
                self._items[number] = _Item(item, Resampler(rate, self.rate))
            entry = self._items[number]
        self._queue(number, entry, entry.resampler.push(np.frombuffer(pcm, np.int16)))  # even of nothing: it is queued

    def finish(self, item: str) -> None:
        """Say that `item` is complete; harmless for an item that is not queued."""
        with self._lock:
            if self._send is None:
                self._instead.finish(item)
                return
            number = self._find(item)
            if number is None or self._items[number].finished:
                return
            entry = self._items[number]
        if len(rest := entry.resampler.flush()):
            self._queue(number, entry, rest)
        entry.finished = True
        self._order(Finish(number))

    def heard(self, item: str) -> Heard | None:
        """Return how much of `item` has left the loudspeaker by now; None if it is not queued."""
        with self._lock:
            if self._send is None:
                return self._instead.heard(item)
            number = self._find(item)
            return None if number is None else self._heard(number)

    @property
    def playing(self) -> Heard | None:
        """How much of the item that is being played has left the loudspeaker by now; None if none is."""
        with self._lock:
            if self._send is None:
                return self._instead.playing
            number = next((number for number in self._items if not self._gone(number)), None)
            return None if number is None else self._heard(number)

    def lower(self, db: float) -> None:
        """Lower the reply by `db` (negative) at once."""
        self._order(Lower(db, hold=False))

    def duck(self, db: float) -> None:
        """Lower the reply by `db` (negative) at once, and hold it."""
        self._order(Lower(db, hold=True))

    def restore(self) -> None:
        """Let a ducked or lowered reply go on."""
        self._order(Restore())

    def cut(self, fade_ms: int) -> None:
        """Fade out and drop all that is queued now."""
        with self._lock:
            if self._send is None:
                self._instead.cut(fade_ms)
                return
            self._cutting = True
            for item in self._items.values():
                item.abandoned = True
            self._send(Cut(fade_ms))

    @property
    def volume(self) -> float:
        """0 to 1; the square of it is the gain."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = min(1.0, max(0.0, volume))
        self._order(Volume(self._volume))

    def sound(self, pcm: NDArray[np.int16] | None, *, repeat: bool = False) -> None:
        """Play an earcon, `(n,) int16` at the card's rate, over whatever plays; None ends one."""
        self._order(Sound(b"" if pcm is None else pcm.tobytes(), repeat))

    def notes(self) -> list[Note]:
        """Return what the callback did since the last call."""
        with self._lock:
            notes, self._left = self._left, []
            return notes + (self._instead.notes() if self._send is None else self._read_notes())

    def _order(self, order: Order) -> None:
        with self._lock:
            if self._send is not None:
                self._send(order)

    def _queue(self, number: int, entry: _Item, pcm: NDArray[np.int16]) -> None:
        entry.queued = entry.queued or len(pcm) > 0
        self._order(Play(number, pcm.tobytes()))

    def _stand_in(self) -> Playout:
        return Playout(self.rate, prebuffer_ms=self.prebuffer_ms, latency=lambda: self._board.output_latency)

    # With the lock held

    def _find(self, name: str) -> int | None:
        for number, item in self._items.items():
            if item.name == name and not item.abandoned and not self._gone(number):
                return number
        return None

    def _gone(self, number: int) -> bool:
        """Whether an item has left the queue, noted or not."""
        first, come, _, _ = self._board.playing.get()
        return number <= come and (not first or number < first)

    def _heard(self, number: int) -> Heard:
        first, _, ms, whole = self._board.playing.get()
        item = self._items[number]
        if number == first:
            return Heard(item.name, ms, bool(whole))
        return Heard(item.name, 0, item.finished and not item.queued)

    def _read_notes(self) -> list[Note]:
        notes: list[Note] = []
        heard: list[Heard] = []
        lines, self._read = self._board.notes(self._read)
        for kind, frame, number, ms, whole, more in lines:
            ends = KINDS[kind] in ("done", "cut")
            item = self._items.pop(number, None) if ends else self._items.get(number)
            if item is not None:
                heard.append(Heard(item.name, ms, bool(whole)))
            if more:
                continue
            if heard or not number:
                notes.append(Note(KINDS[kind], frame, tuple(heard)))
            self._cutting = self._cutting and KINDS[kind] != "cut"
            heard = []
        return notes
