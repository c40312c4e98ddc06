"""The life of a process that serves: it tells that it is ready, and goes on until it is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from device.conversation.entries import EngineUnable, HearsItself, HearsOthers, SessionOpen
from device.settings import last_good
from device.system.service_status import Doing, Status

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from device.conversation.entries import Entry
    from device.settings.last_good import InForce
    from device.system.notify import Notifier


class Health:
    """What the service manager is told of a service that listens at `where`: all is well, but for what it says."""

    def __init__(self, notifier: Notifier, found: InForce, where: str) -> None:
        self._notifier = notifier
        self._found = found
        fault = found.fault.partition("\n")[0]
        self._status = Status(Doing.LISTENING, where, fault, engine_fault=" ".join(found.passed_over))
        self._unable = ""  # the engine that could not be started

    def tell_ready(self) -> None:
        """Tell that it is ready; if the settings are good, keep them."""
        self._notifier.tell(f"READY=1\nSTATUS={self._status}")
        last_good.keep(self._found)

    def take(self, entry: Entry) -> None:
        """Tell what an entry of the ledger changes of it, if it does."""
        passed_over = " ".join(self._found.passed_over)
        match entry:
            case HearsItself(why=why):
                self._status = replace(self._status, hears_itself=why)
            case HearsOthers():
                self._status = replace(self._status, hears_itself="")
            case EngineUnable(engine=engine, message=message):
                self._unable = engine
                self._status = replace(self._status, engine_fault=f"{message} {passed_over}".strip())
            case SessionOpen(engine=engine) if engine == self._unable:
                self._unable = ""
                self._status = replace(self._status, engine_fault=passed_over)
            case _:
                return
        self._notifier.tell(f"STATUS={self._status}")


async def until_told(serves: Coroutine[Any, Any, None], *ends: Coroutine[Any, Any, None]) -> None:
    """Serve until Ctrl-C, SIGTERM or one of `ends`; raises what `serves` raises before that."""
    serving = asyncio.create_task(serves)
    others = [asyncio.create_task(end) for end in (until_signal(), *ends)]
    await asyncio.wait({serving, *others}, return_when=asyncio.FIRST_COMPLETED)
    for other in others:
        other.cancel()
    if serving.done():
        await serving
    serving.cancel()
    with suppress(asyncio.CancelledError):
        await serving


async def until_signal() -> None:
    """Wait for Ctrl-C or SIGTERM."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await stop.wait()


async def until_closed(fd: int) -> None:
    """Wait for the end of a pipe."""
    closed = asyncio.Event()
    loop = asyncio.get_running_loop()

    def read() -> None:
        if not os.read(fd, 4096):
            closed.set()

    loop.add_reader(fd, read)
    await closed.wait()
    loop.remove_reader(fd)
