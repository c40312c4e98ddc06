"""Plays a case: the sound server, the room, the engine and the device, each a process, and what is done to them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.measure import FULL_SCALE, speech_level
from device.audio.resample import resample
from device.bench.bargein.play import spoken
from device.bench.result import BenchError
from device.bench.soundserver import server_pid, sound_server
from device.bench.stalls.device import Device, Entry, Line, stop
from device.bench.stalls.engine import Talkative
from device.bench.stalls.room import Recording, RoomProcess, first
from device.bench.virtual_card import MODULES, RATE
from device.sample_clock import CLOCK_RATE
from device.simulation import acoustics
from device.simulation.faults import Fault, Happening, schedule
from device.simulation.scene import USUAL_SPEECH_DBFS, Acoustics
from device.simulation.timed_engine import Report, TimedEngine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from device.bench.result import Job
    from device.bench.sounds import Sound

REPLY_S: Final = 9.0
"""How long a reply is, about."""
REPLIES: Final = 4
"""Different ones."""
ASLEEP_S: Final = 4.0
"""How long it sleeps at first, having made its start-up sound."""
AWAKE_S: Final = 15.0
"""How long it may take to be awake: a choice, for a machine that is busy."""
QUESTION_S: Final = 1.0
"""From its being awake to the one question."""
LOOK_S: Final = 0.01
VISIT_AFTER_S: Final = (0.1, 1.5)
"""When after a stall a visitor speaks: within the 2 s in which the device may not know where its echo is."""


class Case(Struct, frozen=True):
    """What happens."""

    name: str
    room: Acoustics
    faults: tuple[Fault, ...] = ()
    """In seconds since it was woken: `freeze` stops the device's processes, `stall` the sound server, `jump` moves the
    echo."""
    busy: bool = False
    """Whether every core is kept busy by other programs."""
    visitors: bool = False
    """Whether somebody interrupts after each fault."""
    seconds: float | None = None
    """Since it was woken; None: as long as others."""
    starts: int = 1
    """How often all of it is done anew."""


class Done(Struct, frozen=True):
    """A fault as it was, by `time.monotonic`."""

    kind: str
    began: float
    ended: float


class Evidence(Struct, frozen=True):
    """What there is to be known of a case that was played. Times are `time.monotonic`'s."""

    case: Case
    recording: Recording
    report: Report
    replies: list[NDArray[np.int16]]
    """(n,) at 24 kHz."""
    entries: list[Entry]
    log: list[Line]
    faults: list[Done]
    woken: float
    """When its button was pressed."""
    load: float
    """Of the machine, in the last minute."""


class Cast(Struct, frozen=True):
    """Who speaks."""

    replies: list[tuple[NDArray[np.int16], str]]
    questions: list[NDArray[np.float32]]
    interruptions: list[NDArray[np.float32]]

    @classmethod
    def of(cls, found: Sequence[Sound], loudspeaker_db: float, volume: float) -> Cast:
        """Return those of the benches' sounds; replies are so loud that the loudspeaker plays them at that level."""
        own = [sound for sound in found if sound.kind == "replies" and sound.voice == "own"]
        level_db = loudspeaker_db - float(40 * np.log10(volume))
        return cls(
            [spoken(own, number, REPLY_S, level_db) for number in range(REPLIES)],
            [_voice(sound) for sound in found if sound.kind == "complete"],
            [_voice(sound) for sound in found if sound.kind == "interruptions"],
        )


def play(case: Case, seconds: float, cast: Cast, job: Job, seed: int = 0) -> Evidence:
    """Play a case for so many seconds since the device was woken. Raises BenchError."""
    context = multiprocessing.get_context("spawn")
    loud, talks = context.Value("d", 0.0), context.Value("i", 0)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-")))
        environment = stack.enter_context(sound_server(MODULES))
        server = server_pid(environment)
        _raise(server)
        replies = tuple((pcm.tobytes(), text) for pcm, text in cast.replies)
        told = Talkative(replies, job.settings.models_dir, loud, talks)
        engine = stack.enter_context(TimedEngine(told))
        room = stack.enter_context(RoomProcess(environment["PULSE_SERVER"], case.room, loud))
        device = stack.enter_context(Device(folder, environment, engine.url, job.settings.models_dir))
        device.wait()
        if case.busy:
            stack.enter_context(busy())
        rng = np.random.default_rng((case.room.seed, seed))
        show = _Show(case, seconds, cast, device, room, server, rng)
        show.play(talks)
        load = os.getloadavg()[0]
        return Evidence(
            case,
            room.end(),
            engine.report(),
            [pcm for pcm, _ in cast.replies],
            device.entries,
            device.log,
            show.done,
            show.woken,
            load,
        )


