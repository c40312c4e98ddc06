"""The chat server that the brain asks: the one in the settings, or the one that is found, lost and found again."""

from __future__ import annotations

import asyncio
import logging
import threading
from typing import TYPE_CHECKING, Final

from device.local.brain.completions import Completions
from device.local.brain.discovery import Search, candidates, search

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from device.settings.local import BrainSettings

log = logging.getLogger(__name__)

AGAIN_S: Final = 30.0
"""How long after a search in vain the next begins. A choice: a server that was started is soon found, and a search
costs a hundredth of a second."""


class Server:
    """The server to ask, if there is one."""

    def __init__(
        self,
        settings: BrainSettings,
        look: Callable[[BrainSettings], Awaitable[Search]] = search,
        again_s: float = AGAIN_S,
    ) -> None:
        self._settings = settings
        self._look = look
        self._again_s = again_s
        self._auto = settings.url == "auto"
        self._completions = None if self._auto else Completions(settings)
        self._wanted = threading.Event()
        self._told: tuple[str, ...] | None = None

    @property
    def completions(self) -> Completions | None:
        """What asks it; None while none is found."""
        return self._completions

    def begin(self) -> None:
        """Look for it, in a thread of its own: again and again until it is found, and when it is lost."""
        if self._auto:
            self._wanted.set()
            threading.Thread(target=self._search, name="chat server", daemon=True).start()

    def lost(self) -> None:
        """Take note that it gave no answer: one that was found is no longer asked until it is found again."""
        if self._auto and self._completions is not None:
            log.warning(
                "The chat server that was found is gone: the built-in sentences answer until there is one again."
            )
            self._completions = None
            self._told = None
            self._wanted.set()

    def _search(self) -> None:
        while True:
            self._wanted.wait(None if self._completions is not None else self._again_s)
            if self._completions is None or self._wanted.is_set():
                self._wanted.clear()
                self.take(asyncio.run(self._found()))

    async def _found(self) -> Search:
        return await self._look(self._settings)

    def take(self, found: Search) -> None:
        """Ask what was found from now on; say so once, also that there is none."""
        if found.found is not None:
            log.info("The language model is %s.", found.found.called)
            self._completions = Completions(found.found.named_in(self._settings))
        elif found.passed_over != self._told:
            self._told = found.passed_over
            log.warning("%s", not_found(self._settings, found))


def not_found(settings: BrainSettings, found: Search) -> str:
    """Return what is said when there is no server."""
    where = " or ".join(dict.fromkeys(place.host for place in candidates(settings)))
    why = "".join(f"; {reason}" for reason in found.passed_over)
    return f'brain.url is "auto", and no chat server was found on {where}: the built-in sentences answer{why}'
