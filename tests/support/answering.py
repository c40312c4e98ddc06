"""An engine's session that answers whatever it hears, once it has been silent for so long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from device.conversation.engine import Audio, Fault, ReplyEnded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from device.conversation.engine import EngineEvent, Said

RATE = 24_000


class Answering:
    """The session. `faulty`: it fails instead of answering; `mute`: it says nothing at all."""

    def __init__(self, *, silence_ms: int = 60, faulty: bool = False, mute: bool = False) -> None:
        self.heard = bytearray()
        """What it heard that was no silence."""
        self.open_now = False
        self._silence_ms = silence_ms
        self._faulty, self._mute = faulty, mute
        self._events: asyncio.Queue[EngineEvent] = asyncio.Queue()
        self._asked = False
        self._silent_ms = 0.0

    async def open(self, _history: Sequence[Said]) -> None:
        """Be opened."""
        self.open_now = True

    async def close(self) -> None:
        """Be closed."""
        self.open_now = False

    async def hear(self, pcm: bytes) -> None:
        """Hear s16le mono at 24 kHz."""
        if any(pcm):
            self.heard += pcm
            self._asked, self._silent_ms = True, 0.0
            # The end of the last block of what is said is silence already.
            pcm = pcm[len(pcm.rstrip(b"\0")) :]
        self._silent_ms += 1000 * len(pcm) / 2 / RATE
        if self._asked and self._silent_ms >= self._silence_ms:
            self._asked = False
            self._answer()

    async def events(self) -> AsyncIterator[EngineEvent]:
        """Yield what it has to say, for ever."""
        while True:
            yield await self._events.get()

    def _answer(self) -> None:
        if self._faulty:
            self._events.put_nowait(Fault("broken", "the engine is broken", retry=False))
        elif not self._mute:
            self._events.put_nowait(Audio("r", "i", bytes(480)))
            self._events.put_nowait(ReplyEnded("r", "completed"))
