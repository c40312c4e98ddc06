"""Waiting for the sound card: one on USB may come later than the service, or be plugged in when somebody finds it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from typing import TYPE_CHECKING, TypeVar

from device.audio.card.base import CardError
from device.audio.card.process import ProcessCard
from device.audio.card.retry import Retry
from device.conversation.states import State
from device.panel.panel import Panel
from device.panel.unattended import Unattended
from device.system.service_status import Doing, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.settings.tree import Settings
    from device.system.notify import Notifier

Work = TypeVar("Work")

log = logging.getLogger(__name__)

POLL_S = 0.5
"""How often it is asked whether to look for the card."""


async def wait_for_card(settings: Settings, notifier: Notifier) -> ProcessCard | None:
    """Return the card of the settings, as soon as it is there; None if SIGTERM comes first.

    In front of a user nothing is waited for: raises CardError. A service shows the fault meanwhile, and is alive; but
    for a look at the cards that does not end.
    """
    panel, status = None, Status(Doing.WAITING_FOR_CARD, "")
    loop, over = asyncio.get_running_loop(), asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, over.set)
    retry = Retry(loop.time())
    try:
        while not over.is_set():
            if retry.due(loop.time()):
                try:
                    card = await _unless(over, _in_thread(lambda: ProcessCard(settings.card)))
                except CardError as error:
                    if not notifier.listens:
                        raise
                    if panel is None:
                        panel = Panel(settings.panel, Unattended(State.FAULT))
                        panel.open()
                    if str(error) != status.what:
                        status = Status(Doing.WAITING_FOR_CARD, str(error))
                        log.error("%s", status)  # noqa: TRY400 - the message says it all
                else:
                    if panel is not None:
                        notifier.tell("WATCHDOG=1")
                    return card
            notifier.tell(f"READY=1\nWATCHDOG=1\nSTATUS={status}")
            await _unless(over, asyncio.ensure_future(asyncio.sleep(POLL_S)))
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
        if panel is not None:
            panel.close()
    return None


async def _unless(over: asyncio.Event, working: asyncio.Future[Work]) -> Work | None:
    """Return what comes of some work; None as soon as it is all over."""
    ending = asyncio.ensure_future(over.wait())
    await asyncio.wait((working, ending), return_when=asyncio.FIRST_COMPLETED)
    if over.is_set():
        working.cancel()
        return None
    ending.cancel()
    return working.result()


def _in_thread(work: Callable[[], Work]) -> asyncio.Future[Work]:
    """Do some work in a thread that keeps nobody from ending, as those of the event loop's executor do."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Work] = loop.create_future()

    def tell(set_to: Callable[..., None], value: object) -> None:
        if not future.done():
            set_to(value)

    def run() -> None:
        try:
            result: tuple[Callable[..., None], object] = future.set_result, work()
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            result = future.set_exception, error
        with contextlib.suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(tell, *result)

    threading.Thread(target=run, name="card finder", daemon=True).start()
    return future
