"""Microphone audio on its way to the engine: a cursor on the clean ring, which may be put into the past."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING

from device.audio.resample import Resampler
from device.events import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.audio.ring import RingBuffer
    from device.engines.contract import EngineSession

log = logging.getLogger(__name__)

BLOCK = samples(10)
CATCH_UP = samples(100)
"""Most audio in one message, when there is a backlog."""


class Uplink:
    """Sends `clean`, `(n,) int16, 16 kHz mono`, to a session, and orders to the engine in between, in their order.

    `on_first(position)` is called for the first block sent after each `listen`, `on_sent(position)` after each
    block: audio up to that position of the device's clock has been handed to the socket.
    """

    def __init__(
        self, clean: RingBuffer, *, on_first: Callable[[int], None], on_sent: Callable[[int], None] | None = None
    ) -> None:
        self._cursor = clean.cursor()
        self._clean = clean
        self._on_first = on_first
        self._on_sent = on_sent
        self._live = False
        self._first = False
        self._sent_to = 0
        self._commit_at: int | None = None
        self._orders: deque[Callable[[EngineSession], Awaitable[None]]] = deque()
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self.sent_samples = 0
        """How much audio has left the process, in samples of the device's clock."""
        self.lost = 0
        """Samples that had left the ring before they could be sent."""

    @property
    def live(self) -> bool:
        """Whether audio is being sent, or will be once a session is open."""
        return self._live

    def listen(self, at: int, *, again: bool) -> None:
        """Send from position `at` on; unless `again`, nothing that was sent already."""
        self._cursor.seek(at if again else max(at, self._sent_to))
        self._first = True
        if not self._live:
            self._live = True
            self._clean.add_waker(self._wake)
        self._ready.set()

    def hold(self) -> None:
        """Stop sending."""
        if self._live:
            self._live = False
            self._clean.remove_waker(self._wake)
        self._commit_at = None

    def commit(self, at: int) -> None:
        """End the user's turn once everything up to `at` was sent."""
        self._commit_at = at
        self._ready.set()

    def order(self, order: Callable[[EngineSession], Awaitable[None]]) -> None:
        """Have `order` carried out with the session before any more audio is sent."""
        self._orders.append(order)
        self._ready.set()

    def forget(self) -> None:
        """Forget orders and what was sent: for a new session."""
        self._orders.clear()
        self._sent_to = 0

    async def serve(self, session: EngineSession) -> None:
        """Send to `session` until cancelled. Raises what the session raises."""
        resampler = Resampler(CLOCK_RATE, session.rate)
        self._ready.set()
        while True:
            await self._ready.wait()
            self._ready.clear()
            while self._orders:
                await self._orders.popleft()(session)
            # Orders that come while a backlog is being sent do not wait for its end.
            while self._live and not self._orders and self._cursor.lag >= BLOCK:
                await self._send(session, resampler)
            if self._commit_at is not None and self._cursor.position + BLOCK > self._commit_at:
                self._commit_at = None
                await session.commit()
            if self._orders:
                self._ready.set()

    async def _send(self, session: EngineSession, resampler: Resampler) -> None:
        lost = self._cursor.lost
        block = self._cursor.take(CATCH_UP)
        self.lost += self._cursor.lost - lost
        if self._first:
            self._first = False
            self._on_first(self._cursor.position - len(block))
        self._sent_to = self._cursor.position
        self.sent_samples += len(block)
        await session.hear(resampler.push(block).tobytes())
        if self._on_sent is not None:
            self._on_sent(self._sent_to)

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ready.set)
