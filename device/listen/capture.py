"""The capture thread: from the card's rings to clean 16 kHz audio and to events.

Per block: resample, cancel the echo, write the clean ring, and let the detectors read it through cursors of their
own. `Capture.process` does that for one block and may be called by anything; `start` runs it in a thread.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

import numpy as np

from device.audio.gaps import Gaps
from device.audio.resample import Resampler
from device.conversation.events import (
    DeviceEvent,
    Echo,
    EchoKind,
    Helpless,
    Missed,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    PlayoutStarved,
    Tick,
    Wake,
)
from device.listen.endpointer import FRAME
from device.listen.gain import Gain
from device.listen.near_end import FRAME_10MS, Excess, what_echoes
from device.listen.voice_activity import VoiceActivity
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from device.audio.card.base import Card
    from device.audio.echo.canceller import Revised
    from device.audio.loudspeaker import Loudspeaker
    from device.audio.ring import RingBuffer
    from device.listen.near_end import Canceller
    from device.listen.voice_activity import VoiceDetector
    from device.listen.wake_word import Detection

log = logging.getLogger(__name__)

WAKE_FRAME = samples(80)
"""What the wake word's models take at a time."""
RESTING_FRAMES = 3
"""How many of these to take at once in a quiet room: 240 ms, half as long as a wake word."""
TICK = samples(50)
"""How often the conversation is told the time: what waits for silence or for a deadline is late by so much at most."""
SETTLED = samples(150)
"""How long it is silent before that is told: a voice that began at the end of the echo is noticed by then. The voice
detector needs 100 ms for one."""
NEAR = samples(1500)
"""How long what is near counts for the wake word: as long as it lasts to say, and as it may be detected late."""
WAKE_WORD = 48 * FRAME
"""What was heard up to a wake word's detection, the word itself included: 1.5 s."""
CLEAN_SECONDS = 60
"""How far back the uplink can go: the longest outage that loses no word."""


