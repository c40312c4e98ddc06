"""The assistant on this machine's microphone and loudspeaker: all parts, from the card to the panel, until a signal."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from device.conversation.engine import EngineError, Unable
from device.conversation.events import Button
from device.daemon import mute
from device.daemon.build import build
from device.daemon.controls import Controls
from device.daemon.doorway import Doorway
from device.daemon.keys import keys
from device.daemon.music import music_beside
from device.daemon.reader import Reader
from device.daemon.readiness import Health, until_signal
from device.daemon.wait_for_card import wait_for_card
from device.daemon.watcher import OnState
from device.door.place import FILE
from device.engines.factory import Engines
from device.engines.uplink import SentAudio
from device.panel.panel import Panel
from device.records.keep import Keeper
from device.records.ledger import Ledger
from device.records.timeline import Timeline
from device.settings import last_good
from device.settings.change import file_for
from device.settings.handed import hand_over
from device.settings.loading import key_environ
from device.system import inputs, recent_log
from device.system.memory import settle
from device.system.notify import Notifier
from device.system.paths import state_dir
from device.system.printed import console
from device.system.recent_log import RecentLog
from device.system.typed import typed
from device.tools.profile import profile_tools

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from device.daemon.controls import Ending
    from device.daemon.daemon import Daemon
    from device.settings.last_good import InForce
    from device.settings.tree import Settings
    from device.tools.registry import Tool

log = logging.getLogger(__name__)

MUTED: Final = "The microphone is muted: hold the button for a second, type m and Enter, or run `%s`."


async def run(found: InForce, config: Path | None, out: Path | None) -> Ending:
    """Be the assistant until a signal comes; return what is to follow.

    `config` is the settings file, if one was named, and `out` a folder for the ledger. Raises CardError, EngineError
    or ModelError.
    """
    shown, settings = console(), _unmutable(found.settings)
    notifier = Notifier()
    hand_over(settings, file_for(config))
    if (card := await wait_for_card(settings, notifier)) is None:
        return ""
    async with AsyncExitStack() as stack:
        # The system's log keeps what it gets, whatever the settings say of transcripts.
        timeline = Timeline(shown, words=last_good.service_folder() is None)
        recent = stack.enter_context(_recent_log())
        sent = SentAudio()
        ledger = Ledger(out / "ledger.jsonl" if out else None, on_entry=timeline.show, sent_s=lambda: sent.seconds)
        # Nobody's words are in there either.
        ledger.watch(Timeline(console(file=recent.stream, width=recent_log.LONGEST), words=False).show)
        keeper = Keeper(settings, ledger)
        stack.callback(keeper.close)
        stack.callback(ledger.close)
        engines = Engines(settings, config)
        stack.push_async_callback(engines.close)
        preparing = asyncio.create_task(_prepare(engines))
        stack.callback(preparing.cancel)
        tools, changing = await stack.enter_async_context(_tools(found))
        muted = state_dir() / mute.FILE
        # Until it is known how the switch stands, nothing is heard either.
        card.deaf = inputs.is_there(muted) or settings.panel.mute_pin >= 0
        daemon = await build(
            settings,
            card,
            ledger,
            engines.session,
            tools=tools,
            changing=changing,
            barred=keeper.costs.over_budget,
            sent=sent,
            muted=muted,
            kept=state_dir(),
            speak=Reader(config).speak,
            forget=keeper.transcripts.forget,
        )
        stack.push_async_callback(daemon.stop)
        settle()
        controls = Controls(daemon, mark=state_dir() / "updating")
        panel = Panel(settings.panel, controls)
        stack.callback(panel.close)
        daemon.start()
        daemon.watch(OnState(panel.attend))
        await stack.enter_async_context(music_beside(settings.card, daemon, state_dir()))
        broken = panel.open()
        card.deaf = daemon.mute.on
        doorway = Doorway(
            state_dir() / FILE,
            daemon,
            controls,
            ledger,
            found,
            costs=keeper.costs,
            config=config,
            broken=map(str, broken),
            asking=lambda: panel.asking,
            recent=recent,
            restart=controls.start_anew,
            lights=panel,
        )
        controls.speak_code = doorway.speak_code
        stack.push_async_callback(doorway.close)
        await doorway.open()
        stack.callback(asyncio.create_task(notifier.watch(lambda: daemon.position)).cancel)
        with keys(lambda: daemon.on(Button(daemon.position)), daemon.mute.toggle, sys.stdin, _end):
            shown.print(f"Listening on {card.name}. Say “{_wake_words(settings)}”. Ctrl-C ends.", soft_wrap=True)
            if sys.stdin.isatty():
                shown.print("Enter wakes and interrupts; m and Enter mutes; q and Enter ends.")
            if daemon.mute.on:
                shown.print(MUTED % typed("unmute", root=True), soft_wrap=True)
            health = Health(notifier, found, card.name)
            ledger.watch(health.take)
            health.tell_ready()
            stack.callback(asyncio.create_task(_tell_unable(preparing, daemon)).cancel)
            await until_signal()
            if not controls.ending:  # which starts anew
                notifier.tell("STOPPING=1")
    return controls.ending


@contextmanager
def _recent_log() -> Iterator[RecentLog]:
    """Have the end of the log kept; yields it."""
    recent = RecentLog()
    logging.getLogger().addHandler(recent)
    try:
        yield recent
    finally:
        logging.getLogger().removeHandler(recent)


@asynccontextmanager
async def _tools(found: InForce) -> AsyncIterator[tuple[Sequence[Tool], Callable[[], Iterable[Tool]]]]:
    """Yield the tools of the profile, and what returns those of the servers that the settings name."""
    settings = found.settings
    own = profile_tools(found.loaded.profile, settings.language)
    if not settings.mcp:
        yield own, tuple
        return
    from device.mcp.servers import Servers  # noqa: PLC0415 - takes memory, and only where there is one

    servers = Servers(settings.mcp, taken=[tool.name for tool in own], environ=key_environ(os.environ))
    servers.start()
    try:
        yield own, servers.tools
    finally:
        await servers.close()


def _unmutable(settings: Settings) -> Settings:
    """Return the settings without muting by voice, where nothing in the room could undo it: who mutes is not heard."""
    if sys.stdin.isatty() or settings.panel.button_pin >= 0:
        return settings
    return replace(settings, tools=tuple(tool for tool in settings.tools if tool != "mute"))


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)


async def _prepare(engines: Engines) -> Unable | None:
    """Start the local engine while the card opens; what fails now is tried again with the first session."""
    try:
        await engines.prepare()
    except EngineError as error:
        log.error("%s", error)  # noqa: TRY400 - the message says it all
        return Unable("local", str(error))
    return None


async def _tell_unable(preparing: asyncio.Task[Unable | None], daemon: Daemon) -> None:
    """Let the lights and the service manager say at once what nobody may ask about for hours."""
    if (unable := await preparing) is not None:
        daemon.on(unable)


def _wake_words(settings: Settings) -> str:
    return "” or “".join(settings.wake.phrases)
