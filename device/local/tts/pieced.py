"""What voices have in common that plan a piece of speech at once: words, times, edges and loudness."""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from device.local.stages import Word
from device.local.tts.clauses import FIRST, Piece, pieces
from device.local.tts.edges import Edges
from device.local.tts.level import CALIBRATION, gain_for, samples
from device.local.tts.spoken import Spoken
from device.local.tts.words import spoken_as

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from device.local.tts.vits import Plan

USUAL_WORDS_PER_MINUTE: Final = 165
"""At which a voice speaks as it was trained: the default of `local.words_per_minute`."""


class Phrase(Struct, frozen=True):
    """A piece as the model is to say it."""

    ids: list[int]
    words: list[tuple[int, int]]
    """For each word of the piece which of the ids are its sounds, as (from, to)."""


class PiecedVoice(ABC):
    """A voice at `rate` Hz that says what is written in `language`; the first piece of a text has `first` letters."""

    def __init__(self, rate: int, language: str, first: int = FIRST) -> None:
        self.rate = rate
        self._first = first
        self._spoken = Spoken(language)
        self._gain = 0.0
        self._measuring = threading.Lock()

    @abstractmethod
    def _phrase(self, piece: Piece) -> Phrase:
        """Return a piece's phonemes by their numbers; none if nothing of it can be said."""

    @abstractmethod
    def _plan(self, phrase: Phrase, speed: float) -> Plan:
        """Plan how it is said, at so many times the usual speed."""

    def warm_up(self) -> None:
        """Speak once, to find out how loud the voice is."""
        with self._measuring:
            if not self._gain:
                said = [self._plan(self._phrase(piece), 1.0) for piece in pieces(CALIBRATION)]
                self._gain = gain_for(np.concatenate([block for plan in said for block in plan.blocks()]), self.rate)

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16] | tuple[Word, ...], None, None]:
        """Yield the speech for `text`, (n,) int16 mono at `rate`, about -20 dBFS, and the times of its words.

        The times are in the speech of this text, and come before the sound of it. Closing stops it within a block.
        """
        self.warm_up()
        spoken = list(pieces(self._spoken.say(text), self._first))
        written = _Written(text, [word for piece in spoken for word in piece.words])
        elapsed = 0  # samples of speech so far
        for piece in spoken:
            phrase = self._phrase(piece)
            if not phrase.ids:
                written.take(len(piece.words), [])
                continue
            plan = self._plan(phrase, speed)
            edges = Edges(self.rate, ends=piece.ends)
            times: list[tuple[float, float]] | None = None
            for sound in edges.trimmed(block * self._gain for block in plan.blocks()):
                if times is None:
                    times = self._times(phrase, plan, elapsed - edges.dropped)
                    if words := written.take(len(piece.words), times):
                        yield words
                elapsed += len(sound)
                yield samples(sound)

    def _times(self, phrase: Phrase, plan: Plan, start: int) -> list[tuple[float, float]]:
        """Return when each word begins and ends, in ms, where the plan's sound would begin at sample `start`."""
        ends = np.concatenate(([0.0], np.cumsum(plan.lengths))) * plan.hop
        return [
            ((start + float(ends[first])) * 1000 / self.rate, (start + float(ends[last])) * 1000 / self.rate)
            for first, last in phrase.words
        ]


class _Written:
    """The words of a text as they are written, handed out as the spoken ones they are come by."""

    def __init__(self, text: str, spoken: list[str]) -> None:
        self._words = list(zip(text.split(), spoken_as(text.split(), spoken), strict=True))
        self._taken = 0
        self._given = 0

    def take(self, count: int, times: list[tuple[float, float]]) -> tuple[Word, ...]:
        """Return the written words that begin with one of the next `count` spoken ones, of which `times` are known."""
        first, self._taken = self._taken, self._taken + count
        found = []
        while self._given < len(self._words):
            word, (start, end) = self._words[self._given]
            if start >= self._taken:
                break
            self._given += 1
            if times and start < end:
                found.append(Word(word, times[start - first][0], times[min(end, self._taken) - 1 - first][1]))
        return tuple(found)
