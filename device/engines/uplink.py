"""Microphone audio on its way to the engine: a cursor on the clean ring, which may be put into the past.

Some engines' clock is the audio that they are sent (`Capabilities.continuous`): while nothing is to be sent, they get
zeros instead, as many as the device's clock went on.

What is masked is sent as silence; if it turns out to be a voice, it is sent after all. What the card missed is left
out: silence in its place would pass for a pause.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from math import inf
from typing import TYPE_CHECKING

import numpy as np
from msgspec import Struct

from device.audio.gaps import Gaps
from device.audio.resample import Resampler
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from numpy.typing import NDArray

    from device.audio.ring import RingBuffer
    from device.conversation.engine import EngineSession

log = logging.getLogger(__name__)

BLOCK = samples(10)
CATCH_UP = samples(100)
"""Most audio in one message, when there is a backlog. A choice: larger ones hold orders up, smaller are many."""


KEPT = 64
"""How many of the last masks are known; a choice: one every second of what the clean ring holds."""


class SentAudio(Struct):
    """How much of the microphone's audio has left the process, whatever session it went to."""

    samples: int = 0
    """Of the device's clock."""
    silence: int = 0
    """Of silence that was sent in place of what was masked, in the same samples."""

    @property
    def seconds(self) -> float:
        """The same in seconds."""
        return self.samples / CLOCK_RATE


class Uplink:
    """Sends `clean`, `(n,) int16, 16 kHz mono`, to a session, and orders to the engine in between, in their order.

    `on_first(position)` is called for the first block sent after each `listen`, `on_sent(position)` after each
    block: audio up to that position of the device's clock has been handed to the socket. `sent` counts it. `gaps` are
    where `clean` is missing.
    """

    def __init__(
        self,
        clean: RingBuffer,
        sent: SentAudio | None = None,
        *,
        on_first: Callable[[int], None],
        on_sent: Callable[[int], None] | None = None,
        gaps: Gaps | None = None,
    ) -> None:
        self._cursor = clean.cursor()
        self._clean = clean
        self._sent = sent or SentAudio()
        self._on_first = on_first
        self._on_sent = on_sent
        self._gaps = gaps or Gaps()
        self._masks: deque[tuple[int, float]] = deque(maxlen=KEPT)  # from … to before …, which may have no end yet
        self._live = False
        self._first = False
        self._sent_to = 0
        self._commit_at: int | None = None
        self._orders: deque[Callable[[EngineSession], Awaitable[None]]] = deque()
        self._ready = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._woken = False  # by each block of the ring
        self._serving: EngineSession | None = None
        self._fed_to: int | None = None  # up to where a continuous engine's clock has gone, on the device's clock
        self.lost = 0
        """Samples that had left the ring before they could be sent."""

    @property
    def sent_samples(self) -> int:
        """How much of the microphone's audio has left the process, in samples of the device's clock."""
        return self._sent.samples

    @property
    def live(self) -> bool:
        """Whether audio is being sent, or will be once a session is open."""
        return self._live

    def listen(self, at: int, *, again: bool) -> None:
        """Send from position `at` on; unless `again`, nothing that was sent already, and whatever was masked."""
        if not again:
            self._end_masks(at)
        self._cursor.seek(at if again else max(at, self._sent_to))
        self._first = True
        self._live = True
        self._attend()
        self._ready.set()

    def hold(self) -> None:
        """Stop sending."""
        self._live = False
        self._end_masks(self._clean.position)
        self._attend()
        self._commit_at = None

    def mask(self, at: int) -> None:
        """Send silence in place of what is heard from position `at` on, until `unmask` or `hold`."""
        self._masks.append((at, inf))

    def unmask(self, at: int) -> None:
        """Send what was masked from position `at` on after all."""
        self._end_masks(at)
        self._cursor.seek(min(self._cursor.position, max(at, self._sent_to)))
        self._ready.set()

    def _end_masks(self, at: int) -> None:
        self._masks = deque(((start, min(end, at)) for start, end in self._masks if start < at), KEPT)

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
        resampler = Resampler(CLOCK_RATE, session.capabilities.hear_rate or session.rate)
        self._serving = session
        self._fed_to = self._clean.position if session.capabilities.continuous else None
        self._attend()
        try:
            await self._serve(session, resampler)
        finally:
            if self._serving is session:  # else the next one is served already
                self._fed_to = None
                self._attend()

    async def _serve(self, session: EngineSession, resampler: Resampler) -> None:
        self._ready.set()
        while True:
            await self._ready.wait()
            self._ready.clear()
            while self._orders:
                await self._orders.popleft()(session)
            # Orders that come while a backlog is being sent do not wait for its end.
            while self._live and not self._orders and self._cursor.lag >= BLOCK:
                await self._send(session, resampler)
            while not self._live and not self._orders and (due := self._due) >= BLOCK:
                await self._feed(session, resampler, np.zeros(min(due, CATCH_UP), np.int16))
            if self._commit_at is not None and self._cursor.position + BLOCK > self._commit_at:
                self._commit_at = None
                await session.commit()
            if self._orders:
                self._ready.set()

    async def _send(self, session: EngineSession, resampler: Resampler) -> None:
        lost = self._cursor.lost
        block = self._cursor.take(CATCH_UP)
        self.lost += self._cursor.lost - lost
        start = self._cursor.position - len(block)
        there = _outside(start, len(block), self._gaps.since(start))
        real = there & _outside(start, len(block), self._masks)
        sent = int(np.count_nonzero(real))
        self._sent.silence += int(np.count_nonzero(there)) - sent
        if not sent:
            await self._feed(session, resampler, np.zeros(np.count_nonzero(there), np.int16))
            return
        if self._first:
            self._first = False
            self._on_first(start + int(real.argmax()))
        self._sent_to = self._cursor.position - int(real[::-1].argmax())
        self._sent.samples += sent
        await self._feed(session, resampler, np.where(real, block, 0)[there].astype(np.int16))
        if self._on_sent is not None:
            self._on_sent(self._sent_to)

    async def _feed(self, session: EngineSession, resampler: Resampler, block: NDArray[np.int16]) -> None:
        if self._fed_to is not None:
            self._fed_to += len(block)
        if len(block):
            await session.hear(resampler.push(block).tobytes())

    @property
    def _due(self) -> int:
        """How far the device's clock is ahead of a continuous engine's; after a backlog, that is ahead for a while."""
        return 0 if self._fed_to is None else self._clean.position - self._fed_to

    def _attend(self) -> None:
        """Be woken by each block of the ring while there is something to send of it, or instead of it."""
        wanted = self._live or self._fed_to is not None
        if wanted and not self._woken:
            self._clean.add_waker(self._wake)
        elif self._woken and not wanted:
            self._clean.remove_waker(self._wake)
        self._woken = wanted

    def _wake(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._ready.set)


def _outside(start: int, n: int, stretches: Iterable[tuple[int, float]]) -> NDArray[np.bool_]:
    """Return which of `n` positions from `start` on lie in none of the `stretches`."""
    outside = np.ones(n, np.bool_)
    for first, end in stretches:
        outside[max(0, first - start) : round(max(0.0, min(end - start, n)))] = False
    return outside
