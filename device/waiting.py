"""Waiting for the sound card: one on USB may come later than the service, or be plugged in when somebody finds it."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import TYPE_CHECKING

from device.actions import State
from device.audio.alsa import AlsaCard
from device.audio.card import CardError
from device.panel.nobody import Nobody
from device.panel.panel import Panel

if TYPE_CHECKING:
    from device.notify import Notifier
    from device.settings import Settings

log = logging.getLogger(__name__)

RETRY_S = 3.0
STATUS = "Waiting for the sound card"
"""How what the service manager is told meanwhile begins."""


async def wait_for_card(settings: Settings, notifier: Notifier) -> AlsaCard | None:
    """Return the card of the settings, as soon as it is there; None if SIGTERM comes first.

    In front of a user nothing is waited for: raises CardError. A service shows the fault meanwhile, and is alive.
    """
    panel, told = None, ""
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    try:
        while not over.is_set():
            try:
                return AlsaCard(settings.card)
            except CardError as error:
                if not notifier.listens:
                    raise
                if panel is None:
                    panel = Panel(settings.panel, Nobody(State.FAULT))
                    panel.open()
                if str(error) != told:
                    told = str(error)
                    log.error("%s: %s", STATUS, told)  # noqa: TRY400 - the message says it all
            notifier.tell(f"READY=1\nWATCHDOG=1\nSTATUS={STATUS}: {told}")
            try:
                await asyncio.wait_for(over.wait(), RETRY_S)
            except TimeoutError:
                continue
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        if panel is not None:
            panel.close()
    return None
