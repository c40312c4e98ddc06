"""The life of a process that serves: it tells that it is ready, and goes on until it is told to end."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

from device.conversation.entries import HearsItself, HearsOthers
from device.settings import last_good
from device.system.service_status import Doing, Status

if TYPE_CHECKING:
    from device.conversation.entries import Entry
    from device.settings.last_good import InForce
    from device.system.notify import Notifier


def tell_ready(notifier: Notifier, found: InForce, where: str) -> None:
    """Tell the service manager that all is well, but for the settings perhaps; if they are, keep them."""
    fault = found.fault.partition("\n")[0]
    notifier.tell(f"READY=1\nSTATUS={Status(Doing.LISTENING, where, fault)}")
    last_good.keep(found)


def tell_hearing(notifier: Notifier, found: InForce, where: str, entry: Entry) -> None:
    """Tell the service manager that the device hears itself, or no longer, if that is what an entry says."""
    if isinstance(entry, (HearsItself, HearsOthers)):
        why = entry.why if isinstance(entry, HearsItself) else ""
        status = Status(Doing.LISTENING, where, found.fault.partition("\n")[0], why)
        notifier.tell(f"STATUS={status}")


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
