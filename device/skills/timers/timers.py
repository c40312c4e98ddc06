"""Timers on the device's clock. Pure: nothing rings here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.sample_clock import CLOCK_RATE
from device.skills.timers.names import timer_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from device.skills.timers.names import TimerNames

MOST = 50
"""How many timers may run at once. A choice: more than a kitchen needs, few enough to be listed by voice."""

LONGEST_NAME = 60
"""Characters of a timer's name. A choice: it is said aloud when the timer rings."""

LONGEST_S = 86_400
"""Of one timer. A choice: longer than anybody cooks; what is longer was misheard."""


class Timer(Struct, frozen=True):
    """A timer that runs, or has rung."""

    name: str
    seconds: int
    """How long it was set for."""
    ends: int
    """When it rings: a position on the device's clock."""


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

    @property
    def now(self) -> int:
        """The present position on the device's clock."""
        return self._now()

    @property
    def running(self) -> tuple[Timer, ...]:
        """Those that have not rung yet, the next to ring first."""
        return tuple(self._running)

    def remaining_s(self, timer: Timer) -> int:
        """Return the seconds until `timer` rings, rounded up."""
        return max(0, -(-(timer.ends - self._now()) // CLOCK_RATE))

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
        wanted = " ".join(name.split()) or self._names.usual(seconds)
        key = self._names.key
        taken = {key(timer.name) for timer in self._running}
        unique = next(n for i in range(1, MOST + 2) if key(n := wanted if i == 1 else f"{wanted} {i}") not in taken)
        timer = Timer(unique, seconds, self._now() + seconds * CLOCK_RATE)
        self._running = sorted([*self._running, timer], key=lambda t: t.ends)
        return timer

    def resume(self, timer: Timer) -> None:
        """Let a timer run that ran before, until its `ends`, which may be over."""
        others = (other for other in self._running if other.name != timer.name)
        self._running = sorted([*others, timer], key=lambda t: t.ends)

    def cancel(self, name: str = "") -> list[Timer]:
        """Stop the timers that `find` finds; return them."""
        cancelled = self.find(self._running, name)
        self._running = [timer for timer in self._running if timer not in cancelled]
        return cancelled

    def find(self, timers: Iterable[Timer], name: str) -> list[Timer]:
        """Return the timer called `name`, as people say it ("5 minutes", "the pasta timer"); without a name, all."""
        return [timer for timer in timers if not name.strip() or self._names.same(timer.name, name)]

    def due(self, now: int) -> list[Timer]:
        """Return those that ran out by position `now`, each once, in the order in which they ended."""
        due = [timer for timer in self._running if timer.ends <= now]
        if due:
            self._running = [timer for timer in self._running if timer.ends > now]
            self.rung = tuple(due)
        return due
