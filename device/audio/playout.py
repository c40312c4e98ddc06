"""Reply audio on its way to the loudspeaker: queue, jitter buffer, duck, fade, and what was heard.

The event loop queues items and gives orders; the audio callback renders them and counts. Orders are single
assignments and each counter has one writer, so the callback never locks. What happened is left as notes, which
the front end's thread collects.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import Struct

from device.audio.resample import Resampler
from device.events import Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DUCK_MS = 10
"""Length of the ramp down."""
RESTORE_MS = 80
"""Length of the ramp back up."""
MOST_PREBUFFER_MS = 400


class Note(Struct, frozen=True):
    """What the callback did; `frame` counts loudspeaker frames at the card's rate."""

    kind: Literal["started", "starved", "done", "cut"]
    frame: int
    heard: tuple[Heard, ...]


class _Item:
    """A reply item in the queue."""

    def __init__(self, name: str, from_rate: int, to_rate: int) -> None:
        self.name = name
        self.resampler = Resampler(from_rate, to_rate)
        self.rate = to_rate
        self.chunks: deque[NDArray[np.int16]] = deque()
        self.queued = 0  # written by the event loop
        self.finished = False
        self.abandoned = False
        self.played = 0  # written by the callback, like all below
        self.offset = 0
        self.waiting = True

    def add(self, pcm: NDArray[np.int16]) -> None:
        if len(pcm):
            self.chunks.append(pcm)
            self.queued += len(pcm)  # after the chunk is there

    def heard(self, latency: int = 0) -> Heard:
        frames = max(0, self.played - latency)
        return Heard(self.name, frames * 1000 // self.rate, whole=self.finished and frames >= self.queued)


class _Sound:
    """An earcon that is being played; `at` belongs to the callback."""

    def __init__(self, pcm: NDArray[np.int16], repeats: bool) -> None:  # noqa: FBT001
        self.pcm = pcm
        self.repeats = repeats
        self.at = 0


class Playout:
    """What the loudspeaker plays: reply items one after the other, and earcons on top of them.

    `rate` is the card's. A `card.Source`.
    """

    def __init__(self, rate: int, *, prebuffer_ms: int = 40, volume: float = 1.0) -> None:
        self.rate = rate
        self.latency: Callable[[], int] = lambda: 0
        """Frames between the callback and the loudspeaker; the card's `output_latency`."""
        self._items: deque[_Item] = deque()
        self._notes: deque[Note] = deque()
        self._volume = volume
        self._duck = 1.0
        self._fade_ms = 0
        self._gain = volume * volume
        self._prebuffer_ms = self._least_prebuffer_ms = prebuffer_ms
        self._sound: _Sound | None = None
        self._make_buffers(rate // 100)

    # For the event loop

    def play(self, item: str, pcm: bytes, rate: int) -> None:
        """Queue s16le mono audio at `rate` for `item`, which is queued behind all others when it is new."""
        entry = self._find(item)
        if entry is None:
            entry = _Item(item, rate, self.rate)
            self._items.append(entry)
        entry.add(entry.resampler.push(np.frombuffer(pcm, np.int16)))

    def finish(self, item: str) -> None:
        """Say that `item` is complete; harmless for an item that is not queued."""
        entry = self._find(item)
        if entry is not None and not entry.finished:
            entry.add(entry.resampler.flush())
            entry.finished = True

    def heard(self, item: str) -> Heard | None:
        """Return how much of `item` has left the loudspeaker by now; None if it is not queued."""
        entry = self._find(item)
        return None if entry is None else entry.heard(self.latency())

    def duck(self, db: float) -> None:
        """Lower the reply to `db` at once."""
        self._duck = 10 ** (db / 20)

    def restore(self) -> None:
        """Bring the reply back to its level, over 80 ms."""
        self._duck = 1.0

    def cut(self, fade_ms: int) -> None:
        """Fade out and drop all that is queued now; a `cut` note tells what was heard, also when nothing was."""
        for item in list(self._items):
            item.abandoned = True
        self._duck = 1.0
        self._fade_ms = max(1, fade_ms)

    @property
    def volume(self) -> float:
        """0 to 1; the square of it is the gain."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = min(1.0, max(0.0, volume))

    def sound(self, pcm: NDArray[np.int16] | None, *, repeat: bool = False) -> None:
        """Play an earcon, `(n,) int16` at the card's rate, over whatever plays; None ends one."""
        self._sound = None if pcm is None else _Sound(pcm, repeat)

    def notes(self) -> list[Note]:
        """Return what the callback did since the last call."""
        notes = []
        while self._notes:
            notes.append(self._notes.popleft())
        return notes

    def _find(self, name: str) -> _Item | None:
        return next((i for i in list(self._items) if i.name == name and not i.abandoned), None)

    # For the audio callback

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Fill `out`, `(n,) int16` at the card's rate, the block whose first frame is `position`."""
        if len(out) != len(self._mix):
            self._make_buffers(len(out))
        filled = 0
        out.fill(0)
        fade_ms = self._fade_ms
        at = position + self.latency()
        while filled < len(out) and self._items and (taken := self._take(out, filled, at)):
            filled += taken
        target = 0.0 if fade_ms else self._volume * self._volume * self._duck
        sound = self._sound
        if filled or sound is not None:
            self._level(out, target, fade_ms)
        else:
            self._gain = target
        if sound is not None:
            self._add(out, sound)
        if fade_ms and (self._gain == 0.0 or not filled):
            self._drop(at + filled)

    def _take(self, out: NDArray[np.int16], filled: int, at: int) -> int:
        """Copy what the first item has into `out[filled:]`; return the frames copied."""
        while self._items:
            item = self._items[0]
            # `finished` before `queued`: what is queued once an item is finished is all of it.
            finished, ready = item.finished, item.queued - item.played
            if item.waiting and not finished and ready * 1000 < self._prebuffer_ms * self.rate:
                return 0
            if ready:
                return self._copy(item, out, filled, at)
            if not finished:
                item.waiting = True
                self._prebuffer_ms = min(MOST_PREBUFFER_MS, max(20, 2 * self._prebuffer_ms))
                self._notes.append(Note("starved", at + filled, (item.heard(),)))
                return 0
            self._prebuffer_ms = max(self._least_prebuffer_ms, self._prebuffer_ms * 9 // 10)
            self._items.popleft()
            self._notes.append(Note("done", at + filled, (item.heard(),)))
        return 0

    def _copy(self, item: _Item, out: NDArray[np.int16], filled: int, at: int) -> int:
        item.waiting = False
        if item.played == 0:
            self._notes.append(Note("started", at + filled, (item.heard(),)))
        chunk = item.chunks[0]
        n = min(len(out) - filled, len(chunk) - item.offset)
        out[filled : filled + n] = chunk[item.offset : item.offset + n]
        item.offset += n
        item.played += n
        if item.offset == len(chunk):
            item.chunks.popleft()
            item.offset = 0
        return n

    def _level(self, out: NDArray[np.int16], target: float, fade_ms: int) -> None:
        """Bring `out` from the present gain towards `target`, as fast as the ramp in force allows."""
        ramp_ms = fade_ms or (DUCK_MS if target < self._gain else RESTORE_MS)
        most = len(out) * 1000 / (ramp_ms * self.rate)
        step = min(most, max(-most, target - self._gain))
        if step == 0.0:
            np.multiply(out, self._gain, out=self._mix)
        else:
            np.multiply(self._ramp, step, out=self._gains)
            np.add(self._gains, self._gain, out=self._gains)
            np.multiply(out, self._gains, out=self._mix)
            self._gain += step
            if abs(self._gain - target) < 1e-6:
                self._gain = target
        np.rint(self._mix, out=self._mix)
        np.copyto(out, self._mix, casting="unsafe")

    def _add(self, out: NDArray[np.int16], sound: _Sound) -> None:
        n = min(len(out), len(sound.pcm) - sound.at)
        mix = self._mix[:n]
        np.multiply(sound.pcm[sound.at : sound.at + n], self._volume * self._volume, out=mix)
        np.add(mix, out[:n], out=mix)
        np.clip(mix, -32768, 32767, out=mix)
        np.copyto(out[:n], mix, casting="unsafe")
        sound.at = (sound.at + n) % len(sound.pcm)
        if not sound.at and not sound.repeats and self._sound is sound:
            self._sound = None

    def _drop(self, at: int) -> None:
        heard = []
        while self._items and self._items[0].abandoned:
            heard.append(self._items.popleft().heard())
        self._fade_ms = 0
        self._notes.append(Note("cut", at, tuple(heard)))

    def _make_buffers(self, n: int) -> None:
        self._mix = np.zeros(n, np.float32)
        self._gains = np.zeros(n, np.float32)
        self._ramp = np.arange(1, n + 1, dtype=np.float32) / n
