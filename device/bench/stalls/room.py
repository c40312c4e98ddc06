"""The room about the virtual card, in real time and in a process of its own: echo, visitors, noise, and a recording.

It reads the card's monitor block by block and writes as much as it read, a fixed time ahead. A counter on a channel of
its own tells how far ahead that is, so that the echo's delay is what it is said to be, and whether anything was lost.
"""

from __future__ import annotations

import contextlib
import os
import time
from multiprocessing import get_context
from typing import TYPE_CHECKING, Final, Self

import numpy as np
from msgspec import Struct
from msgspec.structs import replace
from numpy.typing import NDArray

from device.audio.measure import FULL_SCALE
from device.bench.result import BenchError
from device.bench.virtual_card import CHANNELS, COUNTER, LOUDSPEAKER, MICROPHONE, RATE, VISITOR, Card
from device.simulation import acoustics
from device.simulation.echo_paths import EchoPaths
from device.simulation.faults import Fault
from device.simulation.scene import Acoustics, Scene

if TYPE_CHECKING:
    from multiprocessing.connection import Connection as Pipe
    from multiprocessing.sharedctypes import Synchronized

BLOCK: Final = RATE // 100
"""Frames of a block: 10 ms."""
LEADS_MS: Final = 20.0, 120.0
"""How far ahead the room writes, at the least and at the most: as far as the echo lets it. Less, and a busy machine is
too late."""
OVER_MS: Final = 5.0
"""By how much that may exceed the echo's delay: half of the block that is under way when it is measured."""
FRAGMENT_MS: Final = 5.0
"""Audio that the sound server hands over at a time."""
NOTHING_DB: Final = -80.0
"""dBFS below which the loudspeaker is silent: a lowered reply is not."""
START_S: Final = 30.0
"""How long its process may take to start: a choice, for a machine that is busy."""
LONGEST_JUMP_MS: Final = 400.0
"""By how much the echo can come later than the room has it."""
SOUND, SETTLE = 50, 1000
"""Blocks in a row without a loss after which it is known how far ahead the room writes, and how many may pass."""
WARM_UP: Final = 100
"""Blocks before the recording begins: whatever is done for the first time takes longer."""
_COUNTS: Final = 1 << 16
"""What the counter in the fourth channel counts frames modulo."""
_PRIORITY: Final = 40
"""Of real time, 1 to 99: above the device's own audio thread, for it stands in for hardware."""


class Visit(Struct, frozen=True):
    """Something that a visitor said."""

    label: str
    onset: int
    """The first frame of the sound in the recording."""
    end: int


