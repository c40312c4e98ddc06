"""Plays the device alone in a room: the whole daemon on a virtual clock, and an engine that talks and has ears."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from device.audio.earcons import NAMES
from device.audio.measure import FULL_SCALE
from device.audio.resample import Resampler
from device.bench.bargein.play import PACE, settings_for, spoken
from device.bench.live import sessions
from device.conversation import entries
from device.conversation.events import Button
from device.conversation.states import State
from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.listen.vad import SileroVad
from device.model_files import files
from device.sample_clock import CLOCK_RATE
from device.simulation import virtual_clock
from device.simulation.rehearsal import Rehearsal
from device.simulation.scripted_engine import Connection, ScriptedRealtime
from device.simulation.scripted_reply import RATE, Reply, Speech
from device.wire import realtime as wire

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from device.bench.alone.plan import Case
    from device.bench.sounds import Sound
    from device.conversation.entries import Entry
    from device.daemon.daemon import Daemon
    from device.settings.tree import Settings

REPLY_S, PAUSE_S = 9.0, 2.5
"""How long a reply is, about, and the pause after it: a choice, so that the uplink opens after each."""
LOOK_S: Final = 0.05
SILENCE_MS: Final = 500
"""That ends a turn: what OpenAI's Realtime API has by default (`turn_detection.silence_duration_ms`)."""
AFTER_S: Final = 1.0
"""What the engine hears for so long after a reply is looked at."""
HELD_S: Final = 0.5
"""So much later may what was sound in that time arrive, since the uplink may hold it back: a choice."""
VOICE: Final = 0.5
"""Probability from which a frame is voice: Silero's own default."""
QUIET_DBFS: Final = -120.0
"""The level of silence."""
SOUND_S: Final = 3.0
"""From one of the device's own sounds to the next; a timer's lasts 1.8 s."""


class Frame(Struct, frozen=True):
    """32 ms that the engine heard."""

    at: float
    """When they were received, in seconds of the scene."""
    voice: float
    """How probable a voice in them is."""
    dbfs: float


class Counts(Struct):
    """What came of a case."""

    case: str
    group: str
    echo_db: float
    stall_s: float | None
    seconds: float
    replies: int = 0
    """That the engine gave, answers to itself included."""
    whole: int = 0
    """Replies that were heard to their end."""
    cuts: int = 0
    late: int = 0
    """Cuts, answers and wakes in the last third of the case."""
    answers: int = 0
    """Turns that the engine heard, where there was none."""
    wakes: int = 0
    dips: int = 0
    """Replies that were lowered and came back."""
    tails: int = 0
    """Replies after which the engine could hear, for a second."""
    voiced: int = 0
    """Those in which its detector found a voice, in a frame or more."""
    loudest_dbfs: list[float] = []
    """The loudest frame after each."""
    lost_s: float = 0.0
    """Of the microphone, by what happened to the card."""
    events: list[str] = []
    """When it cut itself off, woke, or was answered, in seconds."""


def play(case: Case, settings: Settings, voices: Sequence[Sound], *, sentence: int = 0) -> Counts:
    """Leave the device alone in a case, in its own `voices`; return how often it took itself for somebody."""
    ears = SileroVad(files.find("silero_vad.onnx", settings.models_dir))
    # So loud that the loudspeaker plays it at the level at which its echo has its own.
    level_db = case.scene.room.loudspeaker_db - float(40 * np.log10(settings.playout.volume))
    settings = settings_for(settings, barge_in=True)

    async def main() -> Counts:
        async with ScriptedRealtime(keep=0) as server:
            with tempfile.TemporaryDirectory(prefix="parley-") as folder:
                played = Rehearsal(
                    case.scene, settings, Path(folder), session=sessions(settings, server.url), pace="step"
                )
                engine = Engine(server, ears, voices, level_db, now=lambda: played.room.frame / played.room.rate)
                engine.said = engine.first = sentence
                engine.wait_s = case.wait_s
                await played.play(engine.sound if case.group == "sounds" else engine.talk)
            counted = count(case, played.entries, engine)
            counted.lost_s = played.room.lost / played.room.rate
            return counted

    return virtual_clock.run(main())


