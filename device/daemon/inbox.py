"""What happens on the device, on its way to the conversation, from whatever thread it comes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.engine import EngineEvent
    from device.conversation.events import DeviceEvent

    Event = DeviceEvent | EngineEvent


class Inbox:
    """Takes events from the parts, which need not know who is told of them; what comes before `open` waits for it.

    To be made on the event loop.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: list[Event] = []
        self._take: Callable[[Event], None] = self._waiting.append

    def open(self, take: Callable[[Event], None]) -> None:
        """Hand every event to `take` from now on, beginning with those that wait."""
        self._take = take
        for event in self._waiting:
            take(event)
        self._waiting.clear()

    def put(self, event: Event) -> None:
        """Hand an event over at once; on the event loop's thread."""
        self._take(event)

    def post(self, event: Event) -> None:
        """Hand an event over from any thread; harmless once the loop is closed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.put, event)
