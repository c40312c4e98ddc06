"""The room in real time: what the microphone of the virtual card hears, and a recording of everything.

The room reads the card's monitor block by block and writes as much as it read, a fixed time ahead: visitors, and the
loudspeaker's echo by way of a room's impulse response, over noise. A counter on a channel of its own tells how far
ahead that is, and whether frames were lost.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from device.audio.measure import FULL_SCALE, speech_bounds, speech_level
from device.audio.resample import resample
from device.bench.result import BenchError
from device.bench.virtual_card import CHANNELS, COUNTER, LOUDSPEAKER, MICROPHONE, RATE, VISITOR, Card
from device.sample_clock import CLOCK_RATE
from device.simulation import acoustics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.bench.sounds import Sound

BLOCK: Final = RATE // 100
"""Frames of a block: 10 ms."""
SPEECH_DB: Final = -26.0
"""dBFS at the microphone, while a visitor speaks."""
REPLY_DB: Final = -22.0
"""dBFS of a reply as the engine sends it, while it speaks; the echo's level is that of such a reply."""
NOISE_DB: Final = -60.0
"""dBFS of the pink noise at the microphone: a quiet room."""
RT60_S: Final = 0.3
"""Reverberation time: a furnished living room."""
LEAD_MS: Final = 50.0
"""How far ahead the room writes."""
DELAY_MS: Final = LEAD_MS
"""From the loudspeaker to the microphone: an echo cannot be written any sooner."""
FRAGMENT_MS: Final = 5.0
"""Audio that the sound server hands over at a time."""
ECHO_REVERB_DB, VISITOR_REVERB_DB = -6.0, -10.0
"""Energy of the reverberation relative to the direct sound's."""
NOTHING_DB: Final = -80.0
"""dBFS below which the loudspeaker is silent: a lowered reply is not."""
PAUSE_MS: Final = 150.0
"""Shorter silences belong to what is being played."""
_COUNTS: Final = 1 << 16
"""What the counter in the fourth channel counts frames modulo."""
_STRETCH: Final = 200
"""Blocks, 2 s of them, for which the clock is corrected at once."""


class Line(Struct, frozen=True):
    """Something to be said."""

    kind: str
    text: str
    voice: NDArray[np.float32]
    """(n,) at 48 kHz."""
    first: int
    """Its first sample of voice."""
    last: int

    @classmethod
    def of(cls, sound: Sound) -> Line:
        """Return what says a sound, at the visitors' level."""
        voice = spoken(sound.samples())
        first, last = speech_bounds(_pcm(voice), RATE) or (0, len(voice))
        return cls(sound.kind, sound.text, voice, first, last)


class Visit(Struct, frozen=True):
    """Something that a visitor said. Positions are frames of the recording."""

    kind: str
    onset: int
    """The first sample of the voice."""
    end: int
    text: str = ""


class Recording(Struct, frozen=True):
    """What was recorded in a room."""

    tracks: NDArray[np.int16]
    """(n, 4) at 48 kHz: loudspeaker, visitor, microphone, counter."""
    visits: list[Visit]
    clock: NDArray[np.float64]
    """(k, 2): frames, and the times of `time.monotonic` at which they were at microphone and loudspeaker."""
    lost: int
    """Frames of the microphone that the sound server played too late, and so not at all."""

    def at(self, moment: float) -> int:
        """Return the frame at a time of `time.monotonic`."""
        return round(_along(moment, self.clock[:, 1], self.clock[:, 0], RATE))

    def moment(self, frame: int) -> float:
        """Return the time of a frame."""
        return _along(frame, self.clock[:, 0], self.clock[:, 1], 1 / RATE)


def _along(x: float, xs: NDArray[np.float64], ys: NDArray[np.float64], slope: float) -> float:
    """Return y at `x`: interpolated between the points, and with `slope` before the first and after the last."""
    return float(np.interp(x, xs, ys)) + slope * float(min(0.0, x - xs[0]) + max(0.0, x - xs[-1]))


