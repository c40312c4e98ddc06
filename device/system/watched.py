"""A file that is looked at now and then, to see whether somebody has changed it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

AGAIN_S: Final = 1.0
"""How often it is looked at: a choice; who changes it waits for seconds anyway."""


class Watched:
    """A file as it was when this was made, there or not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._was = self._looks()
        self.noticed = False
        """Whether somebody waited until it was another one, or changed, or gone."""

    async def until_changed(self, again_s: float = AGAIN_S) -> None:
        """Wait until it is."""
        while self._looks() == self._was:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(again_s)
        self.noticed = True

    def _looks(self) -> tuple[int, ...]:
        try:
            found = self._path.stat()
        except OSError:
            return ()
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size