class _Show:
    """What is done, and when."""

    def __init__(  # noqa: PLR0917 - all that there is
        self,
        case: Case,
        seconds: float,
        cast: Cast,
        device: Device,
        room: RoomProcess,
        server: int,
        rng: np.random.Generator,
    ) -> None:
        self.done: list[Done] = []
        self.woken = 0.0
        self._case, self._seconds, self._cast = case, seconds, cast
        self._device, self._room, self._server, self._rng = device, room, server, rng
        self._due: deque[Happening] = deque(schedule(case.faults, seconds, 1000, rng))
        self._visit = float("inf")
        self._pressed = 0.0

    def play(self, talks: object) -> None:
        """Play it. Raises BenchError if the device ends or does not wake."""
        self._pass(time.monotonic() + ASLEEP_S)
        self.woken = time.monotonic()
        while self._device.state != "listening":
            if time.monotonic() > self.woken + AWAKE_S:
                raise BenchError(f"it does not wake: {self._device.said()[-500:]}")
            self._wake()
            self._pass(time.monotonic() + LOOK_S)
        self._pass(time.monotonic() + QUESTION_S)
        self._room.say("question", self._one_of(self._cast.questions))
        talks.value = 1  # type: ignore[attr-defined]
        end = self.woken + self._seconds
        while (now := time.monotonic()) < end:
            self._wake()
            if self._due and now >= self.woken + self._due[0].frame / 1000:
                self._fail(self._due.popleft())
            if now >= self._visit:
                self._visit = float("inf")
                if "speaking" in self._device.state:
                    self._room.say("interruption", self._one_of(self._cast.interruptions))
            self._pass(now + LOOK_S)

    def _fail(self, fault: Happening) -> None:
        if fault.kind == "jump":
            self._room.jump(fault.frames)
            began = ended = time.monotonic()
        else:
            pid = self._device.pid if fault.kind == "freeze" else self._server
            began, ended = stop([pid], fault.frames)
        self.done.append(Done(fault.kind, began, ended))
        if self._case.visitors:
            self._visit = ended + self._rng.uniform(*VISIT_AFTER_S)

    def _wake(self) -> None:
        """Press the button if it sleeps."""
        now = time.monotonic()
        if self._device.state in ("", "asleep", "fault") and now > self._pressed + 2.0:
            self._pressed = now
            self._device.press()

    def _pass(self, until: float) -> None:
        """Let time pass."""
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(LOOK_S, left))
            self._device.read()
            if not self._device.alive:
                raise BenchError(f"the assistant ended: {self._device.said()[-1000:]}")

    def _one_of(self, voices: list[NDArray[np.float32]]) -> NDArray[np.float32]:
        return voices[int(self._rng.integers(len(voices)))]


@contextmanager
def busy() -> Iterator[None]:
    """Keep every core busy with programs of ordinary priority during a block."""
    command = [sys.executable, "-P", "-c", "while True: pass"]
    programs = [subprocess.Popen(command) for _ in range(os.cpu_count() or 1)]  # noqa: S603 - our own interpreter
    try:
        yield
    finally:
        for program in programs:
            program.send_signal(signal.SIGKILL)
            program.wait()


def _raise(pid: int) -> None:
    """Put the sound server before all programs, if that is allowed: a real card waits for nobody."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        first(int(task.name))


def _voice(sound: Sound) -> NDArray[np.float32]:
    """Return what is said in the room: (n,) float32 at 48 kHz, at the visitors' usual level."""
    moved = resample(sound.samples(), CLOCK_RATE, RATE)
    gain = acoustics.ratio(USUAL_SPEECH_DBFS - speech_level(moved, RATE)) / FULL_SCALE
    made: NDArray[np.float32] = (moved * gain).astype(np.float32)
    return made