def count(case: Case, written: Sequence[Entry], engine: Engine) -> Counts:
    """Count what the ledger and the engine's ears say of a case."""
    seconds = case.scene.seconds
    cuts = [entry.at / CLOCK_RATE for entry in written if isinstance(entry, entries.Cut)]
    wakes = [entry.at / CLOCK_RATE for entry in written if isinstance(entry, entries.Wake)]
    ends = [entry.at / CLOCK_RATE for entry in written if isinstance(entry, entries.ReplyLastAudio)]
    counts = Counts(
        case=case.name,
        group=case.group,
        echo_db=case.echo_db,
        stall_s=case.stall_s,
        seconds=seconds,
        replies=engine.said - engine.first,
        whole=len(ends),
        cuts=len(cuts),
        late=sum(at > seconds * 2 / 3 for at in (*cuts, *wakes, *engine.turns)),
        answers=len(engine.turns),
        wakes=len(wakes),
        dips=sum(isinstance(entry, entries.Restore) for entry in written),
        events=[
            f"{at:.1f} {what}"
            for what, times in (("cut", cuts), ("wake", wakes), ("answered", engine.turns))
            for at in times
        ],
    )
    for end in ends:
        heard = [frame for frame in engine.frames if end <= frame.at < end + AFTER_S + HELD_S]
        if heard:
            counts.tails += 1
            counts.voiced += any(frame.voice >= VOICE for frame in heard)
            counts.loudest_dbfs.append(round(max(frame.dbfs for frame in heard), 1))
    return counts


class Engine:
    """A scripted engine that talks by itself and listens as hosted ones do, with a voice detector of its own."""

    def __init__(
        self,
        server: ScriptedRealtime,
        ears: SileroVad,
        voices: Sequence[Sound],
        level_db: float,
        *,
        now: Callable[[], float],
    ) -> None:
        self.first = self.said = 0
        """Which sentence is said first, and which next."""
        self.turns: list[float] = []
        """When it believed to have heard a turn of a user, which it answered."""
        self.frames: list[Frame] = []
        """All that it heard."""
        self.wait_s = 0.0
        """How long the device is left asleep."""
        self._server = server
        self._ears = ears
        self._voices = voices
        self._level_db = level_db
        self._now = now
        self._resampler = Resampler(RATE, CLOCK_RATE)
        self._rest = np.zeros(0, np.int16)
        self._endpoint = Endpointer(EndpointSettings(silence_ms=SILENCE_MS))
        server.on(wire.InputAudioBufferAppend, self._hear)

    async def talk(self, daemon: Daemon) -> None:
        """Say something whenever it has been quiet for a while."""
        await asyncio.sleep(self.wait_s)
        quiet_s = PAUSE_S  # the first reply comes at once
        while True:
            await asyncio.sleep(LOOK_S)
            state = daemon.conversation.state
            quiet_s = quiet_s + LOOK_S if daemon.playout.playing is None else 0.0
            if state in (State.ASLEEP, State.FAULT):
                daemon.on(Button(daemon.position))
            elif state is State.LISTENING and quiet_s >= PAUSE_S and not self._server.connection.busy:
                self._say(self._server.connection)

    async def sound(self, daemon: Daemon) -> None:
        """Have the device make its own sounds, asleep and then awake; say nothing."""
        began = self._now()
        names = [name for name in NAMES if name != "ready"]
        number = 0
        while True:
            await asyncio.sleep(SOUND_S)
            if self._now() - began > self.wait_s and daemon.conversation.state in (State.ASLEEP, State.FAULT):
                daemon.on(Button(daemon.position))
            else:
                daemon.earcons.play(names[number % len(names)])
                number += 1

    def _say(self, connection: Connection) -> None:
        pcm, text = spoken(self._voices, self.said, REPLY_S, self._level_db)
        self.said += 1
        connection.reply(Reply((Speech(pcm.tobytes(), text),), pace=PACE))

    async def _hear(self, connection: Connection, event: wire.InputAudioBufferAppend) -> None:
        heard = self._resampler.push(np.frombuffer(event.audio, np.int16))
        self._rest = np.concatenate((self._rest, heard))
        while len(self._rest) >= FRAME:
            frame, self._rest = self._rest[:FRAME], self._rest[FRAME:]
            voice = self._ears.probability(frame)
            self.frames.append(Frame(self._now(), voice, _dbfs(frame)))
            found = self._endpoint.push(voice)
            if isinstance(found, Onset):
                await connection.send(wire.InputAudioBufferSpeechStarted(item_id="user"))
                await connection.stop("turn_detected")
            elif isinstance(found, Offset):
                self.turns.append(self._now())
                name = self._server.new("user")
                await connection.send(wire.InputAudioBufferSpeechStopped(item_id=name))
                await connection.send(wire.InputAudioBufferCommitted(item_id=name))
                await connection.stop("turn_detected")
                self._say(connection)


def _dbfs(frame: NDArray[np.int16]) -> float:
    power = float(np.mean(np.square(frame, dtype=np.float64))) / FULL_SCALE**2
    return 10 * float(np.log10(power)) if power > 0 else QUIET_DBFS
