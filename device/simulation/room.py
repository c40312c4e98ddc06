"""A simulated room as a card: visitors, the echo of the loudspeaker, noise, and a clock that may be virtual.

    visitors ──┬─ room ──────────────────────────┐
               │                                 ├─(+)─ microphone ─► buffers, exchange ─► loudspeaker
    noise ─────┼─────────────────────────────────┘  │                                          │
               │      room ◄─ distortion ◄─ delay ◄─┼──────────────────────────────────────────┘
               ▼                                    ▼
           recording: visitors, microphone, loudspeaker

Frame 0 is second 0 of the scene and position 0 of the device's clock. The recording goes by the scene's clock. Where
faults of the card lose samples, and the card does not tell (or not exactly), the device's clock is behind it from then
on: `frame_of` tells by how much.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from device.audio import clips
from device.audio.card.base import BLOCK_MS, RING_SECONDS, Card, CardError, ignore
from device.audio.measure import FULL_SCALE
from device.sample_clock import CLOCK_RATE
from device.simulation import acoustics
from device.simulation.alignment import Drop
from device.simulation.buffers import Buffers, Late
from device.simulation.echo_paths import EchoPaths
from device.simulation.faults import LONGEST_MS, schedule
from device.simulation.music import Music
from device.simulation.recording import CHANNELS
from device.simulation.scene import SceneError
from device.simulation.visitors import Visit, Visitors

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from device.audio.card.base import Source
    from device.simulation.leak import Leak
    from device.simulation.recording import Recording
    from device.simulation.scene import Scene, State

log = logging.getLogger(__name__)

BUFFER_MS = 40
"""How late a block may be before a card with buffers of this length would have lost samples: `card.latency_ms`."""
GIVE_UP_S = 1.0
"""A room that is later than this (a machine that slept) goes on from there instead of making up for it."""
LATENCY_SMOOTHING = 1 / 64
"""Weight of each block's latency in the mean that the card tells; as `audio/card/latency.py` has it."""
_TIMINGS = 1 << 17
"""Callbacks whose times are kept: 22 minutes of them."""


