"""Reply audio on its way to the loudspeaker: queue, jitter buffer, duck, fade, and what was heard.

A ducked reply is not merely soft, it stands still: nothing is said that cannot be understood or has to be repeated,
and a visitor who means to interrupt finds the device silent long before it is certain that they do. If it was nothing,
the reply goes on from the beginning of the word that was broken off, as people do.

Three threads meet here, and none waits for another. The event loop's queues items and hands over what it wants, each
time as one immutable reference (`Order`, `Earcon`). The audio callback picks that up at the beginning of a block,
renders and counts; what it makes of a duck is the state machine of `duck.py`. What happened is left as notes, which the
capture thread collects. Each attribute is written by one of them alone.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from device.audio.duck import Duck, Event, Order, State
from device.audio.fader import Fader
from device.audio.overlay import Earcon, Overlay
from device.audio.reply import ReplyItem
from device.audio.resume import place_to_resume
from device.conversation.events import Heard

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

MOST_PREBUFFER_MS = 400
"""What a reply that starved again and again waits for at most. More would bridge longer gaps, and have the user wait
longer after each of them."""


class Note(Struct, frozen=True):
    """What the callback did; `frame` counts loudspeaker frames at the card's rate."""

    kind: Literal["started", "starved", "done", "cut"]
    frame: int
    heard: tuple[Heard, ...]


