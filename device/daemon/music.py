"""Has other programs lowered while somebody talks: from the wake word to the end of the conversation."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from device.audio.music.programs import MusicError, Programs
from device.daemon.perform import QUIET
from device.daemon.watcher import Watcher

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from device.conversation.states import State
    from device.daemon.daemon import Daemon
    from device.settings.tree import CardSettings

log = logging.getLogger(__name__)

LOOK_S: Final = 2.0
"""How often it is looked, in a conversation, whether another program has begun: a choice."""
RETURN_S: Final = 10.0
"""How often whether one plays again that ended while it was lowered; asking costs some ms of a processor."""


class WhileTalking(Watcher):
    """Calls `tell` with whether somebody talks, whenever that changes."""

    def __init__(self, tell: Callable[[bool], None]) -> None:
        self._tell = tell
        self._talking = False

    def state(self, state: State, at: int) -> None:  # noqa: ARG002 - a watcher's
        """Know whose turn it is."""
        if (talking := state not in QUIET) != self._talking:
            self._talking = talking
            self._tell(talking)


@asynccontextmanager
async def music_beside(settings: CardSettings, daemon: Daemon, folder: Path) -> AsyncIterator[None]:
    """Have music lowered beside `daemon` during a block, if the settings say so; `folder` is for state."""
    if settings.music != "lower":
        yield
        return
    music = Music(folder)
    daemon.watch(WhileTalking(music.tell))
    try:
        yield
    finally:
        await music.close()


class Music:
    """Lowers the programs of a sound server; what was lowered is kept in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._programs = Programs(folder)
        self._talking = False
        self._changed = asyncio.Event()
        self._said = ""
        self._task = asyncio.create_task(self._run())

    def tell(self, talking: bool) -> None:  # noqa: FBT001 - what a watcher tells
        """Know whether somebody talks."""
        self._talking = talking
        self._changed.set()

    async def close(self) -> None:
        """Raise what is lowered, and end."""
        self._task.cancel()
        await asyncio.wait([self._task])
        self._talking = False
        await asyncio.to_thread(self._set)

    async def _run(self) -> None:
        while True:
            self._changed.clear()
            await asyncio.shield(asyncio.to_thread(self._set))
            again = LOOK_S if self._talking else RETURN_S if self._programs.lowered else None
            with suppress(TimeoutError):
                async with asyncio.timeout(again):
                    await self._changed.wait()

    def _set(self) -> None:
        try:
            if self._talking:
                self._programs.lower()
            else:
                self._programs.restore()
        except MusicError as error:
            if str(error) != self._said:
                self._said = str(error)
                log.warning("Music of other programs is not lowered: %s", error)
        else:
            self._said = ""
