"""The one small recogniser of the daemon, which several of its parts want at times."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from device.model_files.files import ModelError
from device.system import memory

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor

    from device.listen.moonshine import Moonshine

log = logging.getLogger(__name__)

T = TypeVar("T")


class SharedRecogniser:
    """Loads the recogniser as soon as somebody wants it and drops it when nobody does any more.

    It takes 0.2 s to load and 100 MB, more than the daemon asleep has to spare. A thread of its own does all that is
    done with it: loaded in one thread and used in another, a part of its memory would never go back to the system.
    `thread` is another executor of one thread, for a virtual clock.
    """

    def __init__(self, models_dir: str, thread: Executor | None = None) -> None:
        self._models_dir = models_dir
        self._users: set[str] = set()
        memory.large_blocks_go_back()
        self._thread = thread or ThreadPoolExecutor(1, "recogniser")
        self._recogniser: Moonshine | None = None

    def want(self, user: str, wanted: bool) -> None:  # noqa: FBT001 - a switch
        """Say that `user`, a name, wants the recogniser from now on, or does not any more."""
        if wanted != (user in self._users):
            (self._users.add if wanted else self._users.remove)(user)
            self._thread.submit(self._follow)

    async def use(self, work: Callable[[Moonshine], T]) -> T | None:
        """Return what `work` makes of the recogniser, in its thread; None if nobody wants it any more.

        Raises ModelError if the recogniser cannot be had.
        """
        return await asyncio.wrap_future(self._thread.submit(self._use, work))

    def _use(self, work: Callable[[Moonshine], T]) -> T | None:
        return work(self._load()) if self._users else None

    def _follow(self) -> None:
        """Load what is wanted, drop what is not."""
        if not self._users:
            self._recogniser = None
            memory.give_back()  # glibc keeps most of the 100 MB else
            return
        try:
            self._load()
        except ModelError:  # whoever uses it is told
            log.debug("The recogniser cannot be loaded", exc_info=True)

    def _load(self) -> Moonshine:
        from device.listen.moonshine import load_moonshine  # noqa: PLC0415 - costs memory, and may never be wanted

        self._recogniser = self._recogniser or load_moonshine(self._models_dir)
        return self._recogniser
