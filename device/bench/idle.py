"""CPU of the whole daemon asleep, against openWakeWord by itself on the same audio."""

from __future__ import annotations

import asyncio
import time
from math import nan
from typing import TYPE_CHECKING, Literal

from device.audio.resample import resample
from device.bench.isolated import isolated
from device.bench.live import Live
from device.bench.result import Figure, Job, Result, percentile
from device.listen.detectors import Detectors, wake_model
from device.listen.wake_word import FRAME, library
from device.model_files import files
from device.sample_clock import CLOCK_RATE
from device.settings.loading import load
from device.simulation.room import Room
from device.simulation.scene import Scene, Visitor

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from device.daemon.daemon import Daemon

WHAT = (
    "CPU of the whole daemon asleep in a room, from 8 s after its start on, the simulation's own left out, against a "
    "bare loop of openwakeword.Model.predict on the same audio and models; each in a process of its own, and both in "
    "real time, since a processor that has slept takes longer for the same work. In speech: people talk all the time, "
    "without the wake word. Also told: the bare loop as fast as it can, on audio that is all there."
)
Kind = Literal["speech", "quiet"]
SETTLED_S = 8.0
"""From then on it counts: the start-up sound has died away, the canceller rests, and the wake word's gate, which opens
at the start, knows the room's noise (`energy_gate.FLOOR_FRAMES`: 5 s). What a start takes is `parley bench start`."""
AT_MOST: dict[Kind, float] = {"speech": 1.3, "quiet": 0.35}
"""Of the bare loop's CPU. A choice: all the rest may take a third of what the wake word takes, and in a quiet room,
where the wake word need not be looked for, two thirds of it are to be saved."""
TALK = (
    ("The train had left when we came to the station, so we took a taxi into town.", "en-gb"),
    ("Did you? I should have waited, there was another one an hour later.", "en-us+Annie"),
    ("There was no telling at the time. Pass me the salt, would you?", "en-gb"),
    ("Here you are. My sister has bought that house by the river after all.", "en-us"),
    ("The one with the blue door? It must have cost them a fortune.", "en-gb-scotland"),
    ("It did, and the roof wants mending before the winter.", "en-us+Annie"),
)


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    seconds, rounds = (15.0, 1) if job.quick else (60.0, 3)
    figures: list[Figure] = []
    kinds: tuple[Kind, ...] = ("speech", "quiet")
    for kind in kinds:
        job.say(
            f"{rounds} times {seconds:g} s asleep in a room with {'people talking' if kind == 'speech' else 'nobody'}"
        )
        whole, bare, fast = [], [], []
        for _ in range(rounds):
            whole.append(isolated(asleep, job.config, kind, seconds))
            bare.append(isolated(alone, job.config, kind, seconds))
            fast.append(isolated(alone, job.config, kind, seconds, hurry=True))
        room = "in speech" if kind == "speech" else "in a quiet room"
        daemon, loop, hurried = (100 * percentile(taken, 50) for taken in (whole, bare, fast))
        figures += [
            Figure(f"{room}, daemon to bare loop", daemon / loop, "", AT_MOST[kind]),
            Figure(f"{room}, daemon to bare loop at full speed", daemon / hurried, ""),
            Figure(f"{room}, daemon", daemon, "% of a core"),
            Figure(f"{room}, bare loop", loop, "% of a core"),
            Figure(f"{room}, bare loop at full speed", hurried, "% of a core"),
        ]
    return Result("idle", WHAT, tuple(figures))


def asleep(config: Path | None, kind: Kind, seconds: float) -> float:
    """Return the CPU that the daemon takes once it is settled, in seconds a second."""
    settings = load(config)
    detectors = Detectors.load(settings.wake, settings.models_dir)
    room = Room(_scene(kind, SETTLED_S + seconds))
    before = nan

    async def settle(daemon: Daemon) -> None:
        nonlocal before
        await asyncio.sleep(SETTLED_S - daemon.position / CLOCK_RATE)
        before = time.process_time() - room.cpu_s

    asyncio.run(Live(room, settings).play(detectors, settle))
    return (time.process_time() - room.cpu_s - before) / seconds


def alone(config: Path | None, kind: Kind, seconds: float, *, hurry: bool = False) -> float:
    """Return the CPU that openWakeWord takes by itself, in seconds for a second of audio.

    The frames come as from a microphone; with `hurry`, they are all there.
    """
    settings = load(config)
    wake, directory = settings.wake, settings.models_dir
    model = library(wake.framework)(
        [str(wake_model(name, wake.framework, directory)) for name in wake.models],
        inference_framework=wake.framework,
        melspec_model_path=str(files.find(f"melspectrogram.{wake.framework}", directory)),
        embedding_model_path=str(files.find(f"embedding_model.{wake.framework}", directory)),
    )
    heard = _heard(_scene(kind, seconds))
    frames = [heard[at : at + FRAME] for at in range(0, len(heard) - FRAME + 1, FRAME)]
    model.predict(frames[0])
    began, due = time.process_time(), time.monotonic()
    for frame in frames:
        if not hurry:
            due += FRAME / CLOCK_RATE
            time.sleep(max(0.0, due - time.monotonic()))
        model.predict(frame)
    return (time.process_time() - began) / (len(frames) * FRAME / CLOCK_RATE)


def _scene(kind: Kind, seconds: float) -> Scene:
    said: list[Visitor] = []
    if kind == "speech":
        # One every 4 s: none of them is shorter than that by more than a breath.
        for number in range(int(seconds / 4)):
            text, voice = TALK[number % len(TALK)]
            said.append(Visitor(at=0.5, text=text, voice=voice) if not said else _next(text, voice))
    return Scene(name=kind, seconds=seconds, visitors=tuple(said))


def _next(text: str, voice: str) -> Visitor:
    return Visitor(after="visitor", plus=0.3, text=text, voice=voice)


def _heard(scene: Scene) -> NDArray[np.int16]:
    """Return what the microphone hears in a scene in which the device says nothing, `(n,) int16, 16 kHz mono`."""
    room = Room(scene, pace="step")
    heard = room.mic.cursor(0)
    room.open(_Silence())
    while room.step():
        pass
    return resample(heard.take(room.frame), room.rate, CLOCK_RATE)


class _Silence:
    def render(self, out: NDArray[np.int16], position: int) -> None:  # noqa: ARG002 - a card's source
        out.fill(0)

    def skip(self, frames: int) -> None:
        pass
