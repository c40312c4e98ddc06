"""Plays one conversation: the whole daemon in its room on a virtual clock, against a scripted engine.

What comes of it is a `Played`: the recording, what the engine was sent and what it was told.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import numpy as np
import soxr
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from device.audio.measure import FULL_SCALE, levels, speech_level
from device.bench.live import sessions
from device.bench.result import BenchError
from device.conversation.entries import Entry
from device.conversation.events import Button
from device.conversation.states import State
from device.sample_clock import CLOCK_RATE
from device.simulation import recording, virtual_clock
from device.simulation.acoustics import ratio
from device.simulation.recording import Tracks
from device.simulation.rehearsal import Rehearsal
from device.simulation.scripted_engine import ScriptedRealtime
from device.simulation.scripted_reply import RATE, Reply, Speech
from device.simulation.visitors import Visit
from device.wire import realtime as wire

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from device.bench.bargein.plan import Slot, Talk
    from device.bench.sounds import Sound
    from device.daemon.daemon import Daemon
    from device.settings.tree import Settings

CHARGE: Final = 1.0
"""What the recogniser and the like take on this machine passes on the virtual clock as well."""
PACE: Final = 0.25
"""Seconds that an engine takes to send a second of a reply."""
BREATH_S: Final = 0.35
"""Between the sentences of a reply that is put together."""
FOLLOW_UP_S: Final = 30.0
"""The device must not sleep between slots."""
ATTEMPTS_S: Final = 5.0
"""How long a session may take to open."""


class Sent(Struct):
    """Audio that the engine received in one message, at `at` seconds of the scene."""

    at: float
    pcm: bytes


class Played(Struct):
    """A conversation that was played."""

    tracks: Tracks
    visits: dict[str, Visit]
    """What was said, by its label."""
    entries: list[Entry]
    items: dict[str, tuple[int, NDArray[np.int16]]]
    """The reply items: rate and PCM as they came from the engine."""
    told: dict[str, int]
    """How much of each item the engine was told was heard, in ms."""
    sent: list[Sent]
    silences: list[tuple[int, int]]
    """From when until when the loudspeaker had nothing to play, because the card stood still."""
    gain_db: float
    """Of the loudspeaker, at the volume that was set."""


def settings_for(settings: Settings, *, barge_in: bool) -> Settings:
    """Return the user's settings for a bench with a scripted engine, which never answers by itself."""
    listen = replace(settings.listen, end_of_turn="server", follow_up_s=FOLLOW_UP_S)
    decided = settings.barge_in if barge_in else replace(settings.barge_in, decide="off")
    return replace(settings, engines=("local",), listen=listen, barge_in=decided)


def play(talk: Talk, settings: Settings, folder: Path, *, charge: float = CHARGE) -> Played:
    """Play `talk`; its recording and ledger go to `folder`. Raises ModelError or SceneError."""
    settings = settings_for(settings, barge_in=talk.barge_in)

    async def main() -> Played:
        async with ScriptedRealtime(keep=0) as server:
            return await _Conversation(talk, settings, folder, server).run()

    return virtual_clock.run(main(), charge=charge)


class _Conversation(Rehearsal):
    """The daemon in its room, and the engine's side of the timetable."""

    def __init__(self, talk: Talk, settings: Settings, folder: Path, server: ScriptedRealtime) -> None:
        super().__init__(talk.scene, settings, folder, session=sessions(settings, server.url), pace="step")
        self._talk = talk
        self._server = server
        self._folder = folder
        self._told: dict[str, int] = {}
        self._sent: list[Sent] = []
        # So loud that the loudspeaker plays it at the level at which its echo has its own.
        self._gain_db = 40 * np.log10(settings.playout.volume)
        self._level_db = talk.scene.room.loudspeaker_db - self._gain_db
        self._said = 0
        server.on_receive = self._received

    async def run(self) -> Played:
        await self.play(self._direct)
        return Played(
            tracks=recording.load(self._folder / "conversation.wav"),
            visits={visit.label: visit for visit in self.room.visits},
            entries=self.entries,
            items=self.items,
            told=self._told,
            sent=self._sent,
            silences=self.room.silences,
            gain_db=self._gain_db,
        )

    @property
    def _now(self) -> float:
        return self.room.frame / self.room.rate

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(0.0, at - self._now))

    async def _direct(self, daemon: Daemon) -> None:
        """Have the engine give its replies when it shall, and make sure that there is a session."""
        if self._talk.spoken:
            await self._until(self._talk.slots[0].at - 3.0)
        for slot in self._talk.slots:
            await self._until(slot.at - 0.5)
            await self._awake(daemon)
            await self._until(slot.at)
            if slot.reply_s:
                self._server.connection.reply(self._reply(slot))

    async def _awake(self, daemon: Daemon) -> None:
        """Press the button if the device sleeps, and wait for its session."""
        end = self._now + ATTEMPTS_S
        while self._now < end:
            state = daemon.conversation.state
            if state in (State.ASLEEP, State.FAULT):
                daemon.on(Button(daemon.position))
            elif state is not State.CONNECTING:
                return
            await asyncio.sleep(0.05)
        raise BenchError(f"{self._talk.name}: the device opened no session within {ATTEMPTS_S:g} s")

    def _reply(self, slot: Slot) -> Reply:
        pcm, text = spoken(self._talk.replies, self._said, slot.reply_s, self._level_db)
        self._said += 1
        return Reply((Speech(pcm.tobytes(), text),), pace=PACE)

    def _received(self, event: wire.ClientEvent) -> None:
        if isinstance(event, wire.InputAudioBufferAppend):
            self._sent.append(Sent(self._now, event.audio))
        elif isinstance(event, wire.ConversationItemTruncate):
            self._told[event.item_id] = event.audio_end_ms


def spoken(sounds: Sequence[Sound], first: int, seconds: float, level_db: float) -> tuple[NDArray[np.int16], str]:
    """Return a reply, `(n,) int16, 24 kHz`, and its words: the sounds from the `first` on, one after the other.

    It ends in a pause up to 1 s after `seconds`, or at the quietest place there.
    """
    parts: list[NDArray[np.float32]] = []
    words: list[str] = []
    length = 0.0
    while length < seconds + 1.0:
        sound = sounds[(first + len(words)) % len(sounds)]
        samples = sound.samples().astype(np.float32)
        parts += [samples, np.zeros(round(BREATH_S * CLOCK_RATE), np.float32)]
        words.append(sound.text)
        length += len(samples) / CLOCK_RATE + BREATH_S
    whole = np.concatenate(parts)
    start, window = round(seconds * CLOCK_RATE), CLOCK_RATE // 20
    quiet = levels(whole[start : start + CLOCK_RATE], window, window // 5)
    whole = whole[: start + int(np.argmin(quiet)) * (window // 5) + window // 2]
    whole *= np.float32(ratio(level_db - speech_level(whole, CLOCK_RATE)))
    pcm = soxr.resample(whole, CLOCK_RATE, RATE, quality="HQ")
    return np.clip(np.rint(pcm), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16), " ".join(words)
