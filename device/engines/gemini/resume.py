"""What a Gemini Live session needs to go on in another connection: the server's handle, and what it does not cover."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from device.engines.gemini.config import HEAR_RATE

if TYPE_CHECKING:
    from device.wire.gemini import ClientMessage

LONGEST: Final = 2 * HEAR_RATE * 60
"""Bytes of audio that are kept: a minute. A choice: what came before it is lost, should no
new handle come for longer."""


class Resumption:
    """The newest handle, and the audio that was sent since.

    The session of a handle is the one of the moment when the handle was sent, without what came later: audio is sent
    again, a reply cannot be. So a handle is good for as long as there was no reply.
    """

    def __init__(self) -> None:
        self.handle = ""
        self._input: deque[ClientMessage] = deque()
        self._size = 0
        self._invalid = False
        self._used = False

    @property
    def good(self) -> bool:
        """Whether another connection can go on where this one is."""
        return bool(self.handle) and not self._invalid

    @property
    def input(self) -> tuple[ClientMessage, ...]:
        """What was sent since the handle."""
        return tuple(self._input)

    def update(self, handle: str) -> None:
        """Take a new handle, which covers all that was sent so far; but not while a good one is being used."""
        if handle and not (self._used and self.good):
            self.handle = handle
            self._invalid = False
            self._forget()

    def sent(self, message: ClientMessage) -> None:
        """Keep realtime input that was sent."""
        self._input.append(message)
        self._size += _size(message)
        while self._size > LONGEST:
            self._size -= _size(self._input.popleft())

    def invalidate(self) -> None:
        """Give the handle up: something happened which cannot be sent again."""
        self._invalid = True
        self._forget()

    def use(self) -> str:
        """Return the handle, which as long as it is good stays the newest until `release`."""
        self._used = True
        return self.handle

    def release(self) -> None:
        """Take any new handle again."""
        self._used = False

    def _forget(self) -> None:
        self._input.clear()
        self._size = 0


def _size(message: ClientMessage) -> int:
    audio = message.realtime_input.audio if message.realtime_input is not None else None
    return len(audio.data) if audio is not None else 0
