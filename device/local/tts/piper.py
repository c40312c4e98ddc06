"""A Piper voice on bare onnxruntime, with the phonemes of the espeak-ng that is there."""

from __future__ import annotations

import threading
import unicodedata
from typing import TYPE_CHECKING, Final

import numpy as np
from msgspec import Struct

from device.local.stages import Word
from device.local.tts.clauses import Clause, Piece, pieces
from device.local.tts.edges import Edges
from device.local.tts.espeak_library import library
from device.local.tts.level import CALIBRATION, gain_for, samples
from device.local.tts.piper_config import BEGIN, BETWEEN, END, read_config
from device.local.tts.spoken import Spoken
from device.local.tts.vits import Vits
from device.local.tts.words import sounds_of, spoken_as
from device.model_files.files import ModelError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from numpy.typing import NDArray

    from device.local.tts.vits import Plan

SLOWEST, FASTEST = 0.25, 4.0
"""Of the usual speed: what a client may ask for (`audio.output.speed`) at least, and never nothing."""
USUAL_WORDS_PER_MINUTE: Final = 165
"""At which the voice speaks as it was trained: the default of `local.words_per_minute`."""
_NEWER: Final = ("oːɹ", "ɔːɹ")
"""What espeak-ng 1.51 has for the vowel of "more", and what it has had since, on which English voices were trained."""


class Phrase(Struct, frozen=True):
    """A piece as the model is to say it."""

    ids: list[int]
    words: list[tuple[int, int]]
    """For each word of the piece which of the ids are its sounds, as (from, to)."""


class PiperVoice:
    """Speaks with the voice at `model`, an .onnx file with its .onnx.json beside it, at `rate` Hz.

    Raises `ModelError` and, of espeak-ng, `VoiceError`.
    """

    def __init__(
        self, model: Path, description: Path, speaker: int = 0, words_per_minute: int = 165, language: str = "en"
    ) -> None:
        self._config = config = read_config(description)
        self.rate = config.audio.sample_rate
        if config.phoneme_type == "espeak":
            self._library = library()
            self._espeak = self._library.resolve(config.espeak.voice)
            self._english = config.espeak.voice.startswith("en")
        if speaker >= max(1, config.num_speakers):
            raise ModelError(f"piper.speaker: the voice has {config.num_speakers} speakers, counted from 0: {speaker}")
        self._model = Vits(model)
        wants = "sid" in self._model.inputs
        if not {"input", "input_lengths", "scales"} <= self._model.inputs or wants != (config.num_speakers > 1):
            raise ModelError(f"{model} is no Piper voice, or not the one that {description} describes")
        self._speaker = speaker if wants else None
        self._slowness = config.inference.length_scale * USUAL_WORDS_PER_MINUTE / words_per_minute
        self._spoken = Spoken(language)
        self._gain = 0.0
        self._measuring = threading.Lock()

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
        spoken = list(pieces(self._spoken.say(text)))
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

    def _plan(self, phrase: Phrase, speed: float) -> Plan:
        how = self._config.inference
        slowness = self._slowness / min(FASTEST, max(SLOWEST, speed))
        return self._model.plan(phrase.ids, (how.noise_scale, slowness, how.noise_w), self._speaker)

    def _times(self, phrase: Phrase, plan: Plan, start: int) -> list[tuple[float, float]]:
        """Return when each word begins and ends, in ms, where the plan's sound would begin at sample `start`."""
        ends = np.concatenate(([0.0], np.cumsum(plan.lengths))) * plan.hop
        return [
            ((start + float(ends[first])) * 1000 / self.rate, (start + float(ends[last])) * 1000 / self.rate)
            for first, last in phrase.words
        ]

    def _phrase(self, piece: Piece) -> Phrase:
        """Return a piece's phonemes by their numbers; none if nothing of it can be said."""
        of, between = self._config.phoneme_id_map, self._config.phoneme_id_map[BETWEEN]
        ids, words = [*of[BEGIN], *between], []
        silent = len(ids)
        for n, clause in enumerate(piece.clauses):
            groups = self._sounds(clause).split()
            spans = []
            for k, group in enumerate(groups, 1):
                start = len(ids)
                ids += self._numbers(group)
                # Without what stands after the last sound: before a mark that is silence.
                spans.append((start, max(start, len(ids) - len(between))))
                if k < len(groups):
                    ids += self._numbers(" ")
            if groups:
                last = n + 1 == len(piece.clauses)
                ids += self._numbers(clause.mark or "," if last else f"{clause.mark} ")
            here = sounds_of(clause.text.split(), groups)
            words += [(spans[a][0], spans[b - 1][1]) if a < b else (len(ids), len(ids)) for a, b in here]
        return Phrase([*ids, *of[END]] if len(ids) > silent else [], words)

    def _numbers(self, sounds: str) -> list[int]:
        """Return the numbers of some sounds and marks, of those that the voice knows."""
        of = self._config.phoneme_id_map
        return [number for sound in sounds if sound in of for number in (*of[sound], *of[BETWEEN])]

    def _sounds(self, clause: Clause) -> str:
        if self._config.phoneme_type == "text":
            return unicodedata.normalize("NFD", clause.text.casefold())
        sounds = self._library.phonemes(clause.text, self._espeak)
        return unicodedata.normalize("NFD", sounds.replace(*_NEWER) if self._english else sounds)


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
