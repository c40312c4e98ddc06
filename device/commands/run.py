"""`parley run`: the assistant itself."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from device.audio.card.base import CardError
from device.commands.terminal import CONFIG, CommandError, load_in_force, make_folder
from device.conversation.engine import EngineError
from device.daemon.run import run as be_assistant
from device.model_files.files import ModelError
from device.system import asks, lock
from device.system.notify import Notifier
from device.system.reset import factory_reset
from device.system.service_status import Doing, Status

if TYPE_CHECKING:
    from device.daemon.controls import Ending

log = logging.getLogger(__name__)


@click.command()
@CONFIG
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="A folder for ledger.jsonl.")
def run(config: Path | None, out: Path | None) -> None:
    """Be the assistant, on this machine's microphone and loudspeaker.

    On a terminal, Enter is the button: it wakes, interrupts, and ends a conversation. m and Enter mutes or unmutes.
    """
    for number in (signal.SIGUSR1, signal.SIGUSR2):  # these are buttons, and would kill before there are any
        signal.signal(number, signal.SIG_IGN)
    try:
        ending = _run_alone(config, out)
    except CommandError as error:
        # `systemctl status` shows it, and the doctor.
        Notifier().tell(f"STATUS={Status(Doing.CANNOT_START, error.message.partition(chr(10))[0])}")
        raise
    if ending == "reset":
        _reset()
    if ending:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - what runs already


def _reset() -> None:
    """Delete what is this process's to delete; what is root's, as keys, goes once root was asked."""
    if asks.heard(asks.RESET):
        try:
            asks.ask(asks.RESET)
        except OSError as error:
            log.error("The machine's settings and keys stay: root cannot be asked: %s", error.strerror)  # noqa: TRY400
    log.warning("Factory reset: %d files are gone; starting anew", len(factory_reset()))


def _run_alone(config: Path | None, out: Path | None) -> Ending:
    """Be the assistant unless another one is; return what is to follow."""
    found = load_in_force(config, need_engine=True)
    try:
        held = lock.take()
    except lock.AlreadyRunning as error:
        raise CommandError(error) from None
    try:
        return asyncio.run(be_assistant(found, config, make_folder(out) if out else None))
    except (CardError, EngineError, ModelError) as error:
        raise CommandError(error) from None
    finally:
        held.close()