class Recording(Struct, frozen=True):
    """What was recorded."""

    tracks: NDArray[np.int16]
    """(n, 4) at 48 kHz: loudspeaker, visitor, microphone, counter."""
    visits: list[Visit]
    times: NDArray[np.float64]
    """When each block was read, by `time.monotonic`."""
    lost: NDArray[np.int64]
    """The blocks in which the microphone lost something, because the room was late or the card stood still."""
    ahead_ms: float
    """How far ahead the room wrote."""

    def moment(self, frame: int) -> float:
        """Return about when a frame was at the loudspeaker, by `time.monotonic`: never after it could be read."""
        block = min(len(self.times) - 1, max(0, frame // BLOCK))
        return float(self.times[block]) - (BLOCK * (block + 1) - frame) / RATE

    def frame(self, moment: float) -> int:
        """Return about which frame was at the loudspeaker at a time of `time.monotonic`."""
        block = int(np.searchsorted(self.times, moment))
        if block >= len(self.times):
            return len(self.tracks)
        late = min(0.01, max(0.0, float(self.times[block]) - moment))
        return max(0, BLOCK * (block + 1) - round(late * RATE))


class RoomProcess:
    """The process, as a context manager."""

    def __init__(self, server: str, room: Acoustics, loud: Synchronized[float]) -> None:
        context = get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=((server, room, loud), theirs), daemon=True)

    def __enter__(self) -> Self:
        self._process.start()
        if not self._pipe.poll(START_S):
            self._process.kill()
            raise BenchError(f"the room did not start within {START_S:g} s")
        if error := self._pipe.recv():
            raise BenchError(error)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def say(self, label: str, voice: NDArray[np.float32]) -> None:
        """Have a visitor say something now: (n,) float32 at 48 kHz."""
        self._pipe.send((label, voice))

    def jump(self, ms: float) -> None:
        """Have the echo come so much later than the room has it, from now on."""
        self._pipe.send(("", ms))

    def end(self) -> Recording:
        """Return what was recorded. Raises BenchError if the room failed."""
        try:
            self._pipe.send(None)
            recording: Recording | str = self._pipe.recv()
        except (EOFError, OSError):
            raise BenchError("the room's process ended") from None
        if isinstance(recording, str):
            raise BenchError(recording)
        return recording


class Room:
    """What the microphone hears, written `lead_ms` ahead; the echo is as loud beside visitors of the usual level."""

    def __init__(self, card: Card, room: Acoustics, lead_ms: float, loud: Synchronized[float]) -> None:
        self._card = card
        self._loud = loud
        self._blocks: list[NDArray[np.int16]] = []
        self._times: list[float] = []
        self._lost: list[int] = []
        self._visits: list[Visit] = []
        self._voice = np.zeros(0, np.float32)
        self._written = self._read = 0
        self._jump = 0
        self.ahead = self._settle(lead_ms)
        """Frames from what is read to what is written at that time."""
        echo_rng, around_rng, noise_rng = np.random.default_rng(room.seed).spawn(3)
        self._echo = EchoPaths(_scene(room, self.ahead), RATE, BLOCK, echo_rng)
        around = acoustics.impulse_response(RATE, room.rt60, room.visitor_reverb_db, around_rng)
        self._around = acoustics.Convolver(around, BLOCK)
        noise = acoustics.noise("pink", RATE, noise_rng) * np.float32(acoustics.ratio(room.noise_db))
        self._noise = np.resize(noise, len(noise) + BLOCK)
        self._noise_length = len(noise)

    def _settle(self, lead_ms: float) -> int:
        """Learn how far ahead the room writes. Raises BenchError if the card loses samples meanwhile."""
        self._card.read(BLOCK)
        self._read += BLOCK
        self._card.write(self._counted(np.zeros((round(lead_ms * RATE / 1000), CHANNELS), np.int16)))
        sound, place = 0, 0
        for _ in range(SETTLE):
            block = self._card.read(BLOCK)
            self._card.write(self._counted(np.zeros((BLOCK, CHANNELS), np.int16)))
            counts = block[:, COUNTER].astype(int) % _COUNTS
            before, place = place, (self._read - int(counts[0])) % _COUNTS
            self._read += BLOCK
            whole = counts[-1] and (np.diff(counts) % _COUNTS == 1).all()
            sound = sound + 1 if whole and place == before else 0
            if sound == SOUND:
                break
        else:
            raise BenchError("the virtual sound card loses samples: this machine is too busy")
        self._offset = place
        return (self._written + place - self._read + _COUNTS // 2) % _COUNTS - _COUNTS // 2

    def step(self) -> None:
        """Let a block pass. Raises BenchError."""
        block = self._card.read(BLOCK)
        self._times.append(time.monotonic())
        self._blocks.append(block)
        expected = self._read - self._offset + np.arange(BLOCK)
        if ((block[:, COUNTER].astype(int) - expected) % _COUNTS).any():
            self._lost.append(len(self._blocks) - 1)
        self._read += BLOCK
        loudspeaker = (block[:, LOUDSPEAKER] / np.float32(FULL_SCALE)).astype(np.float32)
        if np.dot(loudspeaker, loudspeaker) > BLOCK * acoustics.ratio(2 * NOTHING_DB):
            self._loud.value = self._times[-1]
        self._echo.write(loudspeaker)
        voice = np.zeros(BLOCK, np.float32)
        said, self._voice = self._voice[:BLOCK], self._voice[BLOCK:]
        voice[: len(said)] = said
        place = self._written % self._noise_length
        heard = self._around.process(voice) + self._echo.read(0) + self._noise[place : place + BLOCK]
        out = np.zeros((BLOCK, CHANNELS), np.int16)
        out[:, VISITOR], out[:, MICROPHONE] = _pcm(voice), _pcm(heard)
        self._card.write(self._counted(out))

    def say(self, label: str, voice: NDArray[np.float32]) -> None:
        """Have a visitor say something from the next block on."""
        self._voice = voice
        onset = BLOCK * len(self._blocks) + self.ahead
        self._visits.append(Visit(label, onset, onset + len(voice)))

    def jump(self, ms: float) -> None:
        """Have the echo come so much later than the room has it, from now on."""
        self._echo.jump(round(ms * RATE / 1000))

    def begin(self) -> None:
        """Begin the recording anew."""
        self._blocks.clear()
        self._times.clear()
        self._lost.clear()

    def recording(self) -> Recording:
        """Return what was recorded so far."""
        return Recording(
            np.concatenate(self._blocks),
            self._visits,
            np.array(self._times),
            np.array(self._lost, np.int64),
            1000 * self.ahead / RATE,
        )

    def _counted(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        count = self._written + np.arange(len(block))
        block[:, COUNTER] = (count % _COUNTS).astype(np.uint16).view(np.int16)
        self._written += len(block)
        return block


def _scene(room: Acoustics, ahead: int) -> Scene:
    """Return the scene of what is between a block that was read and the one that is written for it."""
    rest_ms = room.delay_ms - 1000 * (ahead - BLOCK) / RATE
    if rest_ms < room.least_ms:
        raise BenchError(f"the virtual sound card needs {1000 * ahead / RATE:.0f} ms, more than {room.delay_ms:g}")
    second = room.second_delay_ms
    if second is not None:
        second = max(room.least_ms, second + rest_ms - room.delay_ms)
    jump = Fault(at=0.0, kind="jump", ms=(0.0, LONGEST_JUMP_MS))
    return Scene(seconds=1.0, room=replace(room, delay_ms=rest_ms, second_delay_ms=second), faults=(jump,))


def first(thread: int = 0) -> None:
    """Put a thread (0: this one) before all programs, if that is allowed: as hardware, it waits for none."""
    with contextlib.suppress(PermissionError):
        os.sched_setscheduler(thread, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(_PRIORITY))


def _run(told: tuple[str, Acoustics, Synchronized[float]], pipe: Pipe) -> None:
    server, acoustic, loud = told
    try:
        lead_ms = float(np.clip(acoustic.delay_ms + OVER_MS, *LEADS_MS))
        with Card(server, fragment_ms=FRAGMENT_MS, lead_ms=lead_ms) as card:
            first()
            room = Room(card, acoustic, lead_ms, loud)
            for _ in range(WARM_UP):
                room.step()
            room.begin()
            pipe.send("")
            while True:
                room.step()
                if pipe.poll():
                    if (asked := pipe.recv()) is None:
                        break
                    label, what = asked
                    room.say(label, what) if label else room.jump(what)
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
            pipe.send(room.recording())
    except BenchError as error:
        pipe.send(str(error))


def _pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    clipped: NDArray[np.int16] = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return clipped
