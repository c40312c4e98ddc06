"""The assistant on this machine's microphone and loudspeaker: all parts, from the card to the panel, until a signal."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from device.conversation.engine import EngineError
from device.conversation.events import Button
from device.daemon import mute
from device.daemon.controls import Controls
from device.daemon.daemon import Daemon
from device.daemon.readiness import tell_ready, until_signal
from device.daemon.wait_for_card import wait_for_card
from device.engines.factory import Engines
from device.panel.panel import Panel
from device.records.keep import Keeper
from device.records.ledger import Ledger
from device.records.timeline import Timeline
from device.settings import last_good
from device.system.notify import Notifier
from device.system.paths import state_dir
from device.tools.profile import profile_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.settings.last_good import InForce
    from device.settings.tree import Settings

log = logging.getLogger(__name__)


async def run(found: InForce, config: Path | None, out: Path | None) -> bool:
    """Be the assistant until a signal comes; return whether a factory reset is wanted.

    `config` is the settings file, if one was named, and `out` a folder for the ledger. Raises CardError, EngineError
    or ModelError.
    """
    console, settings = Console(highlight=False), found.settings
    notifier = Notifier()
    if (card := await wait_for_card(settings, notifier)) is None:
        return False
    # The system's log keeps what it gets, whatever the settings say of transcripts.
    timeline = Timeline(console, words=last_good.service_folder() is None)
    ledger = Ledger(out / "ledger.jsonl" if out else None, on_entry=timeline.show)
    engines = Engines(settings, config)
    keeping = Keeper(settings, ledger)
    tools = profile_tools(found.loaded.profile)
    daemon = Daemon(settings, card, ledger, engines.session, tools=tools, barred=keeping.costs.over_budget)
    controls = Controls(daemon, mark=state_dir() / "updating")
    panel = Panel(settings.panel, controls)
    beside = [asyncio.create_task(_prepare(engines))]
    kept = state_dir() / mute.FILE
    # Until it is known how the switch stands, nothing is heard either.
    card.deaf = kept.exists() or settings.panel.mute_pin >= 0
    try:
        await daemon.start()
        daemon.mute.keep(kept)
        daemon.attend = panel.attend
        panel.open()
        card.deaf = daemon.mute.on
        beside.append(asyncio.create_task(notifier.watch(lambda: daemon.capture.now)))
        with _button(daemon):
            console.print(f"Listening on {card.name}. Say “{_wake_words(settings)}”. Ctrl-C ends.", soft_wrap=True)
            if daemon.mute.on:
                console.print("The microphone is muted: hold the button for a second, or type m and Enter.")
            tell_ready(notifier, found, card.name)
            await until_signal()
            if not controls.reset:  # which starts anew
                notifier.tell("STOPPING=1")
    finally:
        for task in beside:
            task.cancel()
        panel.close()
        await daemon.stop()
        await engines.close()
        ledger.close()
        keeping.close()
    return controls.reset


async def _prepare(engines: Engines) -> None:
    """Start the local engine while the card opens; what fails now is tried again with the first session."""
    try:
        await engines.prepare()
    except EngineError as error:
        log.error("%s", error)  # noqa: TRY400 - the message says it all


@contextlib.contextmanager
def _button(daemon: Daemon) -> Iterator[None]:
    """Let Enter on a terminal, and SIGUSR1, be the button; m and Enter, and SIGUSR2, a long press of it."""
    loop = asyncio.get_running_loop()

    def press() -> None:
        daemon.on(Button(daemon.capture.now))

    def key() -> None:
        if line := sys.stdin.readline():
            daemon.mute.toggle() if line.strip().lower() == "m" else press()
        else:
            loop.remove_reader(sys.stdin)

    loop.add_signal_handler(signal.SIGUSR1, press)
    loop.add_signal_handler(signal.SIGUSR2, daemon.mute.toggle)
    terminal = sys.stdin is not None and sys.stdin.isatty()
    if terminal:
        loop.add_reader(sys.stdin, key)
    try:
        yield
    finally:
        if terminal:
            loop.remove_reader(sys.stdin)


def _wake_words(settings: Settings) -> str:
    return "” or “".join(Path(name).stem.replace("_", " ") for name in settings.wake.models)
