"""Voices in the clean ring: where each begins, goes on and ends, as events; while all is echo, the detector rests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from msgspec.structs import replace

from device.audio.gaps import Gaps
from device.audio.measure import NOTHING_DBFS, dbfs
from device.conversation.events import Mistaken, Voice, VoiceEnd, VoiceStart
from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.listen.near_end import MOST_UNSURE, what_echoes
from device.sample_clock import samples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from device.audio.ring import RingBuffer
    from device.listen.near_end import Canceller, Excess

SILENCE_MS = 240
"""Silence that ends a voice for barge-in; the end of a turn is decided elsewhere. Shorter, the closures and pauses
within a phrase end it; longer, a reply that was ducked for a cough comes back later."""
ALERT_MS = 32
"""Voice that makes an onset over a reply: a single frame, because a mistake only lowers the reply for a moment."""
CATCH_UP_FRAMES = 8
"""What the voice detector hears of the past, 256 ms, when something exceeds the echo after it has rested."""
UNSURE_FRAMES = MOST_UNSURE // FRAME
"""For how long a voice goes on that speaks, though it cannot be told from the echo any more."""
NOTICED = samples(250)
"""By then a voice has been noticed that had begun: three frames of it are needed, a third of which may be soft."""
LOOK_BACK = samples(1600)
"""How much of the past the voice detector hears when it is woken: the wake word and what came before its detection."""


class VoiceDetector(Protocol):
    """Tells how likely a frame is voice."""

    def probability(self, block: NDArray[np.int16]) -> float:
        """Return 0 to 1 for `(512,) int16, 16 kHz mono`."""

    def reset(self) -> None:
        """Forget the past."""


class VoiceActivity:
    """Follows voices in `clean`, `(n,) int16, 16 kHz mono`, frame by frame of 32 ms, while they are wanted.

    `canceller` tells whether there may be an echo, and `excess` where something exceeds it; in `gaps`, where `clean` is
    missing, time stands still. A frame is voice from the probability `threshold` on, between 0 and 1; raises ValueError
    for another one. By `gain_db` the microphone is amplified at the moment; voices are compared by how loud they
    arrive.
    """

    def __init__(
        self,
        clean: RingBuffer,
        detector: VoiceDetector,
        *,
        canceller: Canceller | None,
        excess: Excess,
        threshold: float,
        gaps: Gaps | None = None,
        gain_db: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._clean = clean
        self._gain_db = gain_db
        self._cursor = clean.cursor()
        self._detector = detector
        self._canceller = canceller
        self._excess = excess
        calm = EndpointSettings(threshold=threshold, silence_ms=SILENCE_MS)
        self._calm, self._alert = calm, replace(calm, min_voice_ms=ALERT_MS)
        self._endpoint = Endpointer(calm)
        self._peak_db = NOTHING_DBFS  # of the voice's loudest frame
        self._wanted = False
        self._on = False
        self._until = 0  # when to rest, once it is not wanted any more
        self._gaps = gaps or Gaps()
        self._rested = 0  # frames that the detector did not hear
        self._moves = 0  # of the echo, up to the last frame
        self._again: int | None = None  # from where on to listen once more
        self._unsure = 0  # frames in a row in which a voice that speaks could not be told from the echo

    def want(self, wanted: bool, *, alert: bool = False) -> None:  # noqa: FBT001 - a switch
        """Detect voices or rest, from the next `detect` on; when woken, the last second is listened to as well.

        Before it rests, a voice that began already is noticed. When `alert`, a single frame of voice is an onset.
        """
        if self._wanted and not wanted:
            self._until = self._clean.position + (0 if self.speaking else NOTICED)
        self._wanted = wanted
        self._endpoint.settings = self._alert if alert else self._calm

    def hear_again(self, start: int) -> None:
        """Listen again from about `start` on, with the next `detect`: what is in `clean` was made better."""
        self._again = start

    @property
    def busy(self) -> bool:
        """Whether voices are wanted, or were until now."""
        return self._on or self._wanted

    @property
    def alert(self) -> bool:
        """Whether a single frame of voice is an onset."""
        return self._endpoint.settings is self._alert

    @property
    def speaking(self) -> bool:
        """Whether somebody speaks."""
        return self._endpoint.speaking

    def detect(self) -> Iterator[VoiceStart | Voice | VoiceEnd | Mistaken]:
        """Yield what whole frames that are new in the ring make of the voices."""
        wanted = self._wanted or self._clean.position < self._until
        if wanted != self._on:
            self._on = wanted
            if not self._on:
                return
            self._cursor.seek(max(self._cursor.position, self._clean.position - LOOK_BACK))
            self._detector.reset()
            self._rested = 0
            self._endpoint.reset(self._cursor.position)
        again, self._again = self._again, None
        if self._on and again is not None and (mistaken := self._go_back(again)) is not None:
            yield mistaken
        while self._on and self._cursor.lag >= FRAME:
            event = self._take(self._cursor.take(FRAME))
            # Of a voice in the past it matters only what has become of it since.
            if event is not None and not (isinstance(event, Voice) and self._cursor.lag >= FRAME):
                yield event

    def _go_back(self, start: int) -> Mistaken | None:
        """Go back to the frame that `start` is in: what was found since is void, and who began before speaks on."""
        moves = 0 if self._canceller is None else self._canceller.moves
        onset = self._endpoint.onset
        if onset is not None and onset < start and moves == self._moves:
            return None
        self._moves = moves
        back = -(-max(0, self._cursor.position - start) // FRAME) * FRAME
        self._cursor.seek(max(self._cursor.position - back, self._clean.oldest))
        self._endpoint.reset(self._cursor.position)
        self._detector.reset()
        self._rested, self._unsure, self._peak_db = CATCH_UP_FRAMES, 0, NOTHING_DBFS
        return None if onset is None else Mistaken(self._clean.position, onset)

    def _take(self, frame: NDArray[np.int16]) -> VoiceStart | Voice | VoiceEnd | Mistaken | None:
        endpoint, now = self._endpoint, self._cursor.position
        moves, self._moves = self._moves, 0 if self._canceller is None else self._canceller.moves
        if moves != self._moves and endpoint.onset is not None:
            onset = endpoint.onset
            endpoint.reset(self._cursor.position)
            self._detector.reset()
            return Mistaken(now, onset)
        if self._unknown():
            endpoint.skip(FRAME)
            return None
        probability = self._probability(frame)
        if probability >= endpoint.settings.threshold:
            self._peak_db = max(self._peak_db, dbfs(frame) - self._gain_db())
        elif not endpoint.speaking:
            self._peak_db = NOTHING_DBFS
        found = endpoint.push(probability)
        if isinstance(found, Onset):
            return VoiceStart(now, found.position, self._excess.start(found.position))
        if isinstance(found, Offset):
            peak_db, self._peak_db = self._peak_db, NOTHING_DBFS
            return VoiceEnd(
                now, found.onset, found.end, round(found.voiced_ms), peak_db, self._excess.near_ms(found.onset)
            )
        if endpoint.onset is not None:
            voiced_ms, silence_ms = round(endpoint.voiced_ms), round(endpoint.silence_ms)
            near_ms = self._excess.near_ms(endpoint.onset)
            return Voice(now, endpoint.onset, voiced_ms, silence_ms, self._peak_db, near_ms)
        return None

    def _unknown(self) -> bool:
        """Return whether nothing is known of the frame that ends at the cursor, not even that it is silence."""
        end = self._cursor.position
        if self._gaps.touch(end - FRAME, end):
            return True
        unsure = self._endpoint.speaking and self._canceller is not None and what_echoes(self._canceller) == "unknown"
        self._unsure = self._unsure + 1 if unsure else 0
        return 0 < self._unsure <= UNSURE_FRAMES

    def _probability(self, frame: NDArray[np.int16]) -> float:
        """Return how likely somebody speaks in `frame`, the one that ends at the cursor.

        While all that is heard is the echo, the model rests.
        """
        if not self._is_echo():
            self._catch_up()
            return self._detector.probability(frame)
        self._rested += 1
        return 0.0

    def _is_echo(self) -> bool:
        """Return whether the frame that ends at the cursor holds nothing but what is left of the echo."""
        end = self._cursor.position
        echo = "none" if self._canceller is None else what_echoes(self._canceller)
        # Until the echo path is learnt, what is left of the echo sounds like somebody speaking.
        if echo != "known":
            return echo == "unknown"
        return not (self._excess.is_onset(end - FRAME, end) or self._endpoint.speaking)

    def _catch_up(self) -> None:
        """Let the detector hear, after a rest, what came just before the frame that ends at the cursor."""
        if not self._rested:
            return
        if self._rested > CATCH_UP_FRAMES:
            self._detector.reset()
        at = self._cursor.position
        missed = min(self._rested, CATCH_UP_FRAMES)
        self._rested = 0
        self._cursor.seek(at - (missed + 1) * FRAME)
        for _ in range(missed):
            self._detector.probability(self._cursor.take(FRAME))
        self._cursor.seek(at)
