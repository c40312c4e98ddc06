"""A Piper voice on bare onnxruntime, with the phonemes of the espeak-ng that is there."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from device.local.tts.espeak_library import library
from device.local.tts.pieced import USUAL_WORDS_PER_MINUTE, Phrase, PiecedVoice
from device.local.tts.piper_config import BEGIN, BETWEEN, END, read_config
from device.local.tts.vits import Vits
from device.local.tts.words import sounds_of
from device.model_files.files import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from device.local.tts.clauses import Clause, Piece
    from device.local.tts.vits import Plan

SLOWEST, FASTEST = 0.25, 4.0
"""Of the usual speed: what a client may ask for (`audio.output.speed`) at least, and never nothing."""
_NEWER: Final = ("oːɹ", "ɔːɹ")
"""What espeak-ng 1.51 has for the vowel of "more", and what it has had since, on which English voices were trained."""


class PiperVoice(PiecedVoice):
    """Speaks with the voice at `model`, an .onnx file with its .onnx.json beside it, at `rate` Hz.

    Raises `ModelError` and, of espeak-ng, `VoiceError`.
    """

    def __init__(
        self, model: Path, description: Path, speaker: int = 0, words_per_minute: int = 165, language: str = "en"
    ) -> None:
        self._config = config = read_config(description)
        super().__init__(config.audio.sample_rate, language)
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

    def _plan(self, phrase: Phrase, speed: float) -> Plan:
        how = self._config.inference
        slowness = self._slowness / min(FASTEST, max(SLOWEST, speed))
        return self._model.plan(phrase.ids, (how.noise_scale, slowness, how.noise_w), self._speaker)

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
