"""How much the microphone is amplified: as much as speech needs that arrives too quietly.

It is found from speech alone, somebody's near the microphone: not from the room's noise, nor from what the device
plays. The echo canceller is before it and never sees it, so that a change is none of the echo.
"""

from __future__ import annotations

import logging
from collections import deque
from typing import TYPE_CHECKING

import numpy as np

from device.audio.measure import FULL_SCALE
from device.listen.endpointer import FRAME
from device.listen.energy_gate import SILENT, SLICE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.listen.voice_activity import VoiceDetector

log = logging.getLogger(__name__)

TARGET_DBFS = -36.0
"""Speech that arrives more quietly is brought here. Recogniser, wake word and voice detector do as well with it as at
-26 dBFS (395 and 394 of 408 words of a person, 13 of 14 wake words each); at -60 the words of synthesizers fall from
115 to 109 of 128, and the voice detector finds a tenth less. More would only clip whoever comes near."""
MOST_DB = 32.0
"""Speech at -68 dBFS is at the target with it. What is quieter still is hardly above what 16 bits can tell (-98 dBFS),
and more likely a television next door."""
LEAST_CHANGE_DB = 3.0
"""A smaller one is not worth it: a voice goes up and down by more."""
LOUDER, QUIETER = 0.5, 0.1
"""How much of the difference is learnt from an utterance that is louder than usual, and from one that is quieter. Who
speaks near the microphone counts for more than who speaks far from it, or on television."""
RISE_DB = 8.0
"""What is so much louder than the room's noise is looked at whether it is speech."""
FLOOR_FRAMES, FLOOR_RANK = 156, 0.25
"""The room's noise: what a quarter of the last 5 s is quieter than."""
QUIETEST_DBFS = -84.0
"""Below it nothing is looked at: the steps of 16 bits are 14 dB below."""
SHOWN_DBFS = -20.0
"""How loud the voice detector is shown the loudest of an utterance: as speech at about -26 dBFS."""
LIKELY = 0.7
"""Probability from which a frame counts as speech: more than for turns, since nothing is lost by leaving some out."""
BEFORE_FRAMES = 4
"""What the voice detector hears of what came before a sound: 128 ms, to get used to it."""
PAUSE_FRAMES, LONGEST_FRAMES = 20, 156
"""A pause of 640 ms ends an utterance; so do 5 s, for somebody reads the news."""
LEAST_FRAMES = 12
"""How much of an utterance must be speech to count, 384 ms: a wake word has more, a bark less."""
CATCH_UP = 2
"""Frames that are shown at once, of those that waited: all of them would keep the capture thread for 4 ms."""
LIMIT = 0.9
"""Of full scale: nothing is amplified beyond."""
RECOVERY = 1.02
"""From block to block of 10 ms, once what was limited is over: 17 dB in a second."""
BLOCK = 160
VOICED_DB = 15.0
"""A frame of a wake word counts that is less than this quieter than its loudest. So the level of 42 of 42 wake words (7
voices of espeak-ng, 14 recordings of synthesizers) was found as from the voice detector's frames within 2.5 dB, and in
noise 12 dB below them within 5 dB."""


class SpeechLevel:
    """How loud speech arrives at the microphone, by a voice detector of its own; `db` is None until that is known."""

    def __init__(self, voice: VoiceDetector) -> None:
        self.db: float | None = None
        """dBFS RMS while somebody speaks."""
        self._voice = voice
        self._rest = np.zeros(0, np.int16)
        self._levels: deque[float] = deque(maxlen=FLOOR_FRAMES)
        self._before: deque[NDArray[np.int16]] = deque(maxlen=BEFORE_FRAMES)
        self._open = self._usual = False
        self._held: deque[tuple[NDArray[np.int16], bool]] = deque()
        self._frames = self._loud = self._pause = self._voiced = 0
        self._loudest = self._heard = self._power = 0.0

    def push(self, block: NDArray[np.int16], *, alone: bool) -> bool:
        """Take the next `(n,) int16, 16 kHz mono`; return whether something was learnt from an utterance's end.

        Nothing is learnt from what is not `alone`: over an echo, or where something is missing.
        """
        if not alone:
            self._rest = self._rest[:0]
            self._before.clear()
            self._open = False
            return False
        pending = np.concatenate((self._rest, block))
        count = len(pending) // FRAME
        self._rest = pending[count * FRAME :]
        learnt = False
        if count:
            frames = pending[: count * FRAME].reshape(count, FRAME)
            levels, least = _levels(frames), self._least
            self._levels.extend(levels)
            if not self._open and max(levels) < least:
                self._before.extend(frames[-BEFORE_FRAMES:])
                return False
            for frame, level in zip(frames, levels, strict=True):
                learnt = self._hear(frame, level, loud=level >= least) or learnt
        return learnt

    @property
    def _least(self) -> float:
        """How loud a frame must be to be looked at."""
        levels = sorted(self._levels)
        return max(QUIETEST_DBFS, levels[int(len(levels) * FLOOR_RANK)] + RISE_DB if levels else QUIETEST_DBFS)

    def _hear(self, frame: NDArray[np.int16], level: float, *, loud: bool) -> bool:
        if loud and not self._open:
            self._begin()
        if not self._open:
            self._before.append(frame)
            return False
        self._loudest = max(self._loudest, level)
        self._take(frame, level, loud=loud)
        self._frames += 1
        self._pause = 0 if loud else self._pause + 1
        if self._pause < PAUSE_FRAMES and self._frames < LONGEST_FRAMES:
            return False
        self._open = False
        self._held.clear()
        return self._learn()

    def _begin(self) -> None:
        self._open, self._usual = True, False
        self._frames = self._loud = self._pause = self._voiced = 0
        self._power, self._heard, self._loudest = 0.0, 0.0, SILENT
        self._held.extend((frame, False) for frame in self._before)
        self._before.clear()

    def _take(self, frame: NDArray[np.int16], level: float, *, loud: bool) -> None:
        """Show the voice detector a frame; the first ones only once there are enough of them, and not as loud as ever.

        What is too short to count, or would teach nothing, is not worth a network's work: people who talk all day would
        cost a sixth more of the processor asleep.
        """
        if self._usual:
            return
        self._held.append((frame, loud))
        if self._loud >= LEAST_FRAMES:
            for _ in range(min(CATCH_UP, len(self._held))):
                frame, loud = self._held.popleft()
                self._look(frame, counts=loud)
            return
        self._loud += loud
        self._heard += 10 ** (level / 10) if loud else 0.0
        if self._loud == LEAST_FRAMES:
            mean = 10 * float(np.log10(self._heard / LEAST_FRAMES))
            self._usual = self.db is not None and abs(mean - self.db) < LEAST_CHANGE_DB
            self._voice.reset()

    def _look(self, frame: NDArray[np.int16], *, counts: bool) -> None:
        """Show the voice detector a frame as loud as it is used to; if that is speech, it `counts`."""
        samples = frame.astype(np.float32)
        shown = samples * np.float32(10 ** ((SHOWN_DBFS - self._loudest) / 20))
        likely = self._voice.probability(np.clip(shown, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16))
        if counts and likely >= LIKELY:
            self._voiced += 1
            self._power += float(np.vdot(samples, samples)) / FRAME

    def _learn(self) -> bool:
        if self._voiced < LEAST_FRAMES:
            return False
        level = 10 * float(np.log10(self._power / self._voiced / FULL_SCALE**2))
        if self.db is None:
            self.db = level
        else:
            self.db += (LOUDER if level > self.db else QUIETER) * (level - self.db)
        return True