class WakeDetector(Protocol):
    """Looks for the wake word in a stream."""

    echo: EchoKind
    """Set to what of what was played may be heard in what is pushed next."""
    near: bool
    """Set to whether anything of late was louder than what may be left of the echo."""

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
        playout: Loudspeaker,
        clean: RingBuffer,
        *,
        canceller: Canceller | None,
        voice: VoiceDetector,
        wake: WakeDetector | None,
        emit: Callable[[DeviceEvent], None],
        vad_threshold: float = 0.5,
        gain: Gain | None = None,
    ) -> None:
        self.clean = clean
        self.gain = gain or Gain()
        """What the microphone is amplified by, after the echo canceller: it hears, and the card's ring holds, what the
        card gave."""
        self.gaps = Gaps()
        """Where `clean` is missing, in its positions: nothing is known of what was said there."""
        self._card = card
        self._playout = playout
        self._canceller = canceller
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
        self._cleaned = 0  # samples that the canceller has taken
        self._excess = Excess()
        self._expected_db = 0.0  # what the canceller was told of the gain
        self._near_end = False
        self._near_to = -NEAR  # up to where something at the near end was heard
        self._echo: EchoKind = "none"
        self._helpless = False
        self._echo_to = -SETTLED  # up to where an echo was heard last
        self._late = canceller.delay if canceller is not None else 0  # samples to drop, so that positions stay true
        self._wake_at = self.clean.cursor()
        self._voices = VoiceActivity(
            clean,
            voice,
            canceller=canceller,
            excess=self._excess,
            threshold=vad_threshold,
            gaps=self.gaps,
            gain_db=lambda: self.gain.db,
        )
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
        self._voices.want(wanted, alert=alert)

    def start(self) -> None:
        """Run in a thread until `stop`."""
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
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
        if self._wake is None or self._voices.busy:
            return 1
        frames = RESTING_FRAMES if self._wake.resting else 1
        return max(1, (frames * WAKE_FRAME - self.now % WAKE_FRAME) // FRAME_10MS)

    def process(self, timeout: float = 0.0, blocks: int = 1) -> bool:
        """Take `blocks` from the card if they are there within `timeout` seconds; return whether they were."""
        mic = self._mic.read(blocks * self._card.block, timeout)
        if mic is None:
            return False
        start = self._mic.position - len(mic)
        for first, end in self._card.gaps.since(self._done - 1):
            if first < self._mic.position:
                self._lose(max(first, self._done), min(end, self._mic.position))
        if start > self._done:  # late: silence in place of what was lost keeps the positions true
            gap = np.zeros(start - self._done, np.int16)
            self._lose(self._done, start)
            self._clean_up(gap, gap)
        self._done = self._mic.position
        if self._reference.position != start:
            self._reference.seek(start)
        reference = self._reference.read(len(mic), 0)
        if reference is None or self._reference.position != self._done:
            reference = np.zeros(len(mic), np.int16)
        self._clean_up(mic, reference)
        self._detect_echo(self.now - len(mic) * CLOCK_RATE // self._card.rate)
        self._detect_wake()
        self._detect_near_end()
        for event in self._voices.detect():
            self._emit(event)
        self._report_playout()
        if self.now >= self._next_tick:
            self._next_tick = self.now + TICK
            self._emit(Tick(self.now))
        return True

    def _lose(self, start: int, end: int) -> None:
        """Note that the card's frames from `start` to before `end` are missing.

        Where they are the same none is, but the loudspeaker started anew: its echo may come later or sooner.
        """
        if start == end:
            if self._canceller is not None:
                self._canceller.doubt()
            return
        first, last = self._card.clock(start), self._card.clock(end)
        self.gaps.add(first, last)
        self._emit(Missed(self.now, last - first))

    def _clean_up(self, mic: NDArray[np.int16], reference: NDArray[np.int16]) -> None:
        self._mic_rest = np.concatenate((self._mic_rest, self._mic_in.push(mic)))
        self._reference_rest = np.concatenate((self._reference_rest, self._reference_in.push(reference)))
        n = len(self._mic_rest) // FRAME_10MS * FRAME_10MS
        block, self._mic_rest = self._mic_rest[:n], self._mic_rest[n:]
        echo, self._reference_rest = self._reference_rest[:n], self._reference_rest[n:]
        if not n:
            return
        missing = self._missing(n)
        echoes: EchoKind = "none"
        if self._canceller is not None:
            heard = block.any()
            if self.gain.db != self._expected_db:
                self._expected_db = self.gain.db
                self._canceller.expect(self._expected_db)
            block = self._canceller.cancel(block, echo, missing)
            echoes = what_echoes(self._canceller)
            # Who speaks on after all began in what was taken for the device's own voice.
            self._excess.push(self._canceller.excess.tolist(), "unknown" if self._canceller.own else echoes)
            if self._excess.near_end:
                self._near_to = self._cleaned + n
            if not heard:  # an unplugged or muted microphone: all that is left is the echo expected in it
                block = np.zeros(n, np.int16)
        self._cleaned += n
        early = min(self._late, n)
        self._late -= early
        self.clean.write(self.gain.push(block[early:], alone=missing is None and echoes == "none"))
        if self._canceller is not None and self._canceller.revised is not None:
            self._revise(self._canceller.revised)

    def _revise(self, revised: Revised) -> None:
        """Listen again to what came while it was not known where the echo is."""
        end = self.now - revised.later
        clean = revised.clean[-min(len(revised.clean), end - self.clean.oldest) :]
        self.clean.rewrite(end - len(clean), self.gain.again(clean))
        self._excess.revise(revised.excess.tolist(), revised.own.tolist(), revised.later // FRAME_10MS)
        self._voices.hear_again(end - len(clean))

    def _missing(self, n: int) -> NDArray[np.bool_] | None:
        """Return which of the canceller's next frames are missing, `n` samples; None if none is."""
        at = self._cleaned
        if not self.gaps.touch(at, at + n):
            return None
        return np.array([self.gaps.touch(start, start + FRAME_10MS) for start in range(at, at + n, FRAME_10MS)])

    def _detect_echo(self, since: int) -> None:
        """Tell whether what was played may be heard in what the microphone heard since `since`."""
        canceller = self._canceller
        if canceller is None:
            return
        if canceller.helpless is not self._helpless:
            self._helpless = canceller.helpless
            self._emit(Helpless(self.now, self._helpless))
        kind: EchoKind = "none"
        if canceller.echoing:
            kind = "known" if canceller.converged else "unknown"
            self._echo_to = self.now
        elif self.now < self._echo_to + SETTLED:
            return
        if kind != self._echo:
            self._echo = kind
            self._emit(Echo(self.now, kind, self._echo_to if kind == "none" else max(0, since)))

    def _detect_wake(self) -> None:
        if self._wake is None:
            return
        self._wake.echo = "none" if self._canceller is None else what_echoes(self._canceller)
        self._wake.near = self.now < self._near_to + NEAR
        for hit in self._wake.push(self._wake_at.take(self._wake_at.lag)):
            self._amplify_wake_word()
            self._emit(Wake(self.now, hit.word, round(float(hit.score), 3)))

    def _amplify_wake_word(self) -> None:
        """Have the first wake word of all say how loud speech arrives, before anything is sent of what follows it."""
        start = self.now - WAKE_WORD
        if start < self.clean.oldest or self._echo != "none" or self.gaps.touch(start, self.now):
            return
        spoken = self.clean.empty(WAKE_WORD)
        self.clean.copy(start, spoken)
        amplified = self.gain.begin(spoken)
        if amplified is not None:
            self.clean.rewrite(start, amplified)

    def _detect_near_end(self) -> None:
        """Notice what may become a voice, long before it can be told."""
        canceller = self._canceller
        if canceller is None or not canceller.active or not canceller.converged or self._voices.speaking:
            self._near_end = False
            return
        near_end = self._excess.near_end
        if near_end and not self._near_end and self._voices.alert:
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
