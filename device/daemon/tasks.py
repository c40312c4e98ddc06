"""What the daemon does beside everything else: tasks that outlive whoever began them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

Result = TypeVar("Result")

log = logging.getLogger(__name__)

CLOSE_S = 2.0
"""How long what is under way may take to end by itself: a session that says goodbye needs no more."""


class Tasks:
    """The tasks under way; one that fails is logged and takes nothing along."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """Begin some work and keep hold of it until it is done."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._finished)
        return task

    async def close(self) -> None:
        """Wait for what is under way, for `CLOSE_S` at most, and cancel what is left."""
        if self._running:
            await asyncio.wait(self._running, timeout=CLOSE_S)
        for task in self._running:
            task.cancel()

    def _finished(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("A task of the daemon failed: %r", error, exc_info=error)
