"""Reply audio on its way to the loudspeaker: queue, jitter buffer, duck, fade, and what was heard.

A ducked reply is not merely soft, it stands still: nothing is said that cannot be understood or has to be repeated,
and a visitor who means to interrupt finds the device silent long before it is certain that they do. If it was nothing,
the reply goes on from the beginning of the word that was broken off, as people do.

The event loop queues items and gives orders; the audio callback renders them and counts. Orders are single
assignments and each counter has one writer, so the callback never locks. What happened is left as notes, which
the front end's thread collects.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import Struct

from device.audio.reply import ReplyItem, word_start
from device.conversation.events import Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

DUCK_MS = 10
"""Length of the first ramp down, of anything that is lowered."""
HUSH_MS = 30
"""How much longer a ducked reply takes to fall silent."""
RESTORE_MS = 20
"""Length of the ramp back up."""
REST_MS = 20
"""A reply that is held is silent at least so long: less would be a flutter."""
DIP_MS = 80
"""What is lowered no longer than this loses no word."""
LOWERED_MS = 400
"""What is lowered for longer waits as if it were held: the word at which it began could not be said again for ever."""
HICCUP_MS = 150
"""A reply that was held no longer than this goes on where it was; words do not fall apart in so short a time."""
LOOK_BACK_MS = 500
"""How far back the beginning of the word is looked for that was interrupted."""
MOST_PREBUFFER_MS = 400


class Note(Struct, frozen=True):
    """What the callback did; `frame` counts loudspeaker frames at the card's rate."""

    kind: Literal["started", "starved", "done", "cut"]
    frame: int
    heard: tuple[Heard, ...]


class _Sound:
    """An earcon that is being played; `at` belongs to the callback."""

    def __init__(self, pcm: NDArray[np.int16], repeats: bool) -> None:  # noqa: FBT001
        self.pcm = pcm
        self.repeats = repeats
        self.at = 0


class _Duck:
    """An order to lower the reply, and perhaps to hold it.

    All but `hold`, which both threads set, and `resume` is the callback's.
    """

    def __init__(self, db: float, *, hold: bool) -> None:
        self.gain = 10 ** (db / 20)
        self.hold = hold
        self.resume: int | None = None
        """Where the item goes on; None: where it was."""
        self.item: ReplyItem | None = None
        """What was interrupted, if anything."""
        self.mark = 0
        """Where in the item it began."""
        self.frames = 0
        """Of the card, since then."""
        self.quiet = 0
        """Of these, how many silent."""
        self.end = 0
        """Where in the item it ended, if the item went on meanwhile."""


