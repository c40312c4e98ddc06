"""Whether the device hears itself: nobody is there, the echo comes late, and the card stalls."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from device.audio.resample import Resampler
from device.bench import sounds
from device.bench.bargein.play import PACE, settings_for, spoken
from device.bench.live import sessions
from device.bench.result import BenchError, Figure, Job, Result
from device.conversation import entries
from device.conversation.events import Button
from device.conversation.states import State
from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.listen.vad import SileroVad
from device.model_files import files
from device.sample_clock import CLOCK_RATE
from device.simulation import virtual_clock
from device.simulation.faults import Fault
from device.simulation.rehearsal import Rehearsal
from device.simulation.scene import Acoustics, Scene
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.simulation.scripted_reply import RATE, Reply, Speech
from device.wire import realtime as wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    from device.bench.sounds import Sound
    from device.daemon.daemon import Daemon
    from device.settings.tree import Settings

WHAT = (
    "The whole daemon in a room with nobody in it, on a virtual clock, against a scripted engine that gives one reply "
    "after the other, and has a voice detector of its own: what it takes for a turn, it answers."
)
SECONDS, QUICK_SECONDS = 120.0, 20.0
REPLY_S, PAUSE_S = 9.0, 2.5
"""How long a reply is, about, and the pause after it: a choice, so that the uplink opens after each."""
LOOK_S: Final = 0.05
SILENCE_MS: Final = 500
"""That ends a turn: what OpenAI's Realtime API has by default (`turn_detection.silence_duration_ms`)."""


class Case(Struct, frozen=True):
    """A room and what happens to its card."""

    name: str
    room: Acoustics
    """At the volume that is set, an echo of 0 dB is as loud as a visitor would be."""
    faults: tuple[Fault, ...] = ()


STALLS = Fault(at=4.0, kind="stall", ms=(120, 250), every=10.0)
CASES = (
    Case("echo after 100 ms", Acoustics(delay_ms=100)),
    Case("echo after 200 ms", Acoustics(delay_ms=200)),
    Case("echo after 100 ms, a stall of 120-250 ms every 10 s", Acoustics(delay_ms=100), (STALLS,)),
)


class Counts(Struct):
    """What came of a case."""

    replies: int = 0
    """That were given as planned."""
    cuts: int = 0
    answers: int = 0
    """Turns that the engine heard, where there was none."""
    dips: int = 0
    """Replies that were lowered and came back."""
    lost_s: float = 0.0
    """Of the microphone, by what happened to the card."""


def measure(job: Job) -> Result:
    """Measure. Raises BenchError, ModelError or SceneError."""
    try:
        voices = [sound for sound in sounds.load(job.sounds) if sound.kind == "replies" and sound.voice == "own"]
    except sounds.SoundError as error:
        raise BenchError(str(error)) from error
    if not voices:
        raise BenchError("there are no replies in the device's own voice")
    seconds = QUICK_SECONDS if job.quick else SECONDS
    figures: list[Figure] = []
    for case in CASES:
        job.say(f"{case.name}: {seconds:g} s")
        figures += case_figures(case, seconds, play(case, seconds, job.settings, voices))
    return Result("alone", WHAT, tuple(figures))


def case_figures(case: Case, seconds: float, counts: Counts) -> tuple[Figure, ...]:
    """Return the figures of a case that was played for `seconds`."""
    return (
        Figure(f"{case.name}: times that it cuts itself off, in {seconds:g} s", counts.cuts, "", 0),
        Figure("… that the engine answers it", counts.answers, "", 0),
        Figure("… that a reply is lowered and comes back", counts.dips, ""),
    )


def play(case: Case, seconds: float, settings: Settings, voices: Sequence[Sound]) -> Counts:
    """Let the device talk for so long, in its own `voices`; return how often it took itself for somebody."""
    scene = Scene(name="alone", seconds=seconds, room=case.room, faults=case.faults)
    ears = SileroVad(files.find("silero_vad.onnx", settings.models_dir))
    # So loud that the loudspeaker plays it at the level at which its echo has its own.
    level_db = case.room.loudspeaker_db - float(40 * np.log10(settings.playout.volume))
    settings = settings_for(settings, barge_in=True)

    async def main() -> Counts:
        async with ScriptedRealtime(keep=0) as server:
            engine = Engine(server, ears, voices, level_db)
            with tempfile.TemporaryDirectory(prefix="parley-") as folder:
                played = Rehearsal(scene, settings, Path(folder), session=sessions(settings, server.url), pace="step")
                await played.play(engine.talk)
            return Counts(
                replies=engine.said - engine.turns,
                cuts=sum(isinstance(entry, entries.Cut) for entry in played.entries),
                answers=engine.turns,
                dips=sum(isinstance(entry, entries.Restore) for entry in played.entries),
                lost_s=played.room.lost / played.room.rate,
            )

    return virtual_clock.run(main())


class Engine:
    """A scripted engine that talks by itself and listens as hosted ones do, with a voice detector of its own."""

    def __init__(self, server: ScriptedRealtime, ears: SileroVad, voices: Sequence[Sound], level_db: float) -> None:
        self.said = 0
        """Replies that were begun."""
        self.turns = 0
        """Turns of a user that it believes to have heard, and answered."""
        self._server = server
        self._ears = ears
        self._voices = voices
        self._level_db = level_db
        self._resampler = Resampler(RATE, CLOCK_RATE)
        self._rest = np.zeros(0, np.int16)
        self._endpoint = Endpointer(EndpointSettings(silence_ms=SILENCE_MS))
        server.on(wire.InputAudioBufferAppend, self._hear)

    async def talk(self, daemon: Daemon) -> None:
        """Say something whenever it has been quiet for a while."""
        quiet_s = 0.0
        while True:
            await asyncio.sleep(LOOK_S)
            state = daemon.conversation.state
            quiet_s = quiet_s + LOOK_S if daemon.playout.playing is None else 0.0
            if state in (State.ASLEEP, State.FAULT):
                daemon.on(Button(daemon.position))
            elif state is State.LISTENING and quiet_s >= PAUSE_S and not self._server.connection.busy:
                self._say(self._server.connection)

    def _say(self, connection: Connection) -> None:
        pcm, text = spoken(self._voices, self.said, REPLY_S, self._level_db)
        self.said += 1
        connection.reply(Reply((Speech(pcm.tobytes(), text),), pace=PACE))

    async def _hear(self, connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        heard = self._resampler.push(np.frombuffer(event.audio, np.int16))
        self._rest = np.concatenate((self._rest, heard))
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            found = self._endpoint.push(self._ears.probability(frame))
            if isinstance(found, Onset):
                await connection.send(wire.InputAudioBufferSpeechStarted(item_id="user"))
                await connection.stop("turn_detected")
            elif isinstance(found, Offset):
                self.turns += 1
                name = self._server.new("user")
                await connection.send(wire.InputAudioBufferSpeechStopped(item_id=name))
                await connection.send(wire.InputAudioBufferCommitted(item_id=name))
                await connection.stop("turn_detected")
                self._say(connection)
