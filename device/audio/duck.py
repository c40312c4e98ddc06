"""The duck: how a reply is lowered, held and let go on, as a state machine that the audio callback owns.

The event loop's thread says what it wants by an immutable `Order`, a single reference that the callback picks up at the
beginning of a block; nothing else goes that way. The other way goes `Duck.interrupted`, immutable as well, and the
count `Duck.frames`: from these the event loop works out where a reply goes on (`resume.py`), which is too much for a
callback.

                    it sounds               it is silent

    PLAYING ──lower──► LOWERED ────silent────► DRY
       │                  │ hold, long          │ hold, long
       └──────hold────► FALLING ───silent────► HELD
                          │ restore, repeat     │ restore, repeat
                       TURNING ────silent────► RETURNING ──rested──► PLAYING

    LOWERED and DRY: restore leads to PLAYING at once, repeat to TURNING and RETURNING.
    Lowered or held anew while it is below: up again in its column, to the row of that order.
    From anywhere: ──cut──► CUT ──dropped──► PLAYING
"""

from __future__ import annotations

from enum import Enum, auto

from msgspec import Struct
from msgspec.structs import replace

from device.audio.reply import ReplyItem

DUCK_MS = 10
"""Length of the first ramp down, of anything that is lowered: a block of the card. Whoever interrupts notices at once;
a shorter ramp clicks."""
HUSH_MS = 30
"""How much longer a ducked reply takes to fall silent. 110 to 440 Hz then leave less than -65 dB above 2 kHz (the test
of clicks in tests/audio/test_playout_ducking.py; cut off hard, they leave -34 to -25 dB)."""
RESTORE_MS = 20
"""Length of the ramp back up, which must be over where the word goes on; by the same test."""
REST_MS = 20
"""A reply that is held is silent at least so long: less would be a flutter."""
LOWERED_MS = 400
"""What is lowered for longer waits as if it were held: the word at which it began could not be said again for ever,
since a reply item keeps but a second of what was played (`reply.KEPT_S`)."""


class State(Enum):
    """What the callback makes of the reply."""

    PLAYING = auto()
    """At its level, or on its way up to it."""
    LOWERED = auto()
    """It goes on, softly, up to the end of its item."""
    DRY = auto()
    """Lowered, and silent: there was nothing more of its item, or nothing at all."""
    FALLING = auto()
    """Ducked: it goes on while it falls silent."""
    HELD = auto()
    """Ducked, and silent: it stands still."""
    TURNING = auto()
    """Restored, but it has to fall silent before it goes back."""
    RETURNING = auto()
    """Restored and silent; it goes back once it was so for `REST_MS`."""
    CUT = auto()
    """It fades out and is dropped."""


class Event(Enum):
    """What brings it from one state to another: an order, or what has become of the last block."""

    LOWER = auto()
    HOLD = auto()
    RESTORE = auto()
    """To go on where it is."""
    REPEAT = auto()
    """To go back to where it was interrupted, or to the beginning of the word that was broken off."""
    SILENT = auto()
    """A block ended in silence."""
    LONG = auto()
    """It was lowered for longer than `LOWERED_MS`."""
    RESTED = auto()
    """It was silent for `REST_MS`."""
    CUT = auto()
    DROPPED = auto()
    """The fade of a cut is over."""


TRANSITIONS: dict[State, dict[Event, State]] = {
    State.PLAYING: {Event.LOWER: State.LOWERED, Event.HOLD: State.FALLING, Event.CUT: State.CUT},
    State.LOWERED: {
        Event.HOLD: State.FALLING,
        Event.RESTORE: State.PLAYING,
        Event.REPEAT: State.TURNING,
        Event.SILENT: State.DRY,
        Event.LONG: State.FALLING,
        Event.CUT: State.CUT,
    },
    State.DRY: {
        Event.HOLD: State.HELD,
        Event.RESTORE: State.PLAYING,
        Event.REPEAT: State.RETURNING,
        Event.LONG: State.HELD,
        Event.CUT: State.CUT,
    },
    # To be lowered leads up from here on: restored and lowered anew, all between two blocks or before it went on.
    State.FALLING: {
        Event.LOWER: State.LOWERED,
        Event.RESTORE: State.TURNING,
        Event.REPEAT: State.TURNING,
        Event.SILENT: State.HELD,
        Event.CUT: State.CUT,
    },
    State.HELD: {
        Event.LOWER: State.DRY,
        Event.RESTORE: State.RETURNING,
        Event.REPEAT: State.RETURNING,
        Event.CUT: State.CUT,
    },
    State.TURNING: {
        Event.LOWER: State.LOWERED,
        Event.HOLD: State.FALLING,
        Event.SILENT: State.RETURNING,
        Event.CUT: State.CUT,
    },
    State.RETURNING: {
        Event.LOWER: State.DRY,
        Event.HOLD: State.HELD,
        Event.RESTED: State.PLAYING,
        Event.CUT: State.CUT,
    },
    State.CUT: {Event.DROPPED: State.PLAYING},
}
"""What an event leads to; one that is not listed for a state changes nothing."""


class Order(Struct, frozen=True):
    """What the event loop wants of the reply from now on."""

    wants: Event = Event.RESTORE
    """`LOWER`, `HOLD`, `RESTORE` or `REPEAT`."""
    duck: int = 0
    """The number of the duck that it begins, deepens or ends."""
    gain: float = 1.0
    """That the reply is lowered to, relative to its level."""
    resume: int | None = None
    """Where its item is repeated from; None: from where it was interrupted."""
    cuts: int = 0
    """How often the reply was to be cut so far."""
    fade_ms: int = 1
    """Of the last cut."""

    @property
    def lowers(self) -> bool:
        """Whether the reply is to be lowered or held."""
        return self.wants in (Event.LOWER, Event.HOLD)


