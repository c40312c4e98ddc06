"""What a client has said and the session has not yet taken: read at once, so that pings are answered, up to a bound."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

WAITING: Final = 1024 * 1024
"""Characters waiting, from which a client is read no further: half a minute of audio. One event may always wait."""
BURST: Final = 400
"""Events but audio that are taken at once. A choice: a long conversation that is laid down anew has as many."""
PER_S: Final = 50
"""Such events a second from then on: who sends more has to wait, and delays nobody else."""


class Inbox:
    """Client events on their way to one session."""

    def __init__(self) -> None:
        self._waiting: deque[str | None] = deque()
        self._size = 0
        self._came = asyncio.Event()
        self._taken = asyncio.Event()

    async def put(self, text: str | None) -> None:
        """Add an event, or None for one that is none; wait while there is no room."""
        size = len(text or "")
        while self._waiting and self._size + size > WAITING:
            self._taken.clear()
            await self._taken.wait()
        self._waiting.append(text)
        self._size += size
        self._came.set()
        await asyncio.sleep(0)  # what lies in the socket's buffer is read without waiting: others get a turn

    async def get(self) -> str | None:
        """Return the next event; wait for one if there is none."""
        while not self._waiting:
            self._came.clear()
            await self._came.wait()
        text = self._waiting.popleft()
        self._size -= len(text or "")
        self._taken.set()
        return text


class Pace:
    """Lets `BURST` events pass at once and `PER_S` a second after that; `now` is a clock of seconds."""

    def __init__(self, now: float) -> None:
        self._left = float(BURST)
        self._at = now

    def delay(self, now: float) -> float:
        """Count an event; return how long it has to wait, in seconds."""
        self._left = min(float(BURST), self._left + (now - self._at) * PER_S) - 1
        self._at = now
        return max(0.0, -self._left / PER_S)
