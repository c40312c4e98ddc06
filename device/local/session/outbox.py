"""What a client has still to be sent: written at once, taken at the client's pace."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

ROOM: Final = 256 * 1024
"""Characters waiting, from which the makers of audio wait too: some 4 s of audio."""
FULL: Final = 4 * 1024 * 1024
"""Characters waiting, from which nothing more is asked of the session: a minute of audio."""


class Outbox:
    """Server events on their way to one client.

    `send` sends one and may wait. `run` raises TimeoutError if one event takes it longer than `stall_s`.
    """

    def __init__(self, send: Callable[[str], Awaitable[None]], stall_s: float) -> None:
        self._send = send
        self._stall_s = stall_s
        self._waiting: deque[str] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._taken = asyncio.Condition()

    def write(self, text: str) -> None:
        """Queue an event."""
        self._waiting.append(text)
        self._size += len(text)
        self._filled.set()

    async def room(self, limit: int = ROOM) -> None:
        """Wait until no more than `limit` characters wait."""
        async with self._taken:
            await self._taken.wait_for(lambda: self._size <= limit)

    async def run(self) -> None:
        """Send what is written, in order, for ever."""
        while True:
            await self._filled.wait()
            while self._waiting:
                text = self._waiting.popleft()
                await asyncio.wait_for(self._send(text), self._stall_s)
                self._size -= len(text)
                async with self._taken:
                    self._taken.notify_all()
            self._filled.clear()