class Interrupted(Struct, frozen=True):
    """What a duck came upon."""

    duck: int
    """Its number."""
    item: ReplyItem | None
    """What was being played, if anything."""
    mark: int
    """Where in the item it began."""
    since: int
    """The count of frames at which it began."""


class Duck:
    """The callback's side of the duck. Its methods are for the audio callback; others may read the two attributes."""

    def __init__(self, rate: int) -> None:
        self.state = State.PLAYING
        self.interrupted: Interrupted | None = None
        """What is lowered, held or on its way back, if anything; for any thread to read."""
        self.frames = 0
        """Of the card, rendered so far; for any thread to read."""
        self._rate = rate
        self._order = Order()
        self._resume: int | None = None
        self._gain = 1.0
        self._fade_ms = 1
        self._quiet = 0  # frames that it was silent, of those since it was interrupted
        self._dip: tuple[Interrupted, int] | None = None  # the last one that was but lowered, and where it ended

    @property
    def silent(self) -> bool:
        """Whether the reply has fallen silent: nothing is played until it goes on. For the audio callback."""
        return self._quiet > 0

    @property
    def idle(self) -> bool:
        """Whether nothing is lowered, held, cut or on its way back. For the audio callback."""
        return self.interrupted is None and self.state is State.PLAYING

    def obey(self, order: Order, item: ReplyItem | None) -> bool:
        """Follow `order`, `item` being played; return whether the reply is back at its level at once.

        To be called before each block of a reply that is not being cut.
        """
        if order is not self._order:
            self._order = order
            if order.lowers:
                self._interrupt(order, item)
            elif self.interrupted is not None:
                self._resume = order.resume if order.duck == self.interrupted.duck else None
                self._step(order.wants)
                if self.state is State.PLAYING:
                    return self._go_on(self.interrupted)
        if self.interrupted is not None and self.state is State.RETURNING and self._quiet >= self._ms(REST_MS):
            self._step(Event.RESTED)
            return self._go_back(self.interrupted)
        return False

    def cut(self, fade_ms: int) -> None:
        """Fade out within `fade_ms`, whatever state the reply is in."""
        self._fade_ms = fade_ms
        self._step(Event.CUT)

    def dropped(self) -> None:
        """Be done with a cut: what comes next is played at its level."""
        self._step(Event.DROPPED)
        self._forget()

    def rendered(self, frames: int, *, silent: bool) -> None:
        """Count a block of `frames` that has been rendered and, if `silent`, that it ended at no gain."""
        self.frames += frames
        if self.interrupted is None:
            return
        if silent:
            self._quiet += frames
            self._step(Event.SILENT)
        if self.frames - self.interrupted.since > self._ms(LOWERED_MS):
            self._step(Event.LONG)

    def aim(self, full: float, gain: float) -> tuple[float, float]:
        """Return the gain to bring the reply to from `gain`, and how fast: by how much a millisecond.

        `full` is the gain of its level.
        """
        if self.state is State.CUT:
            return 0.0, 1 / self._fade_ms
        if self.state is State.PLAYING:
            return full, 1 / (DUCK_MS if full < gain else RESTORE_MS)
        low = full * self._gain
        if self.state in (State.LOWERED, State.DRY) or gain > low:
            return low, 1 / DUCK_MS
        return 0.0, low / HUSH_MS

    def _interrupt(self, order: Order, item: ReplyItem | None) -> None:
        self._gain = order.gain
        if self.interrupted is not None:  # lowered before and now held, or restored and lowered anew in no time
            self.interrupted = replace(self.interrupted, duck=order.duck)
        else:
            mark = item.at if item is not None else 0
            self.interrupted = self._join(Interrupted(order.duck, item, mark, self.frames))
        self._step(order.wants)

    def _join(self, now: Interrupted) -> Interrupted:
        """Make one of a dip and the one before, if the reply was hardly at its level between them."""
        if self._dip is None or now.item is None:
            return now
        before, end = self._dip
        if before.item is not now.item or now.mark - end >= self._ms(RESTORE_MS + REST_MS):
            return now
        return replace(now, mark=before.mark, since=now.since - (now.mark - before.mark))

    def _go_on(self, interrupted: Interrupted) -> bool:
        """Let a reply go on that was but lowered; return whether it is at its level at once: out of silence."""
        item, silent = interrupted.item, self.silent
        self._dip = interrupted, item.at if item is not None else 0
        self._forget()
        return silent or item is None or not item.at

    def _go_back(self, interrupted: Interrupted) -> bool:
        """Let a silent reply go on from where it was interrupted, or before; return whether that is its beginning."""
        item = interrupted.item
        if item is not None:
            back = interrupted.mark - self._ms(RESTORE_MS) if self._resume is None else self._resume
            item.rewind(max(item.rewound or 0, back))
        self._dip = None
        self._forget()
        return item is None or not item.at

    def _forget(self) -> None:
        self.interrupted, self._quiet = None, 0

    def _step(self, event: Event) -> None:
        self.state = TRANSITIONS[self.state].get(event, self.state)

    def _ms(self, ms: int) -> int:
        return ms * self._rate // 1000