class Playout:
    """What the loudspeaker plays: reply items one after the other, and earcons on top of them.

    `rate` is the card's; `latency` tells the frames between the callback and the loudspeaker, the card's
    `output_latency`, and is called by any thread. A `card.base.Source`.
    """

    def __init__(
        self, rate: int, *, prebuffer_ms: int = 40, volume: float = 1.0, latency: Callable[[], int] = lambda: 0
    ) -> None:
        self.rate = rate
        self._latency = latency
        self._items: deque[ReplyItem] = deque()
        self._notes: deque[Note] = deque()
        # The event loop's
        self._volume = volume
        self._order = self._before = Order()
        self._earcon: Earcon | None = None
        # The callback's
        self._duck = Duck(rate)
        self._fader = Fader(rate, volume * volume)
        self._overlay = Overlay()
        self._cuts = 0
        self._rests: tuple[Order, Earcon | None] | None = None  # what was wanted when nothing was left to do
        self._prebuffer_ms = self._least_prebuffer_ms = prebuffer_ms

    def play(self, item: str, pcm: bytes, rate: int) -> None:
        """Queue s16le mono audio at `rate` for `item`, which is queued behind all others when it is new.

        For the event loop's thread.
        """
        entry = self._find(item)
        if entry is None:
            entry = ReplyItem(item, rate, self.rate)
            self._items.append(entry)
        entry.add(entry.resampler.push(np.frombuffer(pcm, np.int16)))

    def finish(self, item: str) -> None:
        """Say that `item` is complete; harmless for an item that is not queued. For the event loop's thread."""
        entry = self._find(item)
        if entry is not None and not entry.finished:
            entry.add(entry.resampler.flush())
            entry.finished = True

    def heard(self, item: str) -> Heard | None:
        """Return how much of `item` has left the loudspeaker by now; None if it is not queued.

        For any thread but the callback's.
        """
        entry = self._find(item)
        return None if entry is None else entry.heard(self._latency())

    @property
    def playing(self) -> Heard | None:
        """How much of the item that is being played has left the loudspeaker by now; None if none is.

        For any thread but the callback's.
        """
        entry = next(iter(self._items), None)
        return None if entry is None else entry.heard(self._latency())

    def lower(self, db: float) -> None:
        """Lower the reply by `db` (negative) at once; it goes on for a moment, or up to the end of its item.

        For the event loop's thread, as all orders are. Nothing changes for what is lowered or ducked already.
        """
        if not self._order.lowers:
            self._begin(Event.LOWER, db)

    def duck(self, db: float) -> None:
        """Lower the reply by `db` (negative) at once, and hold it: a moment later it is silent, and waits.

        For the event loop's thread. What was lowered stays at that level until it is silent.
        """
        if not self._order.lowers:
            self._begin(Event.HOLD, db)
        else:
            self._order = replace(self._order, wants=Event.HOLD)

    def restore(self) -> None:
        """Let a ducked or lowered reply go on at its level, from the beginning of the word at which it was lowered.

        Nothing is lost so. After a moment only, it goes on where it was held; or where it is, if it was only lowered.
        For the event loop's thread.
        """
        order, interrupted = self._order, self._duck.interrupted
        if not order.lowers:
            return
        if interrupted is None or interrupted.duck != order.duck:
            self._order = self._before  # the callback has not seen it yet: it is taken back
            return
        resume = place_to_resume(interrupted, self._duck.frames - interrupted.since, self.rate)
        wants = Event.RESTORE if order.wants is Event.LOWER and resume is None else Event.REPEAT
        self._order = replace(order, wants=wants, resume=resume)

    def cut(self, fade_ms: int) -> None:
        """Fade out and drop all that is queued now; a `cut` note tells what was heard, also when nothing was.

        For the event loop's thread.
        """
        for item in list(self._items):
            item.abandoned = True
        # The duck ends with it, in one: else the reply would come back before it goes.
        order = self._order
        self._order = replace(order, wants=Event.RESTORE, resume=None, cuts=order.cuts + 1, fade_ms=max(1, fade_ms))

    @property
    def volume(self) -> float:
        """0 to 1; the square of it is the gain. For any thread to read, for the event loop's to set."""
        return self._volume

    @volume.setter
    def volume(self, volume: float) -> None:
        self._volume = min(1.0, max(0.0, volume))

    def sound(self, pcm: NDArray[np.int16] | None, *, repeat: bool = False) -> None:
        """Play an earcon, `(n,) int16` at the card's rate, over whatever plays; None ends one.

        For the event loop's thread.
        """
        self._earcon = None if pcm is None else Earcon(pcm, repeat)

    def notes(self) -> list[Note]:
        """Return what the callback did since the last call. For one thread, which is not the callback's."""
        notes = []
        while self._notes:
            notes.append(self._notes.popleft())
        return notes

    def render(self, out: NDArray[np.int16], position: int) -> None:
        """Fill `out`, `(n,) int16` at the card's rate, the block whose first frame is `position`.

        For the audio callback, or whoever stands in for it: one thread at a time.
        """
        order, earcon, duck, fader = self._order, self._earcon, self._duck, self._fader
        out.fill(0)
        full = self._volume * self._volume
        if self._rests is not None:
            # A hundred times a second, day and night: all the rest would change nothing.
            if not self._items and order is self._rests[0] and earcon is self._rests[1]:
                fader.gain = full
                duck.frames += len(out)
                return
            self._rests = None
        at = position + self._latency()
        cut = order.cuts != self._cuts
        if cut:
            duck.cut(order.fade_ms)
        else:
            self._obey(order, at, full)
        first = self._items[0] if self._items else None
        reached = first.reached if first is not None else 0
        filled = self._fill(out, at)
        target, slope = duck.aim(full, fader.gain)
        sounding = self._overlay.follow(earcon)
        if filled or sounding:
            fader.apply(out, target, slope)
        else:
            fader.gain = target if duck.interrupted is None else 0.0
        if sounding:
            self._overlay.mix(out, full)
        if first is not None and first.reached == reached:
            first.pass_time(len(out))
        duck.rendered(len(out), silent=fader.gain == 0.0)
        if cut and (fader.gain == 0.0 or not filled):
            self._drop(at + filled)
            self._cuts = order.cuts
        if not (filled or sounding or self._items) and duck.idle and order.cuts == self._cuts:
            self._rests = order, earcon

    def skip(self, frames: int) -> None:
        """Note that so many frames passed for which nothing was rendered; called as `render` is."""
        if self._items:
            self._items[0].pass_time(frames)

    def _begin(self, wants: Event, db: float) -> None:
        order = self._before = self._order
        self._order = replace(order, wants=wants, duck=order.duck + 1, gain=10 ** (db / 20))

    def _find(self, name: str) -> ReplyItem | None:
        return next((i for i in list(self._items) if i.name == name and not i.abandoned), None)

    # For the audio callback

    def _obey(self, order: Order, at: int, full: float) -> None:
        """Do what was ordered since the last block."""
        if order.lowers and self._duck.state is State.PLAYING:
            # What is over is not interrupted any more.
            while self._items and self._items[0].finished and not self._items[0].ready:
                self._end(at)
        if self._duck.obey(order, self._items[0] if self._items else None):
            self._fader.gain = full

    def _fill(self, out: NDArray[np.int16], at: int) -> int:
        """Copy what is played next into `out`, at full level; return the frames copied."""
        filled, interrupted = 0, self._duck.interrupted
        if interrupted is None:
            while filled < len(out) and self._items and (taken := self._take(out, filled, at)):
                filled += taken
            return filled
        item = interrupted.item
        if item is not None and not item.waiting and not self._duck.silent:
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

    def _drop(self, at: int) -> None:
        heard = []
        while self._items and self._items[0].abandoned:
            heard.append(self._items.popleft().heard())
        self._duck.dropped()
        self._notes.append(Note("cut", at, tuple(heard)))