class Room(Card):
    """A card in a scene.

    With `pace="real"`, a thread calls the device once every 10 ms on a fixed schedule, like a card. A block that is
    late is made up for by shorter waits, and no sample is ever lost; but each time that it gets later than 40 ms, one
    underrun is counted, because a card would have run out of samples. With `pace="step"`, `step` does it.

    `rate` replaces the scene's. Raises SceneError for a sound that cannot be had.
    """

    def __init__(
        self,
        scene: Scene,
        *,
        pace: Literal["real", "step"] = "real",
        rate: int | None = None,
        recording: Recording | None = None,
        ring_seconds: float = RING_SECONDS,
    ) -> None:
        room = scene.room
        super().__init__(rate or room.rate, ring_seconds=ring_seconds)
        if recording is not None and scene.seconds > recording.longest(self.rate):
            raise SceneError(
                f"{scene.name}: a recording at {self.rate} Hz cannot be longer than "
                f"{recording.longest(self.rate):.0f} s, the scene lasts {scene.seconds:g}: do without the recording"
            )
        self.scene = scene
        self.output_latency = self._frames(room.latency_ms / 1000)
        self.finished = threading.Event()
        """Set when the scene is over or the card was closed."""
        self.cpu_s = 0.0
        """CPU seconds that the simulation took up to the last callback, the device's part of those left out."""
        self.pace = pace
        self._length = self._frames(scene.seconds)
        self._recording = recording
        self._thread: threading.Thread | None = None
        self._closing = threading.Event()

        seeds = np.random.SeedSequence(room.seed).spawn(5)
        echo_rng, visitor_rng, noise_rng, fault_rng, self._error_rng = (np.random.default_rng(seed) for seed in seeds)
        noise = _noise(scene, self.rate, noise_rng)
        self._noise_length = len(noise)
        self._noise = np.resize(noise, len(noise) + self.block)  # a block of it never has to be put together
        self._heard = np.zeros(self.block, np.int16)
        self._echo = EchoPaths(scene, self.rate, self.block, echo_rng)
        self._faults = deque(schedule(scene.faults, scene.seconds, self.rate, fault_rng))
        repeats = any(fault.kind == "repeat" for fault in scene.faults)
        past = self._frames(LONGEST_MS / 1000) if repeats else 0
        self._buffers = Buffers(
            self.output_latency, self.block, xruns=self.xruns, past=past, told=self._told if room.losses_told else None
        )
        self._latency = float(self.output_latency)  # as the card has told it, in the mean
        self._passed = 0
        self._asleep = False
        self._visitors = Visitors(
            scene, self.rate, lambda db: acoustics.impulse_response(self.rate, room.rt60, db, visitor_rng)
        )
        self.music = Music(scene, self.rate, self.block) if room.music else None
        """What another program plays on the same loudspeaker."""
        self._music_block = np.zeros(self.block, np.float32)
        self._unplugged = False
        self._events = deque(scene.card)
        self._frame_block = np.zeros((self.block, CHANNELS), np.int16)
        self.hears: list[Leak] = []
        """What is heard of loudspeakers elsewhere."""
        self.leaks: list[Leak] = []
        """Where else this one's loudspeaker is heard."""
        self._timings = np.zeros(_TIMINGS, np.int64)
        self._exchanges = 0
        self._device_ns = 0

    @property
    def name(self) -> str:
        """What to call this card to the user."""
        return f"the simulated room of the scene {self.scene.name or 'without a name'}"

    @property
    def frame(self) -> int:
        """Frames that have passed in the room."""
        return self._passed

    @property
    def lost(self) -> int:
        """Frames that the microphone lost by faults."""
        return self._buffers.lost

    @property
    def behind(self) -> int:
        """Frames by which the device's clock is behind the room's, as not all that was lost was told."""
        return self._buffers.behind

    @property
    def asleep(self) -> bool:
        """Whether the whole process of the device stands still."""
        return self._asleep and self._buffers.frozen

    @property
    def drops(self) -> list[Drop]:
        """What faults of the card threw away of the loudspeaker's sound: positions on the scene's clock."""
        return [
            Drop(frame * CLOCK_RATE // self.rate, count * CLOCK_RATE // self.rate)
            for frame, count in self._buffers.drops
        ]

    @property
    def silences(self) -> list[tuple[int, int]]:
        """From when until when the loudspeaker had nothing to play because of faults, on the scene's clock."""
        return [
            (frame * CLOCK_RATE // self.rate, (frame + count) * CLOCK_RATE // self.rate)
            for frame, count in self._buffers.silences
        ]

    def frame_of(self, position: int) -> int:
        """Return the room's frame at which the device's clock was at `position`."""
        return self._buffers.frame(position * self.rate // CLOCK_RATE)

    def scene_position(self, position: int) -> int:
        """Return a position on the device's clock as one on the scene's, to which recordings go."""
        frame = position * self.rate // CLOCK_RATE
        return position + (self._buffers.frame(frame) - frame) * CLOCK_RATE // self.rate

    @property
    def over(self) -> bool:
        """True once the scene's time has passed."""
        return self.frame >= self._length

    @property
    def callback_ns(self) -> NDArray[np.int64]:
        """How long the device kept each block's callback, in ns: the last 131072 (22 minutes), oldest first."""
        first = self._exchanges % _TIMINGS if self._exchanges > _TIMINGS else 0
        return np.roll(self._timings, -first)[: min(self._exchanges, _TIMINGS)]

    @property
    def visits(self) -> list[Visit]:
        """What was said so far, in the order of time."""
        return self._visitors.visits

    @property
    def waiting(self) -> list[str]:
        """The names of the visitors who have not spoken yet."""
        return self._visitors.waiting

    def notify(self, state: State, position: int) -> None:
        """Say that the conversation entered `state` (or that a reply's playout ended: `reply_end`) at `position`.

        `position` is on the device's clock. Visitors wait for this. From any thread.
        """
        self._visitors.notify(state, self.frame_of(position))

    def open(self, source: Source, on_presence: Callable[[bool], None] = ignore) -> None:
        """Let the room's time pass, taking sound from `source`. Raises CardError if it is open already."""
        if self._source is not None:
            raise CardError(f"{self.name} is open already")
        self._source = source
        self.on_presence = on_presence
        self._closing.clear()
        self.finished.clear()
        if self.pace == "real":
            self._thread = threading.Thread(target=self._run, name="room", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Stop the room's time; harmless when repeated."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._source = None
        self.finished.set()

    def step(self, blocks: int = 1) -> bool:
        """Let `blocks` of 10 ms pass, with `pace="step"`; return False once the scene is over, and nothing passes."""
        for _ in range(blocks):
            if self.over:
                break
            self._pass(self._listen())
        if self.over:
            self.finished.set()
        return not self.over

    def _run(self) -> None:
        """Call the device on the schedule of a card: a block is due when its last sample has been heard."""
        period, due, was_late = BLOCK_MS / 1000, time.monotonic(), False
        try:
            while not self.over:
                heard = self._listen()
                due += period
                late = time.monotonic() - due
                if late < 0 and self._closing.wait(-late):
                    break
                if late > BUFFER_MS / 1000 and not was_late:
                    self.xruns.underruns += 1
                was_late = late > BUFFER_MS / 1000
                if late > GIVE_UP_S:
                    log.warning("The room stood still for %.1f s.", late)
                    due += late
                self._pass(heard)
                if self._closing.is_set():
                    break
        except Exception:
            log.exception("The room stopped.")
        finally:
            self.cpu_s = (time.thread_time_ns() - self._device_ns) / 1e9
            self.finished.set()

    def _listen(self) -> NDArray[np.int16]:
        """Return the block that the microphone hears next."""
        start = self.frame
        self._replug(start)
        self._fail(start)
        clean, heard = self._visitors.render(start, self.block)
        heard += self._echo.read(start)
        for leak in self.hears:
            heard += leak.read()
        at = start % self._noise_length
        heard += self._noise[at : at + self.block]
        if self._recording is not None:
            self._frame_block[:, 0] = _pcm(clean)
        self._heard[:] = 0 if self._unplugged else _pcm(heard)
        return self._heard

    def _pass(self, heard: NDArray[np.int16]) -> None:
        """Let a block pass, in which the microphone hears `heard`: mostly, that is a callback."""
        blocks = self._buffers.hear(heard)
        for block in blocks:
            if isinstance(block, int):
                self.skip(block)
            elif isinstance(block, Late):
                self.hear(block.heard)
                self._buffers.rest()
            else:
                self._exchange(block)
        self._passed += self.block
        played = self._buffers.take()
        self._echo.write(self._buffers.ahead(self._echo.ahead))
        for leak in self.leaks:
            leak.write(played)
        if blocks:
            self._tell_latency()
        if self._recording is not None:
            self._frame_block[:, 1] = heard
            self._frame_block[:, 2] = _pcm(played)
            self._record(self._recording)

    def _exchange(self, heard: NDArray[np.int16]) -> None:
        if self.music is not None:
            self._music_block = self.music.play(self.mic.position, self.block)
        before, spent = time.thread_time_ns(), time.thread_time_ns()
        self.cpu_s = (before - self._device_ns) / 1e9
        began = time.perf_counter_ns()
        out = self.exchange(heard)
        self._timings[self._exchanges % _TIMINGS] = time.perf_counter_ns() - began
        # Less what it takes to read that clock, which is the room's: some µs, a tenth of a callback in which all rests.
        self._device_ns += max(0, time.thread_time_ns() - spent - (spent - before))
        self._exchanges += 1
        sound = np.zeros(self.block, np.float32)
        if not self._unplugged:
            np.divide(out, np.float32(FULL_SCALE), out=sound)
            sound += self._music_block
        self._buffers.put(sound)

    def _play(self, block: NDArray[np.int16]) -> None:
        """Write to the reference what is played: of other programs, too, where a monitor tells."""
        known = self.music is not None and self.scene.room.music_known
        super()._play(_pcm(block.astype(np.float32) / np.float32(FULL_SCALE) + self._music_block) if known else block)

    def _told(self, frames: int) -> int:
        """Return how many frames the card believes to be missing, of so many."""
        error = self.scene.room.losses_error_ms
        return frames + self._frames(self._error_rng.uniform(-error, error) / 1000) if error else frames

    def _tell_latency(self) -> None:
        """Tell the device what has become of the output latency, if this card does; as the real one does."""
        if not self.scene.room.latency_told or self._buffers.busy:
            return
        self._latency += (self._buffers.latency - self._latency) * LATENCY_SMOOTHING
        told = round(self._latency)
        if abs(told - self.output_latency) > self.block // 2:
            self.output_latency = told

    def _fail(self, frame: int) -> None:
        """Let the faults of the card begin that are due, one after the other."""
        while self._faults and self._faults[0].frame < frame + self.block and not self._buffers.busy:
            happening = self._faults.popleft()
            if happening.kind == "jump":
                self._echo.jump(happening.frames)
            else:
                self._asleep = happening.kind == "sleep"
                self._buffers.begin(happening)

    def _record(self, recording: Recording) -> None:
        try:
            recording.write(self._frame_block)
        except OSError as error:
            log.error("%s cannot be written any more (%s); the room goes on.", recording.path, error.strerror)  # noqa: TRY400 - the cause is said
            self._recording = None

    def _replug(self, frame: int) -> None:
        """Unplug the card or plug it in, if the scene says so."""
        while self._events and self._frames(self._events[0].at) < frame + self.block:
            self._unplugged = self._events.popleft().action == "unplug"
            if self.pace == "real":  # on a thread of its own, as it may block
                threading.Thread(target=self.on_presence, args=(not self._unplugged,), daemon=True).start()
            else:
                self.on_presence(not self._unplugged)

    def _frames(self, seconds: float) -> int:
        return round(seconds * self.rate)


def _noise(scene: Scene, rate: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Return the noise of the scene, to be looped."""
    if scene.room.noise_db == -np.inf:
        return np.zeros(1, np.float32)
    colour = scene.room.noise
    if colour in acoustics.COLOURS:
        samples = acoustics.noise(colour, rate, rng)
    else:
        try:
            samples = clips.read_wav(Path(colour)).at(rate)
        except clips.ClipError as error:
            raise SceneError(str(error)) from error
        samples = samples / np.sqrt(np.mean(samples**2))
    return samples * np.float32(acoustics.ratio(scene.room.noise_db))


def _pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    whole = np.rint(samples * np.float32(FULL_SCALE))
    clipped: NDArray[np.int16] = np.clip(whole, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return clipped
