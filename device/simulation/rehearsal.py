"""The whole daemon in a simulated room: `parley demo`, `parley room` and most benches."""

from __future__ import annotations

import asyncio
import logging
import tempfile
import time
from collections import defaultdict
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from msgspec.structs import replace

from device.audio.card.base import BLOCK_MS
from device.conversation import entries
from device.daemon.build import build
from device.daemon.music import WhileTalking
from device.daemon.reader import Speech
from device.daemon.watcher import Watcher
from device.engines.factory import Engines
from device.engines.uplink import SentAudio
from device.listen.detectors import Detectors
from device.listen.shared_recogniser import SharedRecogniser
from device.local.read_aloud import espeak, speech
from device.records.ledger import Ledger
from device.sample_clock import CLOCK_RATE
from device.simulation import recording
from device.simulation.picture import conversation
from device.simulation.room import Room
from device.simulation.summary import Summary, summarise
from device.simulation.virtual_clock import VirtualLoop, VirtualThread
from device.skills.alarms.alarms import Alarms

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Sequence

    from numpy.typing import NDArray

    from device.conversation.entries import Entry
    from device.conversation.states import State
    from device.daemon.build import MakeSession
    from device.daemon.daemon import Daemon
    from device.earshot.air import Air
    from device.records.timeline import Timeline
    from device.settings.tree import Settings
    from device.simulation.scene import Scene
    from device.tools.registry import Tool

    Actor = Callable[[Daemon], Coroutine[Any, Any, None]]
    Step = Callable[[], float]

log = logging.getLogger(__name__)

POLL_S = 0.02
"""How often the room is asked for the end of the scene and for visitors."""


class Beside(Protocol):
    """What a scene has in common with others that are played at the same time."""

    @property
    def air(self) -> Air:
        """By what its daemon talks to theirs."""

    def step(self, own: Step) -> Step:
        """Return what lets a block pass in all of them; `own` does in this one."""


