"""Where speech begins and ends, from the probabilities of voice of a stream of frames.

Pure: no audio and no clock, so the device's capture thread and the local engine's server VAD share it.
"""

from __future__ import annotations

from msgspec import Struct

from device.sample_clock import CLOCK_RATE, samples

FRAME = 512
"""Samples at 16 kHz that one probability is about: 32 ms."""
HYSTERESIS = 0.15
"""How far below the threshold the probability must fall to count as silence; the value Silero's own iterator uses."""
LOWEST = 0.01
"""The least probability that can keep speech going, however low the threshold."""
GAP_MS = 64
"""Silence that ends a burst of voice which is still too short to be speech: longer than the closure of a plosive."""


class EndpointSettings(Struct, frozen=True, kw_only=True):
    """What counts as speech. Raises ValueError for a value out of range."""

    threshold: float = 0.5
    """Probability from which a frame is voice, between 0 and 1."""
    min_voice_ms: float = 64
    """Voice that makes an onset; less is a click or a cough."""
    silence_ms: float = 500
    """Silence that makes an offset."""
    prefix_padding_ms: float = 300
    """Audio before the onset that belongs to the speech, so that soft first sounds are not lost."""

    def __post_init__(self) -> None:
        if not 0 < self.threshold < 1:
            raise ValueError(f"threshold must lie between 0 and 1, not be {self.threshold}")
        for name in ("min_voice_ms", "silence_ms", "prefix_padding_ms"):
            if not 0 <= getattr(self, name) < float("inf"):
                raise ValueError(f"{name} must be 0 or more milliseconds, not {getattr(self, name)}")

    @property
    def off_threshold(self) -> float:
        """Probability below which a frame of speech is silence."""
        return max(self.threshold - HYSTERESIS, min(LOWEST, self.threshold))


class Onset(Struct, frozen=True):
    """Speech began. Positions are samples at 16 kHz."""

    position: int
    """Start of the first frame of voice."""
    start: int
    """`position` less the prefix padding; never before the end of what an earlier `Offset` took, or of a reset."""
    at: int
    """Where it was noticed."""


class Offset(Struct, frozen=True):
    """Speech ended. Positions are samples at 16 kHz."""

    onset: int
    """`Onset.position` of this speech."""
    start: int
    """`Onset.start` of this speech."""
    end: int
    """End of its last frame of voice."""
    at: int
    """Where the silence was long enough."""
    voiced_ms: float
    """Milliseconds of its frames of voice, pauses not counted."""


class Endpointer:
    """Finds onsets and offsets in turn.

    `settings` may be replaced at any time and holds from the next frame on.

    >>> endpointer = Endpointer(EndpointSettings(min_voice_ms=32, silence_ms=64, prefix_padding_ms=0))
    >>> [type(e).__name__ for p in (0.1, 0.9, 0.9, 0.1, 0.1) if (e := endpointer.push(p))]
    ['Onset', 'Offset']
    """

    def __init__(self, settings: EndpointSettings | None = None, *, at: int = 0) -> None:
        self.settings = settings or EndpointSettings()
        self.reset(at)

    def reset(self, at: int = 0) -> None:
        """Forget all speech; the next frame starts at position `at`."""
        self._position = self._floor = self._onset = self._start = self._end = at
        self._voiced = 0
        self._voice = False
        self._speaking = False

    @property
    def position(self) -> int:
        """End of the last frame pushed, samples."""
        return self._position

    @property
    def speaking(self) -> bool:
        """True from an `Onset` to its `Offset`."""
        return self._speaking

    @property
    def onset(self) -> int | None:
        """Start of the first frame of voice of the present speech, or None while nobody speaks."""
        return self._onset if self._speaking else None

    @property
    def voiced_ms(self) -> float:
        """Milliseconds of voice in the present speech, pauses not counted; 0 while nobody speaks."""
        return _ms(self._voiced) if self._speaking else 0.0

    @property
    def silence_ms(self) -> float:
        """Milliseconds since the last frame of voice of the present speech; 0 while nobody speaks."""
        return _ms(self._position - self._end) if self._speaking else 0.0

    def push(self, probability: float) -> Onset | Offset | None:
        """Take the probability of voice of the next frame; return what it decided, if anything."""
        settings = self.settings
        start = self._position
        self._position = start + FRAME
        self._voice = probability >= (settings.off_threshold if self._voice else settings.threshold)
        if self._voice:
            if not self._voiced:
                self._onset = start
            self._voiced += FRAME
            self._end = self._position
        silence = self._position - self._end
        if self._speaking:
            return self._finish() if silence and silence >= samples(settings.silence_ms) else None
        if silence >= samples(GAP_MS):
            self._voiced = 0
        return self._begin() if self._voice and self._voiced >= samples(settings.min_voice_ms) else None

    def skip(self, length: int) -> None:
        """Let `length` samples pass of which nothing is known: neither voice nor silence."""
        self._position += length
        self._end += length

    def _begin(self) -> Onset:
        self._speaking = True
        self._start = max(self._floor, self._onset - samples(self.settings.prefix_padding_ms))
        return Onset(self._onset, self._start, self._position)

    def _finish(self) -> Offset:
        offset = Offset(self._onset, self._start, self._end, self._position, _ms(self._voiced))
        self.reset(self._position)
        return offset


def _ms(length: int) -> float:
    return length * 1000 / CLOCK_RATE
