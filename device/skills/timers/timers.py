"""Timers on the device's clock. Pure: nothing rings here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from device.sample_clock import CLOCK_RATE
from device.skills.timers.names import timer_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.skills.timers.names import TimerNames

MOST = 50
"""How many timers may run at once. A choice: more than a kitchen needs, few enough to be listed by voice."""

LONGEST_NAME = 60
"""Characters of a timer's name. A choice: it is said aloud when the timer rings."""

LAST = "last"
"""What tools call the one that was set last."""

LONGEST_S = 86_400
"""Of one timer. A choice: longer than anybody cooks; what is longer was misheard."""


class Timer(Struct, frozen=True):
    """A timer that runs, or has rung."""

    name: str
    seconds: int
    """How long it was set for."""
    ends: int
    """When it rings: a position on the device's clock."""
    paused: int | None = None
    """How many samples are left of one that stands still; `ends` then means nothing."""


class Timers:
    """The timers that run, by unique names in a language; `now` gives the present position on the device's clock.

    >>> timers = Timers(lambda: 0)
    >>> timers.add(300).name
    'five minute timer'
    >>> [timer.name for timer in timers.due(300 * 16_000)]
    ['five minute timer']
    """

    def __init__(self, now: Callable[[], int], names: TimerNames | None = None) -> None:
        self._now = now
        self._names = names or timer_names("en")
        self._running: list[Timer] = []
        self.rung: tuple[Timer, ...] = ()
        """Those that ran out last."""
        self._set: dict[str, int] = {}
        """How many were set before each, by their names."""

    @property
    def now(self) -> int:
        """The present position on the device's clock."""
        return self._now()

    @property
    def running(self) -> tuple[Timer, ...]:
        """Those that have not rung yet, the next to ring first; those that are paused are among them."""
        return tuple(self._running)

    @property
    def counting(self) -> bool:
        """Whether one runs that is not paused."""
        return any(timer.paused is None for timer in self._running)

    def remaining_s(self, timer: Timer) -> int:
        """Return the seconds until `timer` rings, rounded up."""
        return max(0, -(-self.left(timer) // CLOCK_RATE))

    def left(self, timer: Timer) -> int:
        """Return how many samples are left of `timer`; less than none if it ran out."""
        return timer.ends - self._now() if timer.paused is None else timer.paused

    def add(self, seconds: int, name: str = "") -> Timer:
        """Start a timer; without a name it gets one, and a name in use gets a number.

        Raises ValueError for less than a second, for a name that is too long and when there are too many.
        """
        if len(name) > LONGEST_NAME:
            raise ValueError(f"a timer's name has at most {LONGEST_NAME} characters")
        if seconds < 1:
            raise ValueError("a timer needs at least one second")
        if len(self._running) >= MOST:
            raise ValueError(f"there are {MOST} timers already: no more can run at once")
        unique = self._unique(" ".join(name.split()) or self._names.usual(seconds))
        timer = Timer(unique, seconds, self._now() + seconds * CLOCK_RATE)
        self._set[unique] = max(self._set.values(), default=-1) + 1
        self._replace([], [timer])
        return timer

    def resume(self, timer: Timer) -> None:
        """Let a timer run that ran before, until its `ends`, which may be over, or stand still as it did."""
        self._replace([other for other in self._running if other.name == timer.name], [timer])

    def extend(self, timer: Timer, seconds: int) -> Timer:
        """Add seconds to what is left of a timer, or take some off; return it.

        Raises ValueError if less than a second would be left, or more than a timer may take.
        """
        left = self.left(timer) + seconds * CLOCK_RATE
        if not CLOCK_RATE <= left <= LONGEST_S * CLOCK_RATE:
            raise ValueError("there is not so much left of it" if left < CLOCK_RATE else "no timer takes that long")
        return self._changed(timer, replace(timer, ends=self._now() + left, paused=timer.paused and left))

    def correct(self, timer: Timer, seconds: int) -> Timer:
        """Let a timer be one that was set for another length; return it. Raises ValueError as `extend` does."""
        extended = self.extend(timer, seconds - timer.seconds)
        name = timer.name if self._names.given(timer.name, timer.seconds) else self._unique(self._names.usual(seconds))
        self._set[name] = self._set.get(timer.name, 0)
        return self._changed(extended, replace(extended, name=name, seconds=seconds))

    def pause(self, timer: Timer) -> Timer:
        """Let a timer stand still; return it."""
        left = max(0, self.left(timer))
        return self._changed(timer, replace(timer, ends=self._now() + left, paused=left))

    def go_on(self, timer: Timer) -> Timer:
        """Let a timer run on that was paused; return it."""
        return self._changed(timer, replace(timer, ends=self._now() + self.left(timer), paused=None))

    def rename(self, timer: Timer, name: str) -> Timer:
        """Give a timer another name; return it. Raises ValueError for one that is too long."""
        if not 1 <= len(wanted := " ".join(name.split())) <= LONGEST_NAME:
            raise ValueError(f"a timer's name has 1 to {LONGEST_NAME} characters")
        if not self._names.same(timer.name, wanted):
            wanted = self._unique(wanted)
        self._set[wanted] = self._set.get(timer.name, 0)
        return self._changed(timer, replace(timer, name=wanted))

    def _unique(self, wanted: str) -> str:
        key = self._names.key
        taken = {key(timer.name) for timer in self._running}
        return next(n for i in range(1, MOST + 2) if key(n := wanted if i == 1 else f"{wanted} {i}") not in taken)

    def _changed(self, timer: Timer, new: Timer) -> Timer:
        self._replace([timer], [new])
        return new

    def _replace(self, old: Iterable[Timer], new: Iterable[Timer]) -> None:
        self._running = sorted([*(timer for timer in self._running if timer not in old), *new], key=self.left)
        self._set = {timer.name: self._set[timer.name] for timer in self._running if timer.name in self._set}

    def cancel(self, name: str = "") -> list[Timer]:
        """Stop the timers that `find` finds; return them."""
        cancelled = self.find(self._running, name)
        self._replace(cancelled, [])
        return cancelled

    def find(self, timers: Iterable[Timer], name: str) -> list[Timer]:
        """Return the timer called `name`, as people say it ("5 minutes", "the pasta timer"); without a name, all.

        `LAST` is the one that was set last.
        """
        if name == LAST:
            return sorted(timers, key=self._age)[-1:]
        timers = list(timers)
        meant = self._names.meant([timer.name for timer in timers], name) if name.strip() else []
        return [timer for timer in timers if not name.strip() or timer.name in meant]

    def _age(self, timer: Timer) -> tuple[int, int]:
        return self._set.get(timer.name, -1), timer.ends - timer.seconds * CLOCK_RATE

    def due(self, now: int) -> list[Timer]:
        """Return those that ran out by position `now`, each once, in the order in which they ended."""
        due = [timer for timer in self._running if timer.paused is None and timer.ends <= now]
        if due:
            self._replace(due, [])
            self.rung = tuple(due)
        return due
