"""The capture thread: from the card's rings to clean 16 kHz audio and to events.

Per block: resample, cancel the echo, write the clean ring, and let the detectors read it through cursors of their
own. `Capture.process` does that for one block and may be called by anything; `start` runs it in a thread.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np
from msgspec.structs import replace

from device.audio.measure import NOTHING_DBFS, dbfs
from device.audio.resample import Resampler
from device.conversation.events import (
    DeviceEvent,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    PlayoutStarved,
    Tick,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from device.audio.card.base import Card
    from device.audio.playout import Playout
    from device.audio.ring import RingBuffer
    from device.listen.wake_word import Detection

log = logging.getLogger(__name__)

FRAME_10MS = CLOCK_RATE // 100
WAKE_FRAME = samples(80)
"""What the wake word's models take at a time."""
RESTING_FRAMES = 3
"""How many of these to take at once in a quiet room: 240 ms, half as long as a wake word."""
TICK = samples(50)
"""How often the conversation is told the time: what waits for silence or for a deadline is late by so much at most."""
CLEAN_SECONDS = 60
"""How far back the uplink can go: the longest outage that loses no word."""
VOICE_SILENCE_MS = 240
"""Silence that ends a voice for barge-in; the end of a turn is decided elsewhere. Shorter, the closures and pauses
within a phrase end it; longer, a reply that was ducked for a cough comes back later."""
ALERT_MS = 32
"""Voice that makes an onset over a reply: a single frame, because a mistake only lowers the reply for a moment."""
ONSET_DB = 1.0
"""A frame that exceeds what may be left of the echo by less is no onset of a voice, though it sounds like one. Measured
with the device's own voice at -10 to +6 dB, loudspeakers distorting: 0 to 0.2 dB in the median, 0.7 dB in 99 % of the
frames, 2.3 dB in the worst room."""
NEAR_END_DB = 2.5
NEAR_END_BLOCKS = 3
NEAR_END_WINDOW = 4
"""So many blocks of 10 ms among so many exceed it that much when something at the near end begins. In the same rooms
visitors are noticed 40 to 50 ms after their onset in the median, and the device's own voice is once in 9 minutes."""
CATCH_UP_FRAMES = 8
"""What the voice detector hears of the past, 256 ms, when something exceeds the echo after it has rested."""
EXCESS_BLOCKS = 256
"""How far back the excess is kept: farther than the voice detector looks."""
LOOK_BACK = samples(1600)
"""How much of the past the voice detector hears when it is woken: the wake word and what came before its detection."""


class Canceller(Protocol):
    """An echo canceller for frames of 10 ms."""

    delay: int
    """How many samples the output lies behind the input."""

    @property
    def active(self) -> bool:
        """True while there may be an echo."""

    @property
    def converged(self) -> bool:
        """True once the echo path is learnt."""

    @property
    def excess(self) -> NDArray[np.float32]:
        """By how many dB each frame that went into the last `cancel` was louder than what may be left of the echo."""

    def cancel(self, mic: NDArray[np.int16], reference: NDArray[np.int16]) -> NDArray[np.int16]:
        """Return `mic` without the echo of `reference`; all `(n * 160,) int16, 16 kHz mono`."""


class VoiceDetector(Protocol):
    """Tells how likely a frame is voice."""

    def probability(self, block: NDArray[np.int16]) -> float:
        """Return 0 to 1 for `(512,) int16, 16 kHz mono`."""

    def reset(self) -> None:
        """Forget the past."""


class WakeDetector(Protocol):
    """Looks for the wake word in a stream."""

    masked: bool
    """Set while the device speaks."""

    @property
    def resting(self) -> bool:
        """True while the room is so quiet that nothing is looked for."""

    def push(self, block: NDArray[np.int16]) -> Sequence[Detection]:
        """Take `(n,) int16, 16 kHz mono`; positions count from the first sample ever pushed."""


