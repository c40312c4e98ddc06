"""Which engine holds the conversation: whom to ask when one fails, and when to try the better one again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.sample_clock import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

RETRY_MS = (0, 250, 500, 1000, 2000, 4000, 8000)
"""Pauses before the attempts to reach an engine again, once all were asked; after the last one all have failed.

A choice: back-off that ends while the user still waits.
"""
GIVE_UP_AFTER = samples(25_000)
"""Engines that take the connection and say nothing are waited for no longer than this, attempts and all."""
STEADY = samples(30_000)
"""A session that lasted so long was a good one: the next fault starts the pauses anew."""
COOLING = samples(30_000)
"""For so long after its fault an engine is not the first to be asked, where there is another; a choice: its fault would
cost each conversation its first seconds."""
BETTER_AFTER = samples(10_000)
"""How soon an engine farther up is tried again in the background, and the pause between such attempts, which grows."""
BETTER_LATEST = samples(120_000)
"""The longest such pause; a choice: more attempts cost an engine that is down, fewer keep the user with a worse one."""


class Attempt(Struct, frozen=True):
    """Ask `engine`, after a pause."""

    engine: str
    after_ms: int = 0


class Failover:
    """The engines by their order, the best first; `barred` tells which are not to be asked at present.

    Positions are of the device's clock.
    """

    def __init__(self, engines: Sequence[str], barred: Callable[[str], bool] = lambda _: False) -> None:
        self._engines = tuple(engines)
        self._barred = barred
        self._current = 0
        self._failed_at: dict[int, int] = {}
        self._out: set[int] = set()  # those for which no attempt is of use
        self._rounds = 0
        self._open = False
        self._since = 0  # when the present one was opened or, while none is, since when none is
        self._try_at = 0
        self._pause = BETTER_AFTER

    @property
    def current(self) -> str:
        """The engine that holds the conversation, or is asked to."""
        return self._engines[self._current]

    @property
    def left(self) -> frozenset[str]:
        """The engines of which an attempt is of use."""
        return frozenset(self._engines[n] for n in self._left())

    @property
    def alone(self) -> bool:
        """Whether there is no other engine to hand over to."""
        return not [n for n in self._left() if n != self._current]

    def begin(self, at: int) -> Attempt | None:
        """Return whom to ask at the beginning of a conversation; None if all are barred."""
        self._out.clear()
        self._open, self._since, self._rounds = False, at, 1
        self._pause = BETTER_AFTER
        left = self._left()
        if not left:
            return None
        warm = [n for n in left if at >= self._failed_at.get(n, at - COOLING) + COOLING]
        self._current = (warm or left)[0]
        return Attempt(self.current)

    def opened(self, at: int) -> None:
        """Note that the session is open."""
        self._open, self._since = True, at
        self._try_at = at + self._pause

    def answered(self) -> None:
        """Note that the engine answers."""
        self._rounds = 0
        self._failed_at.pop(self._current, None)
        if not self._current:
            self._pause = BETTER_AFTER  # the best one is well again

    def failed(self, at: int, *, retry: bool, after_s: float | None = None) -> Attempt | None:
        """Return whom to ask next; None if that is of no use.

        Without `retry`, the present engine is not asked again in this conversation; `after_s` is when it says that it
        may be.
        """
        if self._open:
            self._rounds = 0 if at >= self._since + STEADY else self._rounds
            self._since = at
        self._open = False
        self._failed_at[self._current] = at
        if not retry:
            self._out.add(self._current)
        left = self._left()
        if not left:
            return None
        later = [n for n in left if n > self._current]
        if later:
            self._current = later[0]
            return Attempt(self.current)
        if self._rounds >= len(RETRY_MS) or at >= self._since + GIVE_UP_AFTER:
            return None
        delay = RETRY_MS[self._rounds]
        if left == [self._current] and after_s is not None:
            delay = max(delay, min(round(1000 * after_s), RETRY_MS[-1]))
        self._rounds += 1
        self._current = left[0]
        return Attempt(self.current, delay)

    def better(self, at: int) -> str | None:
        """Return the engine that is to be tried in the background now, if there is one.

        That is one farther up or, if the present one is barred by now, whichever is left.
        """
        if not self._open or at < self._try_at:
            return None
        self._pause = min(2 * self._pause, BETTER_LATEST)
        self._try_at = at + self._pause
        left = self._left()
        better = left if self._barred(self.current) else [n for n in left if n < self._current]
        return self._engines[better[0]] if better else None

    def switched(self, engine: str, at: int) -> None:
        """Note that `engine` has taken over."""
        self._current = self._engines.index(engine)
        self._open, self._since = True, at
        self._try_at = at + self._pause

    def _left(self) -> list[int]:
        return [n for n, name in enumerate(self._engines) if n not in self._out and not self._barred(name)]
