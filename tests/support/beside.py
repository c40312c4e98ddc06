"""The page in a browser beside a whole daemon in a simulated room, whose clock is its own.

The room's clock stands still while the browser is looked at: the page and the browser are in a thread of their own, on
the wall's clock.
"""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING, Any, Self, TypeVar

from support.chromium import DESK, Browser

from device.door.client import connect
from device.door.place import FILE
from device.page.server import serve
from device.settings.page import PageSettings

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

T = TypeVar("T")


class Beside:
    """An event loop on the wall's clock, beside a room on its own."""

    def __enter__(self) -> Self:
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()

    def now(self, work: Coroutine[Any, Any, T]) -> T:
        """Have something done there before there is a room, or after it."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()

    async def do(self, work: Coroutine[Any, Any, T], *, passes: float = 0.0) -> T:
        """Have something done there, while the room's clock stands still or, with `passes`, goes on."""
        done = asyncio.run_coroutine_threadsafe(work, self.loop)
        while not done.done():
            await asyncio.sleep(passes)
            time.sleep(0.002)  # noqa: ASYNC251 - the other thread's turn
        return done.result()


class Screen:
    """A browser at `path` of the page of the daemon that has its door in `folder`."""

    def __init__(self, folder: Path, path: str = "/", size: tuple[int, int, int] = DESK) -> None:
        self.folder, self.path, self.size = folder, path, size

    async def open(self) -> None:
        ready = asyncio.get_running_loop().create_future()
        settings = PageSettings(port=0)
        self.serving = asyncio.create_task(
            serve(
                settings,
                lambda: (settings, "en"),
                self.folder,
                ready=ready.set_result,
                reach=lambda who: connect(who, self.folder / FILE),
            )
        )
        self.browser = await Browser().__aenter__()
        self.tab = await self.browser.tab(f"http://127.0.0.1:{await ready}{self.path}", self.size)

    async def close(self) -> None:
        await self.browser.__aexit__()
        self.serving.cancel()
        await asyncio.gather(self.serving, return_exceptions=True)