def clock_of(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the clock of a recording of which block after block was read at `times`; see `Recording`.

    A block can be read late, but not early. A null sink's own clock is not quite the computer's: it adds up rounded
    times (seen: 440 ppm), so there is one correction for each stretch of 2 s.
    """
    ends = BLOCK * np.arange(1, len(times) + 1, dtype=np.float64)
    stretches = np.array_split(np.arange(len(times)), max(1, len(times) // _STRETCH))
    late = [float(np.percentile(times[stretch] - ends[stretch] / RATE, 25)) for stretch in stretches]
    frames = np.array([float(np.mean(ends[stretch])) for stretch in stretches])
    clock: NDArray[np.float64] = np.column_stack((frames, frames / RATE + late))
    return clock


class Room:
    """A room about a card. The echo is `echo_db` louder than visitors; -inf: none."""

    def __init__(self, card: Card, *, echo_db: float, seed: int = 1) -> None:
        self.now = 0
        """Frames recorded so far."""
        self.playing_since: int | None = None
        """Where what the loudspeaker plays began; None while it is silent."""
        self.quiet_since = 0
        """Where the loudspeaker fell silent."""
        self._card = card
        self._blocks: list[NDArray[np.int16]] = []
        self._times: list[float] = []
        self._visits: list[Visit] = []
        self._written = self._read = self._offset = self._base = self._lost = 0
        rng = np.random.default_rng(seed)
        echo = acoustics.impulse_response(RATE, RT60_S, ECHO_REVERB_DB, rng)
        gain = acoustics.ratio(SPEECH_DB + echo_db - REPLY_DB) if echo_db > -np.inf else 0.0
        self._echo = acoustics.Convolver(echo * np.float32(gain), BLOCK)
        around = acoustics.impulse_response(RATE, RT60_S, VISITOR_REVERB_DB, rng)
        self._around = acoustics.Convolver(around, BLOCK)
        noise = acoustics.noise("pink", RATE, rng) * np.float32(acoustics.ratio(NOISE_DB))
        self._noise = np.resize(noise, len(noise) + BLOCK)
        self._noise_length = len(noise)
        self._air = np.zeros(0, np.float32)
        self._voice = np.zeros(0, np.float32)
        self._settle()

    def run(self, script: Iterator[None]) -> Recording:
        """Let time pass; `script` is resumed after each block of 10 ms, until it ends. Raises BenchError."""
        self._blocks.clear()
        self._times.clear()
        self._visits.clear()
        self._base = self._read
        self._lost = 0
        self.now = 0
        for _ in script:
            self._pass()
        clock = clock_of(np.array(self._times))
        return Recording(np.concatenate(self._blocks), list(self._visits), clock, self._lost)

    def say(self, line: Line) -> Visit:
        """Have a visitor say something, at once. Raises ValueError while another speaks."""
        if len(self._voice):
            raise ValueError("somebody is speaking")
        self._voice = line.voice
        at = self._written + self._offset - self._base
        self._visits.append(Visit(line.kind, at + line.first, at + line.last, line.text))
        return self._visits[-1]

    def _settle(self) -> None:
        """Learn how far ahead the room writes, and make the echo's delay of what is left."""
        self._card.read(BLOCK)
        self._read += BLOCK
        self._card.write(self._counted(np.zeros((round(LEAD_MS * RATE / 1000), CHANNELS), np.int16)))
        for _ in range(100):
            block = self._card.read(BLOCK)
            self._card.write(self._counted(np.zeros((BLOCK, CHANNELS), np.int16)))
            counts = block[:, COUNTER].astype(int) % _COUNTS
            place = self._read + BLOCK - 1 - int(counts[-1])
            self._read += BLOCK
        if not counts[-1] or ((self._read - BLOCK + np.arange(BLOCK) - counts - place) % _COUNTS).any():
            raise BenchError("the virtual sound card loses samples: this machine is too busy")
        ahead = (self._written + place - self._read + _COUNTS // 2) % _COUNTS - _COUNTS // 2
        self._offset = self._read + ahead - self._written
        rest = round(DELAY_MS * RATE / 1000) - ahead
        if rest < 0:
            raise BenchError(f"the virtual sound card needs {1000 * ahead / RATE:.0f} ms, more than {DELAY_MS:g}")
        self._air = np.zeros(rest, np.float32)

    def _pass(self) -> None:
        block = self._card.read(BLOCK)
        self._times.append(time.monotonic())
        self._blocks.append(block)
        counts = block[:, COUNTER].astype(int)
        self._lost += int(np.count_nonzero((self._read + np.arange(BLOCK) - self._offset - counts) % _COUNTS))
        self._read += BLOCK
        self.now += BLOCK
        self._watch(block[:, LOUDSPEAKER])
        echo = self._echo.process((block[:, LOUDSPEAKER] / np.float32(FULL_SCALE)).astype(np.float32))
        self._air = np.concatenate((self._air, echo))
        voice = np.zeros(BLOCK, np.float32)
        said, self._voice = self._voice[:BLOCK], self._voice[BLOCK:]
        voice[: len(said)] = said
        place = self._written % self._noise_length
        heard = self._around.process(voice) + self._air[:BLOCK] + self._noise[place : place + BLOCK]
        self._air = self._air[BLOCK:]
        out = np.zeros((BLOCK, CHANNELS), np.int16)
        out[:, VISITOR] = _pcm(voice)
        out[:, MICROPHONE] = _pcm(heard)
        self._card.write(self._counted(out))

    def _watch(self, played: NDArray[np.int16]) -> None:
        """Note whether the loudspeaker plays."""
        if np.sqrt(np.mean(np.square(played, dtype=np.float64))) > FULL_SCALE * acoustics.ratio(NOTHING_DB):
            self.quiet_since = self.now
            if self.playing_since is None:
                self.playing_since = self.now - BLOCK
        elif self.now - self.quiet_since >= PAUSE_MS * RATE / 1000:
            self.playing_since = None

    def _counted(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        count = self._written + np.arange(len(block))
        block[:, COUNTER] = (count % _COUNTS).astype(np.uint16).view(np.int16)
        self._written += len(block)
        return block


def spoken(sound: NDArray[np.int16], level_db: float = SPEECH_DB, rate: int = RATE) -> NDArray[np.float32]:
    """Return a sound, `(n,) int16, 16 kHz`, as it is said in the room: `(m,) float32` at `rate`, at a level."""
    moved = resample(sound, CLOCK_RATE, rate)
    gain = acoustics.ratio(level_db - speech_level(moved, rate)) / FULL_SCALE
    scaled: NDArray[np.float32] = (moved * gain).astype(np.float32)
    return scaled


def _pcm(samples: NDArray[np.float32]) -> NDArray[np.int16]:
    clipped: NDArray[np.int16] = np.clip(np.rint(samples * FULL_SCALE), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
    return clipped