class Capture:
    """Turns a card's audio into `clean`, a new ring `(n,) int16, 16 kHz mono`, and into events given to `emit`.

    Position p of `clean` is position p of the device's clock. `emit` is called on the capture thread.
    """

    def __init__(
        self,
        card: Card,
        playout: Playout,
        clean: RingBuffer,
        *,
        canceller: Canceller | None,
        voice: VoiceDetector,
        wake: WakeDetector | None,
        emit: Callable[[DeviceEvent], None],
        vad_threshold: float = 0.5,
    ) -> None:
        self.clean = clean
        self._card = card
        self._playout = playout
        self._canceller = canceller
        self._voice = voice
        self._wake = wake
        self._emit = emit
        self._mic_in = Resampler(card.rate, CLOCK_RATE)
        self._reference_in = Resampler(card.rate, CLOCK_RATE)
        self._mic_rest = np.zeros(0, np.int16)
        self._reference_rest = np.zeros(0, np.int16)
        # From the card's first frame: what it heard while the detectors were still loading is not lost.
        self._mic = card.mic.cursor(0)
        self._reference = card.reference.cursor(0)
        self._done = 0  # frames of the card that were taken
        # Of the last blocks of 10 ms, each at its position's place.
        self._excess = [0.0] * EXCESS_BLOCKS
        self._excess_to = 0
        self._near_end = False
        self._late = canceller.delay if canceller is not None else 0  # samples to drop, so that positions stay true
        self._voice_at = self.clean.cursor()
        self._wake_at = self.clean.cursor()
        calm = EndpointSettings(threshold=vad_threshold, silence_ms=VOICE_SILENCE_MS)
        self._calm, self._alert = calm, replace(calm, min_voice_ms=ALERT_MS)
        self._endpoint = Endpointer(calm)
        self._peak_db = NOTHING_DBFS  # of the voice's loudest frame
        self._voice_wanted = False
        self._voice_on = False
        self._rested = 0  # frames that the voice detector did not hear
        self._next_tick = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def lost(self) -> int:
        """Microphone frames that this thread was too late for, at the card's rate."""
        return self._mic.lost

    @property
    def now(self) -> int:
        """The present position on the device's clock: the end of the clean ring."""
        return self.clean.position

    def want_voice(self, wanted: bool, *, alert: bool = False) -> None:  # noqa: FBT001 - a switch
        """Detect voices or rest, from the next block on; when woken, the last second is listened to as well.

        When `alert`, a single frame of voice is an onset.
        """
        self._voice_wanted = wanted
        self._endpoint.settings = self._alert if alert else self._calm

    def start(self) -> None:
        """Run in a thread until `stop`."""
        self._thread = threading.Thread(target=self._run, name="front end", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.process(timeout=0.5, blocks=self.blocks_at_once)
            except Exception:
                # One bad block must not end listening for good.
                log.exception("The front end failed on a block and goes on with the next one.")

    @property
    def blocks_at_once(self) -> int:
        """How many blocks to take at once: while asleep, all up to the end of a frame of the wake word's models.

        To wake up for each block would cost more than everything that is done with it. No wake word is detected any
        later: the first sound after quiet is looked at late, but long before the word ends.
        """
        if self._wake is None or self._voice_on or self._voice_wanted:
            return 1
        frames = RESTING_FRAMES if self._wake.resting else 1
        return max(1, (frames * WAKE_FRAME - self.now % WAKE_FRAME) // FRAME_10MS)

    def process(self, timeout: float = 0.0, blocks: int = 1) -> bool:
        """Take `blocks` from the card if they are there within `timeout` seconds; return whether they were."""
        mic = self._mic.read(blocks * self._card.block, timeout)
        if mic is None:
            return False
        start = self._mic.position - len(mic)
        if start > self._done:  # late: silence in place of what was lost keeps the positions true
            gap = np.zeros(start - self._done, np.int16)
            self._clean_up(gap, gap)
        self._done = self._mic.position
        if self._reference.position != start:
            self._reference.seek(start)
        reference = self._reference.read(len(mic), 0)
        if reference is None or self._reference.position != self._done:
            reference = np.zeros(len(mic), np.int16)
        self._clean_up(mic, reference)
        self._detect_wake()
        self._detect_near_end()
        self._detect_voice()
        self._report_playout()
        if self.now >= self._next_tick:
            self._next_tick = self.now + TICK
            self._emit(Tick(self.now))
        return True

    def _clean_up(self, mic: NDArray[np.int16], reference: NDArray[np.int16]) -> None:
        self._mic_rest = np.concatenate((self._mic_rest, self._mic_in.push(mic)))
        self._reference_rest = np.concatenate((self._reference_rest, self._reference_in.push(reference)))
        n = len(self._mic_rest) // FRAME_10MS * FRAME_10MS
        block, self._mic_rest = self._mic_rest[:n], self._mic_rest[n:]
        echo, self._reference_rest = self._reference_rest[:n], self._reference_rest[n:]
        if not n:
            return
        if self._canceller is not None:
            heard = block.any()
            block = self._canceller.cancel(block, echo)
            for excess in self._canceller.excess.tolist():
                self._excess[self._excess_to % EXCESS_BLOCKS] = excess
                self._excess_to += 1
            if not heard:  # an unplugged or muted microphone: all that is left is the echo expected in it
                block = np.zeros(n, np.int16)
        early = min(self._late, n)
        self._late -= early
        self.clean.write(block[early:])

    def _detect_wake(self) -> None:
        if self._wake is None:
            return
        self._wake.masked = self._canceller is not None and self._canceller.active
        for hit in self._wake.push(self._wake_at.take(self._wake_at.lag)):
            self._emit(Wake(self.now, hit.word, round(float(hit.score), 3)))

    def _detect_voice(self) -> None:
        if self._voice_wanted != self._voice_on:
            self._voice_on = self._voice_wanted
            if not self._voice_on:
                return
            self._voice_at.seek(max(self._voice_at.position, self.now - LOOK_BACK))
            self._voice.reset()
            self._rested = 0
            self._endpoint.reset(self._voice_at.position)
        endpoint = self._endpoint
        while self._voice_on and self._voice_at.lag >= FRAME:
            frame = self._voice_at.take(FRAME)
            probability = self._probability(frame)
            if probability >= endpoint.settings.threshold:
                self._peak_db = max(self._peak_db, dbfs(frame))
            elif not endpoint.speaking:
                self._peak_db = NOTHING_DBFS
            found = endpoint.push(probability)
            if isinstance(found, Onset):
                self._emit(VoiceStart(self.now, found.position))
            elif isinstance(found, Offset):
                self._emit(VoiceEnd(self.now, found.onset, found.end, round(found.voiced_ms), self._peak_db))
                self._peak_db = NOTHING_DBFS
            elif endpoint.speaking and endpoint.onset is not None:
                voiced, silence = round(endpoint.voiced_ms), round(endpoint.silence_ms)
                self._emit(Voice(self.now, endpoint.onset, voiced, silence, self._peak_db))

    def _probability(self, frame: NDArray[np.int16]) -> float:
        """Return how likely somebody speaks in `frame`, the one that ends at the voice cursor.

        While all that is heard is the echo, the model rests.
        """
        if not self._is_echo():
            self._catch_up()
            return self._voice.probability(frame)
        self._rested += 1
        return 0.0

    def _is_echo(self) -> bool:
        """Return whether the frame that ends at the voice cursor holds nothing but what is left of the echo."""
        canceller = self._canceller
        if canceller is None or not canceller.active:
            return False
        # Until the echo path is learnt, what is left of the echo sounds like somebody speaking.
        if not canceller.converged:
            return True
        blocks = range((self._voice_at.position - FRAME) // FRAME_10MS, -(-self._voice_at.position // FRAME_10MS))
        exceeds = sum(self._excess[block % EXCESS_BLOCKS] for block in blocks) >= ONSET_DB * len(blocks)
        return not (exceeds or self._endpoint.speaking)

    def _catch_up(self) -> None:
        """Let the voice detector hear, after a rest, what came just before the frame that ends at the voice cursor."""
        if not self._rested:
            return
        if self._rested > CATCH_UP_FRAMES:
            self._voice.reset()
        at = self._voice_at.position
        missed = min(self._rested, CATCH_UP_FRAMES)
        self._rested = 0
        self._voice_at.seek(at - (missed + 1) * FRAME)
        for _ in range(missed):
            self._voice.probability(self._voice_at.take(FRAME))
        self._voice_at.seek(at)

    def _detect_near_end(self) -> None:
        """Notice what may become a voice, long before it can be told."""
        canceller = self._canceller
        if canceller is None or not canceller.active or not canceller.converged or self._endpoint.speaking:
            self._near_end = False
            return
        last = [self._excess[(self._excess_to - i) % EXCESS_BLOCKS] for i in range(1, NEAR_END_WINDOW + 1)]
        near_end = sum(value >= NEAR_END_DB for value in last) >= NEAR_END_BLOCKS
        if near_end and not self._near_end and self._endpoint.settings is self._alert:
            self._emit(NearEnd(self.now))
        self._near_end = near_end

    def _report_playout(self) -> None:
        for note in self._playout.notes():
            at = self._card.clock(note.frame)
            if note.kind == "cut":
                self._emit(PlayoutCut(at, note.heard))
            elif note.kind == "done":
                self._emit(PlayoutDone(at, note.heard[0]))
            elif note.kind == "started":
                self._emit(PlayoutStarted(at, note.heard[0].item))
            else:
                self._emit(PlayoutStarved(at, note.heard[0].item))
