"""The voice of espeak-ng, as a library."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import numpy as np

from device.local.tts.espeak_library import Job, library
from device.local.tts.level import CALIBRATION, gain_for, samples
from device.local.tts.plain import chunks
from device.local.tts.spoken import Spoken

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

SLOWEST: Final = 80
FASTEST: Final = 450
"""Words a minute that espeak-ng can do: `espeakRATE_MINIMUM` and `espeakRATE_MAXIMUM`."""
_PAUSE_S: Final = 0.18
"""Silence after a sentence; espeak-ng's own (0.34 s) makes the reply seem to go on."""


class EspeakVoice:
    """Speaks with an espeak-ng voice: a language or name with an optional variant, e.g. `en-gb`, `en-us+f3`.

    `rate` is that of the pieces, Hz. What is written is said in words of `language`; without one, numbers are said as
    espeak-ng does. Any number of these share the library. Raises `VoiceError`.
    """

    def __init__(self, voice: str = "en-gb", words_per_minute: int = 165, language: str = "") -> None:
        self._spoken = Spoken(language)
        self._library = library()
        self._voice = self._library.resolve(voice)
        self._words_per_minute = words_per_minute
        self.rate = self._library.rate
        self._pause = np.zeros(round(self.rate * _PAUSE_S), np.int16)
        spoken = np.concatenate([*self._synthesise(CALIBRATION, _possible(words_per_minute)), self._pause])
        self._gain = gain_for(spoken / 32768, self.rate)

    def warm_up(self) -> None:
        """Do nothing: to measure the voice's level, it has spoken already."""

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text` in pieces of about 40 ms, (n,) int16 mono at `rate`, about -20 dBFS.

        What cannot be spoken (emoji, markup) is left out. `speed` times the words a minute is kept within 80 and 450.
        The next piece may be asked for by another thread; closing stops the synthesis.
        """
        words_per_minute = _possible(self._words_per_minute * speed)
        for chunk in chunks(self._spoken.say(text)):
            with closing(self._synthesise(chunk, words_per_minute)) as pieces:
                for piece in pieces:
                    yield samples(piece * (self._gain / 32768))
            yield self._pause.copy()

    def _synthesise(self, text: str, words_per_minute: int) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text` at espeak-ng's own level; closing stops the synthesis."""
        job = Job(text.encode(), self._voice, words_per_minute)
        self._library.jobs.put(job)
        try:
            while (piece := job.pieces.get()) is not None:
                yield piece
        finally:
            job.stop()


def _possible(words_per_minute: float) -> int:
    return min(FASTEST, max(SLOWEST, round(words_per_minute)))