class Playout:
    """What the loudspeaker plays: reply items one after the other, and earcons on top of them.

    `rate` is the card's. A `card.Source`.
    """

    def __init__(self, rate: int, *, prebuffer_ms: int = 40, volume: float = 1.0) -> None:
        self.rate = rate
        self.latency: Callable[[], int] = lambda: 0
        """Frames between the callback and the loudspeaker; the card's `output_latency`."""
        self._items: deque[ReplyItem] = deque()
        self._notes: deque[Note] = deque()
        self._volume = volume
        self._duck: _Duck | None = None  # the order; `_held` is what the callback made of it
        self._held: _Duck | None = None
        self._dipped: _Duck | None = None  # the last one that was but lowered; the callback's
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
            entry = ReplyItem(item, rate, self.rate)
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

    @property
    def playing(self) -> Heard | None:
        """How much of the item that is being played has left the loudspeaker by now; None if none is."""
        entry = next(iter(self._items), None)
        return None if entry is None else entry.heard(self.latency())

    def lower(self, db: float) -> None:
        """Lower the reply by `db` (negative) at once; it goes on for a moment, or up to the end of its item."""
        if self._duck is None:
            self._duck = _Duck(db, hold=False)

    def duck(self, db: float) -> None:
        """Lower the reply by `db` (negative) at once, and hold it: a moment later it is silent, and waits."""
        if self._duck is None:
            self._duck = _Duck(db, hold=True)
        else:
            self._duck.hold = True

    def restore(self) -> None:
        """Let a ducked or lowered reply go on at its level, from the beginning of the word at which it was lowered.

        Nothing is lost so. After a moment only, it goes on where it was held; or where it is, if it was only lowered.
        """
        duck = self._duck
        if duck is not None and duck.item is not None and duck.frames > self._frames(DIP_MS):
            duck.resume = self._where_to_go_on(duck.item, duck)
        self._duck = None

    def cut(self, fade_ms: int) -> None:
        """Fade out and drop all that is queued now; a `cut` note tells what was heard, also when nothing was."""
        for item in list(self._items):
            item.abandoned = True
        self._fade_ms = max(1, fade_ms)
        self._duck = None  # only now: else the reply would come back before it goes

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

    def _where_to_go_on(self, item: ReplyItem, duck: _Duck) -> int:
        """Return where `item`, goes on: so that the ramp up is over where the duck began."""
        in_time = duck.mark - self._frames(RESTORE_MS)
        # A word is begun again once: else a reply that is ducked again and again would never get any farther.
        first = 0 if item.rewound is None else item.rewound + self._frames(HICCUP_MS)
        if duck.frames <= self._frames(HICCUP_MS) or duck.mark <= first:
            return in_time
        sound = item.before(duck.mark, min(self._frames(LOOK_BACK_MS), duck.mark - first))
        if len(sound) == duck.mark:  # an item comes out of silence
            sound = np.concatenate((np.zeros(self._frames(LOOK_BACK_MS), np.int16), sound))
        return min(in_time, duck.mark - len(sound) + word_start(sound, self.rate))

    def _frames(self, ms: int) -> int:
        return ms * self.rate // 1000

    def _find(self, name: str) -> ReplyItem | None:
        return next((i for i in list(self._items) if i.name == name and not i.abandoned), None)

    # For the audio callback

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Fill `out`, `(n,) int16` at the card's rate, the block whose first frame is `position`."""
        if len(out) != len(self._mix):
            self._make_buffers(len(out))
        out.fill(0)
        at = position + self.latency()
        fade_ms = self._fade_ms
        if not fade_ms:
            self._obey(self._duck, at)
        first = self._items[0] if self._items else None
        reached = first.reached if first is not None else 0
        filled = self._fill(out, at)
        target, slope = self._aim(fade_ms)
        sound = self._sound
        if filled or sound is not None:
            self._level(out, target, slope)
        else:
            self._gain = target if self._held is None else 0.0
        if sound is not None:
            self._add(out, sound)
        if first is not None and first.reached == reached:
            first.pass_time(len(out))
        if self._held is not None:
            self._held.frames += len(out)
            self._held.quiet += len(out) if self._gain == 0.0 else 0
            self._held.hold = self._held.hold or self._held.frames > self._frames(LOWERED_MS)
        if fade_ms and (self._gain == 0.0 or not filled):
            self._drop(at + filled)

    def _obey(self, duck: _Duck | None, at: int) -> None:
        """Hold the reply, or let it go on, if that was ordered since the last block."""
        held = self._held
        if duck is held:
            return
        if duck is not None and held is not None:  # restored and ducked again in no time
            duck.item, duck.mark, duck.frames, duck.quiet = held.item, held.mark, held.frames, held.quiet
        elif duck is not None:
            while self._items and self._items[0].finished and not self._items[0].ready:
                self._end(at)
            if self._items:
                duck.item, duck.mark = self._items[0], self._items[0].at
                self._join(duck)
        elif held is not None:
            if not self._go_on(held):
                return
            self._dipped = None if held.hold else held
            held.end = held.item.at if held.item is not None else 0
        self._held = duck

    def _join(self, duck: _Duck) -> None:
        """Make one of a dip and the one before, if the reply was hardly at its level between them."""
        before = self._dipped
        if (
            before is not None
            and before.item is duck.item
            and duck.mark - before.end < self._frames(RESTORE_MS + REST_MS)
        ):
            duck.frames, duck.mark = duck.mark - before.mark, before.mark

    def _go_on(self, held: _Duck) -> bool:
        """Let a reply go on that was lowered, and return True; False while it has to fall silent before."""
        item = held.item
        if held.hold or held.resume is not None:
            held.hold = True
            if held.quiet < self._frames(REST_MS):
                return False
            if item is not None:
                back = held.mark - self._frames(RESTORE_MS) if held.resume is None else held.resume
                item.rewind(max(item.rewound or 0, back))
        if item is None or not item.at or (held.quiet and not held.hold):
            self._gain = self._volume * self._volume
        return True

    def _fill(self, out: NDArray[np.int16], at: int) -> int:
        """Copy what is played next into `out`, at full level; return the frames copied."""
        filled, held = 0, self._held
        if held is None:
            while filled < len(out) and self._items and (taken := self._take(out, filled, at)):
                filled += taken
            return filled
        item = held.item
        if item is not None and not item.waiting and not held.quiet:
            while filled < len(out) and item.ready:
                filled += item.take(out[filled:])
        return filled

    def _take(self, out: NDArray[np.int16], filled: int, at: int) -> int:
        """Copy what the first item has into `out[filled:]`; return the frames copied."""
        while self._items:
            item = self._items[0]
            # `finished` before `ready`: what is queued once an item is finished is all of it.
            finished, ready = item.finished, item.ready
            if item.waiting and not finished and ready * 1000 < self._prebuffer_ms * self.rate:
                return 0
            if ready:
                item.waiting = False
                if not item.started:
                    item.started = True
                    self._notes.append(Note("started", at + filled, (item.heard(),)))
                return item.take(out[filled:])
            if not finished:
                item.waiting = True
                self._prebuffer_ms = min(MOST_PREBUFFER_MS, max(20, 2 * self._prebuffer_ms))
                self._notes.append(Note("starved", at + filled, (item.heard(),)))
                return 0
            self._end(at + filled)
        return 0

    def _end(self, at: int) -> None:
        """Be done with the first item."""
        self._prebuffer_ms = max(self._least_prebuffer_ms, self._prebuffer_ms * 9 // 10)
        self._notes.append(Note("done", at, (self._items.popleft().heard(),)))

    def _aim(self, fade_ms: int) -> tuple[float, float]:
        """Return the gain to bring the reply to, and how fast: by how much a millisecond."""
        full = self._volume * self._volume
        if fade_ms:
            return 0.0, 1 / fade_ms
        if self._held is None:
            return full, 1 / (DUCK_MS if full < self._gain else RESTORE_MS)
        low = full * self._held.gain
        return (0.0, low / HUSH_MS) if self._held.hold and self._gain <= low else (low, 1 / DUCK_MS)

    def _level(self, out: NDArray[np.int16], target: float, slope: float) -> None:
        """Bring `out` from the present gain towards `target`, by at most `slope` a millisecond."""
        most = len(out) * 1000 / self.rate * slope
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
        self._held = None
        self._fade_ms = 0
        self._notes.append(Note("cut", at, tuple(heard)))

    def _make_buffers(self, n: int) -> None:
        self._mix = np.zeros(n, np.float32)
        self._gains = np.zeros(n, np.float32)
        self._ramp = np.arange(1, n + 1, dtype=np.float32) / n