class Rehearsal(Watcher):
    """A scene, played once with the whole daemon in it: in real time, or with `pace="step"` as fast as it goes.

    That takes a virtual clock (`virtual_clock.run`) and an engine without a process or a host of its own.

    `tools` are those that a profile brings along. `session` makes engine sessions; without it, the engine that the
    settings name is used, and the local one runs in a process of its own for the occasion. The recording and the ledger
    go to `folder`. With others `beside` it, they pass in step.
    """

    def __init__(
        self,
        scene: Scene,
        settings: Settings,
        folder: Path,
        *,
        tools: Sequence[Tool] = (),
        session: MakeSession | None = None,
        config: Path | None = None,
        timeline: Timeline | None = None,
        pace: Literal["real", "step"] = "real",
        beside: Beside | None = None,
    ) -> None:
        self.entries: list[Entry] = []
        """The ledger's, by the scene's clock, as the recording is; in the file, they go by the device's."""
        self._pcm: dict[str, list[bytes]] = defaultdict(list)  # of reply items, by their ids
        self._rates: dict[str, int] = {}
        self.engines = Engines(settings, config, reuse=False)
        """Which make the sessions, unless `session` does."""
        self._sent_audio = SentAudio()
        self.ledger = Ledger(folder / "ledger.jsonl", on_entry=self._entry, sent_s=lambda: self._sent_audio.seconds)
        self._settings = settings
        self._tools = tools
        self._session = session
        self._timeline = timeline
        self._beside = beside
        self._recording = recording.Recording(folder / "conversation.wav", scene.room.rate)
        self.room = Room(scene, pace=pace, recording=self._recording)
        self._shown = 0

    async def play(self, actor: Actor | None = None) -> Summary:
        """Play the scene to its end and sum it up; `actor` does something with the daemon meanwhile.

        Raises ModelError, EngineError if there is no engine, or what the actor raises.
        """
        async with AsyncExitStack() as stack:
            stack.callback(self._recording.close)
            stack.callback(self.ledger.close)
            stack.push_async_callback(self.engines.close)
            # The scene's clock starts only when everything is ready: nobody talks to a device that still starts.
            detectors = await asyncio.to_thread(Detectors.load, self._settings.wake, self._settings.models_dir)
            if self._session is None:
                await self.engines.prepare()
            loop = asyncio.get_running_loop()
            began, cpu = loop.time(), time.process_time()
            daemon = await self._build(detectors)
            stack.push_async_callback(daemon.stop)
            daemon.start(thread=self.room.pace == "real")
            if self.room.pace == "step":
                if not isinstance(loop, VirtualLoop):
                    raise RuntimeError("a room that is stepped through needs a virtual clock: use virtual_clock.run")
                step = partial(self._step, daemon)
                loop.drive(step if self._beside is None else self._beside.step(step))
            if actor is not None:
                await stack.enter_async_context(meanwhile(actor(daemon)))
            while not self.room.finished.is_set():
                await asyncio.sleep(POLL_S)
                self._show_visitors()
            cpu = (time.process_time() - cpu - self.room.cpu_s) / (loop.time() - began)
            memory = resident_mb()
        tracks = recording.load(self._recording.path)
        return summarise(
            self.room.scene.name,
            tracks,
            self.room.visits,
            self.entries,
            self.items,
            xruns=self.room.xruns.overruns + self.room.xruns.underruns,
            lost_samples=daemon.capture.lost + daemon.uplink.lost,
            cpu=cpu,
            rss_mb=memory,
            missed=self.room.waiting,
            drops=self.room.drops,
        )

    def draw(self, summary: Summary, path: Path) -> None:
        """Draw what was played into a file; if it cannot be written, the log says so, and there is none."""
        tracks = recording.load(self._recording.path)
        try:
            path.write_bytes(conversation.write(summary, tracks, self.room.visits, self.entries))
        except OSError as error:
            log.error("%s cannot be written (%s).", path, error.strerror)  # noqa: TRY400 - the cause is said
            path.unlink(missing_ok=True)

    @property
    def items(self) -> dict[str, tuple[int, NDArray[np.int16]]]:
        """The reply items as they came from the engine, by their ids: the rate in Hz, and PCM, `(n,) int16`."""
        return {name: (self._rates[name], np.frombuffer(b"".join(pcm), np.int16)) for name, pcm in self._pcm.items()}

    async def _build(self, detectors: Detectors) -> Daemon:
        """Return the daemon that this is about, and see what it does."""
        loop, directory = asyncio.get_running_loop(), self._settings.models_dir
        began = time.time() - loop.time()
        thread = VirtualThread(loop, charge=loop.charge) if isinstance(loop, VirtualLoop) else None
        daemon = await build(
            self._settings,
            self.room,
            self.ledger,
            self._session or self.engines.session,
            tools=self._tools,
            sent=self._sent_audio,
            detectors=detectors,
            recogniser=SharedRecogniser(directory, thread),
            speak=self._speak,
            alarms=Alarms(lambda: began + loop.time(), loop.time),
            air=None if self._beside is None else self._beside.air,
        )
        daemon.watch(self)
        if self.room.music is not None and self._settings.card.music == "lower":
            daemon.watch(WhileTalking(self.room.music.tell))
        self.ledger.watch(lambda entry: self._cue(daemon, entry))
        return daemon

    async def _speak(self, text: str) -> Speech:
        """Speak what is said of a reminder, in no time of the scene's."""
        voice = espeak(self._settings)
        return Speech(speech(voice, text), voice.rate)

    def state(self, state: State, at: int) -> None:
        """Let visitors know whose turn it is."""
        self.room.notify(state.value, at)

    def reply_audio(self, item: str, pcm: bytes, rate: int) -> None:
        """Keep what the engine sent, to find it again in the recording."""
        self._pcm[item].append(pcm)
        self._rates[item] = rate

    def _step(self, daemon: Daemon) -> float:
        """Let a block pass, or as many as the device sleeps; return how long that is, in seconds."""
        blocks = 1
        if not self.room.step():
            return 0.0
        while self.room.asleep and self.room.step():
            blocks += 1
        while daemon.capture.process():  # none while the card stands still, more than one after that
            pass
        return blocks * BLOCK_MS / 1000

    def _entry(self, entry: Entry) -> None:
        at = self.room.scene_position(entry.at)
        if at != entry.at:
            entry = replace(entry, at=at)
        self.entries.append(entry)
        if self._timeline is not None:
            self._timeline.show(entry)

    def _cue(self, daemon: Daemon, entry: Entry) -> None:
        """Let visitors know what has ended or begun that they wait for."""
        if isinstance(entry, entries.ReplyLastAudio) and not daemon.conversation.replying:
            self.room.notify("reply_end", entry.at)
        elif isinstance(entry, entries.Timer | entries.Alarm):
            self.room.notify("ringing", entry.at)

    def _show_visitors(self) -> None:
        for visit in self.room.visits[self._shown :]:
            self._shown += 1
            if self._timeline is not None:
                at = visit.onset * CLOCK_RATE // self.room.rate
                self._timeline.line(at, "visitor", f"says “{visit.text or visit.label}”")


@asynccontextmanager
async def meanwhile(work: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Do some work beside the block, up to its end; raises what the work raised, if nothing else went wrong."""
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
    if not task.cancelled():
        task.result()


async def rehearse(
    scene: Scene,
    settings: Settings,
    *,
    tools: Sequence[Tool] = (),
    out: Path | None = None,
    config: Path | None = None,
    timeline: Timeline | None = None,
) -> Summary:
    """Play `scene` and return its summary; without `out`, recording and ledger are thrown away and nothing is drawn."""
    if out is not None:
        rehearsal = Rehearsal(scene, settings, out, tools=tools, config=config, timeline=timeline)
        summary = await rehearsal.play()
        rehearsal.draw(summary, out / "conversation.html")
        return summary
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        return await Rehearsal(scene, settings, Path(folder), tools=tools, config=config, timeline=timeline).play()


def resident_mb(pid: int | str = "self") -> float:
    """Return the memory that a process has in RAM, in MB. Raises OSError if there is no such process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * 4096 / 1e6
