"""Tells people by the assistant's voice, and hears from its door that somebody holds the button."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from device.door import messages as door
from device.door.client import DoorError, connect
from device.wifi.words import sentences

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.door.client import Client

log = logging.getLogger(__name__)

AGAIN_S: Final = 5.0
"""How long to wait before the daemon is looked for anew."""
MOST: Final = 4
"""Sentences that wait to be said; a choice: then the oldest is out of date."""


class Herald:
    """Talks to the daemon, by `reach`; `language` is in which."""

    def __init__(self, language: str, reach: Callable[[str], Awaitable[Client]] = connect) -> None:
        self._words = sentences(language)
        self._reach = reach
        self._waiting: asyncio.Queue[door.Say] = asyncio.Queue()

    def say(self, *what: str, digits: str = "", **values: str) -> None:
        """Have said what stands under these keys, with values put in, one after the other; the lights tell `digits`."""
        text = " ".join(self._words[key].format(**values) for key in what)
        while self._waiting.qsize() >= MOST:
            self._waiting.get_nowait()
        self._waiting.put_nowait(door.Say(text[: door.LONGEST_SPOKEN], digits=digits))

    async def tell(self, on_button: Callable[[], None]) -> None:
        """Say what there is to say, until cancelled; `on_button` is called when the page's code is asked for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._speak())
            group.create_task(self._listen(on_button))

    async def _speak(self) -> None:
        while True:
            say = await self._waiting.get()
            with suppress(DoorError):  # whoever is not told looks at the page, or asks `parley wifi status`
                async with await self._reach("Wi-Fi") as client:
                    await client.request(say, door.Said)

    async def _listen(self, on_button: Callable[[], None]) -> None:
        while True:
            with suppress(DoorError):
                async with await self._reach("Wi-Fi") as client:
                    async for event in client.subscribe(("code",)):
                        if isinstance(event, door.CodeMade) and event.seconds:
                            on_button()
            await asyncio.sleep(AGAIN_S)
