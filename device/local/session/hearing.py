"""The input audio buffer of a session: what was appended, at the recogniser's rate, and where somebody speaks in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from device.audio.resample import Resampler
from device.listen.endpointer import FRAME, Endpointer, EndpointSettings, Offset, Onset
from device.local.session.coding import RATES, decode
from device.sample_clock import CLOCK_RATE, samples

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from device.local.session.config import Detection
    from device.local.stages import Vad

PAUSE_MS: Final = 160
"""Silence after which the end of the turn is likely enough to speculate on it.

Five frames of the VAD. Shorter, and the recogniser would begin in gaps between words, for nothing; longer, and less of
the 500 ms that end a turn would be left to it.
"""
MAX_UNCOMMITTED: Final = 600 * CLOCK_RATE
"""Samples of uncommitted audio that are kept, 19 MB; older ones are forgotten."""
MAX_IDLE: Final = 30 * CLOCK_RATE
"""The same while server VAD hears nobody, 1 MB: as far as a prefix padding or an idle timeout reaches back at most."""
RELATIVE_SILENCE: Final = 10**-3.5
"""Of the energy of the strongest frame: a frame of speech 35 dB weaker is silence, whatever the VAD says.

Silero goes on for 50 to 100 ms after the last sound, which the user would wait: with this, the median from the end of
speech to the first audio was 536 ms and not 600. In a noisy room it never applies.
"""
BATCH: Final = 16
"""Frames a trip to the worker thread, when a client appends much at once: half a second, so that others get a turn."""
SAMPLE_BYTES: Final = 2
"""Of int16."""


class Paused(Struct, frozen=True):
    """Speech that began at `start`, padding included, has paused, perhaps for good."""

    start: int
    at: int


class Resumed(Struct, frozen=True):
    """Speech goes on after a pause."""


class EndpointDue(Struct, frozen=True):
    """The silence of a pause is nearly as long as the shortest that ends a turn.

    `Hearing.end_after` takes how long it must be; until then the longest counts.
    """


HeardEvent: TypeAlias = Onset | Paused | EndpointDue | Resumed | Offset


def ms(position: int) -> int:
    """Return a position in milliseconds of audio appended."""
    return position * 1000 // CLOCK_RATE


class Hearing:
    """What a session has heard and not committed. Positions are samples at 16 kHz of all audio appended.

    `detect` runs the VAD over frames, away from the event loop.
    """

    def __init__(self, vad: Vad, detect: Callable[[Vad, Sequence[NDArray[np.int16]]], Awaitable[list[float]]]) -> None:
        self._vad = vad
        self._detect = detect
        self._endpointer: Endpointer | None = None
        self._speech = 0
        self._strongest = 0.0
        self._paused = False
        self._asked = False
        """`EndpointDue` was told of in this pause."""
        self._shortest: int | None = None
        """Samples of silence before which no turn ends; None if all end after the same."""
        self._settings = EndpointSettings()
        self._scanned = 0
        self._tape = bytearray()
        self.start = 0
        """Where the uncommitted audio begins."""
        self._kind = "audio/pcm"
        self._resampler = Resampler(RATES[self._kind], CLOCK_RATE)

    @property
    def end(self) -> int:
        """Where the audio ends."""
        return self.start + len(self._tape) // SAMPLE_BYTES

    @property
    def speaking(self) -> bool:
        """True while server VAD hears somebody."""
        return self._endpointer is not None and self._endpointer.speaking

    def configure(self, kind: str, detection: Detection | None) -> None:
        """Take this coding and turn detection from now on."""
        if kind != self._kind:
            self._flush()
            self._kind = kind
            self._resampler = Resampler(RATES[kind], CLOCK_RATE)
        if detection is None:
            self._endpointer = None
            return
        delays = detection.delays
        self._shortest = samples(delays.sure) if delays else None
        self._settings = EndpointSettings(
            threshold=min(max(detection.threshold, 0.01), 0.99),
            silence_ms=delays.incomplete if delays else detection.silence_ms,
            prefix_padding_ms=detection.prefix_padding_ms,
        )
        if self._endpointer:
            self._endpointer.settings = self._settings
        else:
            self._endpointer = Endpointer(self._settings)
            self._restart()

    async def append(self, data: bytes) -> AsyncGenerator[HeardEvent, None]:
        """Take audio as it came over the wire, and yield what happens in it. Raises ValueError for half a sample."""
        self._tape += self._resampler.push(decode(self._kind, data)).tobytes()
        while (endpointer := self._endpointer) and self.end - self._scanned >= FRAME:
            frames = self._frames()
            for frame, probability in zip(frames, await self._detect(self._vad, frames), strict=True):
                self._scanned += FRAME
                voice = 0.0 if self._faded(endpointer, frame, probability) else probability
                for event in self._events(endpointer, voice):
                    yield event
        self._forget()

    def end_after(self, silence_ms: int) -> None:
        """Let the present silence end the turn once it is so long; for after an `EndpointDue`."""
        if self._endpointer:
            self._endpointer.settings = replace(self._settings, silence_ms=silence_ms)

    def take(self, start: int, end: int) -> NDArray[np.int16]:
        """Return the audio between two positions, less what was forgotten: (n,) int16, 16 kHz mono."""
        first, last = (max(position - self.start, 0) * SAMPLE_BYTES for position in (start, end))
        return np.frombuffer(bytes(self._tape[first:last]), np.int16)

    def uncommitted(self) -> NDArray[np.int16]:
        """Return all uncommitted audio, to its very end: (n,) int16, 16 kHz mono."""
        self._flush()
        return self.take(self.start, self.end)

    def drop(self, before: int) -> None:
        """Forget the audio before a position."""
        gone = min(max(before, self.start), self.end) - self.start
        del self._tape[: gone * SAMPLE_BYTES]
        self.start += gone

    def clear(self) -> None:
        """Forget everything, speech that has not ended too."""
        self._flush()
        self.drop(self.end)
        self._restart()

    def _frames(self) -> list[NDArray[np.int16]]:
        count = min((self.end - self._scanned) // FRAME, BATCH)
        return list(self.take(self._scanned, self._scanned + count * FRAME).reshape(count, FRAME))

    def _faded(self, endpointer: Endpointer, frame: NDArray[np.int16], probability: float) -> bool:
        """Tell whether a frame is too weak for the speech that it follows."""
        if not endpointer.speaking and probability < endpointer.settings.threshold:
            self._strongest = 0.0
        energy = float(np.mean(np.square(frame, dtype=np.float32)))
        if probability >= endpointer.settings.threshold:
            self._strongest = max(self._strongest, energy)
        return energy < RELATIVE_SILENCE * self._strongest

    def _events(self, endpointer: Endpointer, probability: float) -> Iterator[HeardEvent]:
        event = endpointer.push(probability)
        if isinstance(event, Onset):
            self._speech = event.start
        if event:
            self._end_pause(endpointer)
            yield event
        elif self._paused and not endpointer.silence_ms:
            self._end_pause(endpointer)
            yield Resumed()
        elif not self._paused and endpointer.silence_ms >= PAUSE_MS:
            self._paused = True
            yield Paused(self._speech, endpointer.position)
        if self._paused and not self._asked and self._due(endpointer):
            self._asked = True
            yield EndpointDue()

    def _due(self, endpointer: Endpointer) -> bool:
        """Tell whether the turn could end with the next frame."""
        return self._shortest is not None and samples(endpointer.silence_ms) + FRAME >= self._shortest

    def _end_pause(self, endpointer: Endpointer) -> None:
        self._paused = self._asked = False
        endpointer.settings = self._settings

    def _restart(self) -> None:
        """Let the VAD begin anew after all that is known."""
        self._scanned = self.end
        self._vad.reset()
        if self._endpointer:
            self._end_pause(self._endpointer)
            self._endpointer.reset(self.end)

    def _flush(self) -> None:
        """Get what the resampler holds back."""
        self._tape += self._resampler.flush().tobytes()

    def _forget(self) -> None:
        kept = MAX_UNCOMMITTED
        if self._endpointer and not self._endpointer.speaking:
            kept = max(MAX_IDLE, samples(self._endpointer.settings.prefix_padding_ms))
        self.drop(min(self.end - kept, self._scanned if self._endpointer else self.end))
