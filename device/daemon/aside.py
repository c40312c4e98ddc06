"""Work beside the daemon's loop: what reads or writes files, one after the other."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

P = ParamSpec("P")
R = TypeVar("R")


class Aside:
    """Has work done in a thread. More at once would keep the loop from the processor."""

    def __init__(self) -> None:
        self._at_work = asyncio.Lock()

    async def do(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what comes of it.

        It goes to its end also if whoever asked for it has gone, so that each change is made to what the one before has
        written.
        """
        await self._at_work.acquire()
        going = asyncio.ensure_future(asyncio.to_thread(work, *args, **kwargs))
        going.add_done_callback(lambda _: self._at_work.release())
        return await asyncio.shield(going)
