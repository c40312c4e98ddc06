"""What systemd is told: that the service is ready, what it is doing, and that it is alive (sd_notify(3)).

Outside of systemd, where NOTIFY_SOCKET is not set, nothing is sent.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

log = logging.getLogger(__name__)


class Notifier:
    """The way to the service manager that started this process, if one did."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        address = environ.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        pid = environ.get("WATCHDOG_PID", "")
        ours = not pid or pid == str(os.getpid())
        usec = environ.get("WATCHDOG_USEC", "")
        self.watchdog_s = int(usec) / 1e6 if usec.isdigit() and ours else 0.0
        """How often it wants a sign of life; 0 if it does not."""

    @property
    def listens(self) -> bool:
        """Whether there is a service manager."""
        return bool(self._address)

    def tell(self, message: str) -> None:
        """Send e.g. `READY=1` or `STATUS=…`; whatever goes wrong with that is of no consequence here."""
        if not self._address:
            return
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as way:
            way.connect(self._address)
            way.sendall(message.encode())

    async def watch(self, position: Callable[[], int]) -> None:
        """Send signs of life until cancelled, as long as `position`, that of the clock of audio, goes on.

        Runs on the event loop: if that hangs, none is sent either. Then systemd ends the service and starts it anew.
        """
        if not self.watchdog_s:
            return
        before = -1
        while True:
            now = position()
            if now > before:
                self.tell("WATCHDOG=1")
            else:
                log.error("The audio stands still; the service manager will restart this service.")
            before = now
            await asyncio.sleep(self.watchdog_s / 4)
