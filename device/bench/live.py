"""The whole daemon in a simulated room, without a recording: for benches of the daemon itself."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from msgspec.structs import replace

from device.conversation.events import Button
from device.daemon.build import build
from device.daemon.watcher import Watcher
from device.engines.factory import session_with
from device.engines.uplink import SentAudio
from device.records.ledger import Ledger
from device.simulation.rehearsal import meanwhile
from device.simulation.room import Room

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from device.conversation.engine import EngineSession, ToolSpec
    from device.conversation.entries import Entry
    from device.conversation.states import State
    from device.daemon.build import MakeSession
    from device.listen.detectors import Detectors
    from device.settings.tree import Settings
    from device.simulation.rehearsal import Actor
    from device.simulation.scene import Scene


def plain(settings: Settings) -> Settings:
    """Return the settings for a bench with a scripted engine: no earcons, and whatever engine there is ends turns."""
    playout = replace(settings.playout, earcons=False)
    listen = replace(settings.listen, end_of_turn="server")
    return replace(settings, engines=("local",), playout=playout, listen=listen)


def sessions(settings: Settings, url: str) -> MakeSession:
    """Return what makes sessions with the engine at `url`."""

    async def session(tools: Sequence[ToolSpec], _engine: str, _names: Sequence[str]) -> EngineSession:
        return session_with(settings, "local", tools, local_url=url)

    return session


class TimedRoom(Room):
    """A room that knows when it handed each block over."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.times: list[float] = []
        """`time.monotonic` of each block's callback."""

    def exchange(self, heard: NDArray[np.int16]) -> NDArray[np.int16]:
        """Note the time and go on."""
        self.times.append(time.monotonic())
        return super().exchange(heard)


class Live(Watcher):
    """What a daemon does in a room. With the `url` of an engine, a conversation is begun as by the button."""

    def __init__(self, room: Room, settings: Settings, url: str = "") -> None:
        self.room = room
        self.entries: list[Entry] = []
        self.sends: list[tuple[int, int]] = []
        """After each block that was sent: how many samples of the device's clock were sent so far, and the position."""
        self.lost = 0
        """Samples that the daemon was too late for; known once the scene is over."""
        self.ledger = Ledger()
        """The one that is written while the scene passes."""
        self._settings = settings
        self._url = url

    async def play(self, detectors: Detectors, actor: Actor | None = None) -> None:
        """Let the scene pass; `actor` does something with the daemon meanwhile, and what it raises is raised."""
        sent = SentAudio()
        ledger = self.ledger = Ledger(on_entry=self.entries.append, sent_s=lambda: sent.seconds)
        make = sessions(self._settings, self._url)
        daemon = await build(self._settings, self.room, ledger, make, sent=sent, detectors=detectors)
        daemon.watch(self)
        async with AsyncExitStack() as stack:
            stack.push_async_callback(daemon.stop)
            daemon.start()
            if self._url:
                daemon.on(Button(daemon.position))
            if actor is not None:
                await stack.enter_async_context(meanwhile(actor(daemon)))
            await asyncio.to_thread(self.room.finished.wait)
        self.lost = daemon.capture.lost + daemon.uplink.lost

    def state(self, state: State, at: int) -> None:
        """Let visitors know whose turn it is."""
        self.room.notify(state.value, at)

    def sent(self, at: int, total: int) -> None:
        """Keep what was sent."""
        self.sends.append((total, at))
