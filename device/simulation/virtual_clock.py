"""An event loop on a virtual clock: time passes only when there is nothing left to do.

Whatever is timed by the loop (`asyncio.sleep`, `asyncio.timeout`, `call_later`) then goes by the room's clock, and an
hour of conversation takes as long as the work in it:

>>> async def nap():
...     await asyncio.sleep(3600)
...     return asyncio.get_running_loop().time()
>>> run(nap())
3600.0

All is done on one thread, so that the same room always goes the same way: work for other threads
(`asyncio.to_thread`) is done at once. With a `charge`, its result comes only after the time that the processor took
for it has passed on the virtual clock as well. Sockets work as long as both ends are on this loop.
"""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from concurrent.futures import Executor, Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextvars import Context

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

SETTLE_S = 0.01
"""How long, by the wall clock, sockets may take before a clock that nobody drives jumps to the next timer."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop. Its time jumps from timer to timer, or goes as `drive` has it.

    `charge` is how many virtual seconds a CPU second of work for other threads takes: 1 for this machine's own speed,
    4 as if it were a quarter as fast.
    """

    def __init__(self, *, charge: float = 0.0) -> None:
        self._elapsed = 0.0
        self.charge = charge
        self._advance: Callable[[], float] = lambda: 0.0
        self._home = threading.get_ident()
        super().__init__(_Idle(self))

    def time(self) -> float:
        """Return the virtual time in seconds."""
        return self._elapsed

    def drive(self, advance: Callable[[], float]) -> None:
        """Have `advance` let a little time pass whenever there is nothing to do; it returns how much, in seconds.

        Once it returns 0, time jumps again.
        """
        self._advance = advance

    def drive_on(self) -> bool:
        """Let time pass as `drive` has it; return whether any passed."""
        passed = self._advance()
        self._elapsed += passed
        return passed > 0

    def jump(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self._elapsed += seconds

    def call_soon_threadsafe(
        self, callback: Callable[[*Arguments], object], *args: *Arguments, context: Context | None = None
    ) -> asyncio.Handle:
        """As usual, but without the detour through a pipe when it is called on the loop's own thread."""
        if threading.get_ident() == self._home:
            return self.call_soon(callback, *args, context=context)
        return super().call_soon_threadsafe(callback, *args, context=context)

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002 - there is no other thread
        func: Callable[[*Arguments], Result],
        *args: *Arguments,
    ) -> asyncio.Future[Result]:
        """Do the work at once; return its outcome, which is known at once too, or when the charged time has passed."""
        future: asyncio.Future[Result] = self.create_future()
        settle, took = _done(future, func, *args)
        if self.charge:
            self.call_later(self.charge * took, settle)
        else:
            settle()
        return future


class VirtualThread(Executor):
    """A pool of one thread for what runs on a virtual clock: one work after the other, each charged for its time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, charge: float) -> None:
        self._loop = loop
        self._charge = charge
        self._free_at = 0.0

    def submit(self, fn: Callable[..., Result], /, *args: Any, **kwargs: Any) -> Future[Result]:
        """Do the work at once; its outcome is known when its time, and that of the works before it, has passed."""
        future: Future[Result] = Future()
        settle, took = _done(future, fn, *args, **kwargs)
        self._free_at = max(self._free_at, self._loop.time()) + self._charge * took
        self._loop.call_at(self._free_at, settle)
        return future


def _done(
    future: asyncio.Future[Result] | Future[Result], work: Callable[..., Result], *args: Any, **kwargs: Any
) -> tuple[Callable[[], None], float]:
    """Do the work; return what lets the future know of its outcome, and the CPU seconds that it took."""
    began = time.thread_time()
    tell: Callable[[], None]
    try:
        tell = partial(future.set_result, work(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 - it is the awaiter's
        tell = partial(future.set_exception, error)
    return lambda: None if future.cancelled() else tell(), time.thread_time() - began


class _Idle(selectors.DefaultSelector):
    """Lets the loop's time pass instead of waiting."""

    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; when nothing is, let time pass first."""
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if self._loop.drive_on():
            return []
        if timeout is None:  # only a socket or another thread can bring news
            return super().select(None)
        if not (ready := super().select(SETTLE_S)):
            self._loop.jump(timeout)
        return ready


def run(main: Coroutine[Any, Any, Result], *, charge: float = 0.0) -> Result:
    """Run `main` to its end on a virtual clock of its own, as `asyncio.run` does on the wall's."""
    with asyncio.Runner(loop_factory=partial(VirtualLoop, charge=charge)) as runner:
        return runner.run(main)