class Gain:
    """Amplifies the microphone: by `db`, or by as much as `speech` needs, which it learns here."""

    def __init__(self, db: float = 0.0, speech: SpeechLevel | None = None) -> None:
        self.db = db
        """What is in force, in dB."""
        self.speech = speech
        self._now = self._wanted = 10 ** (db / 20)
        self._ramp = np.linspace(0, 1, BLOCK, dtype=np.float32)

    def start(self, level_db: float) -> None:
        """Begin with speech as loud as it was before."""
        if self.speech is not None:
            self.speech.db = level_db
            self._follow(level_db)
            self._now = self._wanted

    def begin(self, spoken: NDArray[np.int16]) -> NDArray[np.int16] | None:
        """Learn from the first wake word, `(n * 512,) int16, 16 kHz mono`, and return it as it is with the new gain.

        What is said in one breath with it is amplified as well then, instead of only what comes after. None if the
        level is known already, or not looked for.
        """
        if self.speech is None or self.speech.db is not None:
            return None
        power = 10 ** (np.array(_levels(spoken.reshape(-1, FRAME))) / 10)
        voiced = power[power > power.max() / 10 ** (VOICED_DB / 10)]
        self.start(10 * float(np.log10(voiced.mean())))
        blocks = [self._amplified(spoken[at : at + BLOCK]) for at in range(0, len(spoken), BLOCK)]
        return np.concatenate(blocks)

    def push(self, block: NDArray[np.int16], *, alone: bool) -> NDArray[np.int16]:
        """Return the next blocks amplified: `(n * 160,) int16, 16 kHz mono`, without echo; see `SpeechLevel.push`.

        A gain that was found is in force after the utterance that it was found from: a change in the midst of one costs
        words (of 60 at -60 dBFS 39 to 42 were right with it, 50 without).
        """
        if self.speech is not None and self.speech.push(block, alone=alone) and self.speech.db is not None:
            self._follow(self.speech.db)
        return self.again(block)

    def again(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return blocks amplified of which nothing is to be learnt: what was pushed before, heard better."""
        if self._now == 1.0 == self._wanted:
            return block
        out = np.empty_like(block)
        for at in range(0, len(block), BLOCK):
            out[at : at + BLOCK] = self._amplified(block[at : at + BLOCK])
        return out

    def _follow(self, level_db: float) -> None:
        wanted = float(np.clip(TARGET_DBFS - level_db, 0.0, MOST_DB))
        if abs(wanted - self.db) < LEAST_CHANGE_DB:
            return
        self.db = round(wanted, 1)
        self._wanted = 10 ** (self.db / 20)
        log.info("Speech arrives at %.0f dBFS: the microphone is amplified by %.0f dB.", level_db, self.db)

    def _amplified(self, block: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return a block of at most 10 ms, amplified by no more than it bears; that comes at once and goes slowly."""
        samples = block.astype(np.float32)
        bears = LIMIT * FULL_SCALE / float(np.abs(samples).max(initial=1.0))
        to = min(self._wanted, max(1.0, bears), self._now * RECOVERY)
        samples *= np.float32(min(self._now, to)) + self._ramp[: len(samples)] * np.float32(max(0.0, to - self._now))
        self._now = to
        return np.clip(np.rint(samples), -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)


def _levels(frames: NDArray[np.int16]) -> list[float]:
    """Return what `energy_gate.level_dbfs` says of each frame: less than calling it for each takes."""
    samples = frames.astype(np.float32).reshape(len(frames), -1, SLICE)
    means = samples.mean(axis=2)
    power = np.einsum("kij,kij->k", samples, samples) / frames.shape[1] - (means * means).mean(axis=1)
    found: list[float] = np.maximum(SILENT, 10 * np.log10(np.maximum(power, 1e-9) / FULL_SCALE**2)).tolist()
    return found
