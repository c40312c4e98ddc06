"""Kokoro-82M on onnxruntime, with the phonemes of the espeak-ng that is there: for a Pi 5 or better.

Kokoro (hexgrad, Apache-2.0) is of StyleTTS 2's kind. It was trained on the phonemes of the package misaki, which for
many words come from espeak-ng: a diphthong or affricate is one sign there. The model does not say how long its phonemes
are, so words are placed by their share of the sounds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import numpy as np
from msgspec import Meta

from device.listen.onnx import load
from device.local.tts.espeak_library import library
from device.local.tts.pieced import USUAL_WORDS_PER_MINUTE, Phrase, PiecedVoice
from device.local.tts.vits import Plan
from device.local.tts.words import sounds_of
from device.model_files.files import ModelError
from device.system import inputs

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from device.local.tts.clauses import Piece

RATE: Final = 24_000
"""Hz, of what the model makes."""
MODEL, VOCABULARY, FOLDER = "kokoro/kokoro-82m-int8.onnx", "kokoro/vocab.json", "kokoro/voices"
"""Names of its files in the manifest; a voice is NAME.bin of the folder."""
LANGUAGES: Final = {"a": "en-us", "b": "en-gb", "e": "es", "f": "fr-fr", "h": "hi", "i": "it", "p": "pt-br"}
"""What a voice speaks by the first letter of its name, as espeak-ng calls it."""
SLOWEST, FASTEST = 0.5, 2.0
"""Times the usual speed; what is beyond, the model mumbles."""
_LONGEST: Final = 510
"""Phonemes at a time, and rows of a voice: one for each number of them."""
_STYLE: Final = 256
_FIRST: Final = 45
"""Letters of the first piece: the model takes a quarter of real time here, and makes all of a piece before any."""
_SIGNS: Final = (
    *(("tʃ", "ʧ"), ("dʒ", "ʤ"), ("eɪ", "A"), ("aɪ", "I"), ("ɔɪ", "Y"), ("aʊ", "W"), ("oʊ", "O"), ("əʊ", "Q")),
    *(("ts", "ʦ"), ("dz", "ʣ"), ("g", "ɡ")),
)
"""What espeak-ng writes with two signs, and what Kokoro has one for."""
_ENGLISH: Final = (
    *(("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("oːɹ", "ɔɹ"), ("ɚ", "əɹ"), ("ɐ", "ə"), ("ʔ", "t"), ("əl", "ᵊl")),
    *(("n\u0329", "ᵊn"), ("l\u0329", "ᵊl"), ("x", "k"), ("r", "ɹ"), ("ʲ", "")),
)
"""… and of English, on both sides of the ocean."""
_AMERICAN: Final = (("ɾ", "T"), ("ː", ""))
_AUDIBLE: Final = 0.01
"""-40 dBFS: where speech begins and ends in what the model makes."""


class KokoroVoice(PiecedVoice):
    """Speaks with the voice whose styles are in the file `voice`. Raises `ModelError` and `VoiceError`."""

    def __init__(
        self, model: Path, vocabulary: Path, voice: Path, words_per_minute: int = 165, language: str = "en"
    ) -> None:
        super().__init__(RATE, language, _FIRST)
        self._numbers = _read_vocabulary(vocabulary)
        style = np.frombuffer(inputs.read(voice), np.uint8)
        code = LANGUAGES.get(voice.stem[:1], "")
        if style.size != 4 * _LONGEST * _STYLE or not code:
            raise ModelError(f"{voice} is no voice of Kokoro's that Parley can speak with")
        self._style = style.view(np.float32).reshape(_LONGEST, 1, _STYLE)
        self._library = library()
        self._espeak = self._library.resolve(code)
        english = _ENGLISH if code.startswith("en") else ()
        self._signs = (*_SIGNS, *english, *(_AMERICAN if code == "en-us" else ()))
        self._speed = words_per_minute / USUAL_WORDS_PER_MINUTE
        self._model = load(model)

    def _phrase(self, piece: Piece) -> Phrase:
        ids: list[int] = []
        words: list[tuple[int, int]] = []
        for n, clause in enumerate(piece.clauses):
            groups = self._library.phonemes(clause.text, self._espeak).split()
            spans = []
            for k, group in enumerate(groups, 1):
                start = len(ids)
                ids += self._ids(self._said(group))
                spans.append((start, len(ids)))
                ids += self._ids(" " if k < len(groups) else "")
            if groups:
                last = n + 1 == len(piece.clauses)
                ids += self._ids(clause.mark or "," if last else f"{clause.mark} ")
            here = sounds_of(clause.text.split(), groups)
            words += [(spans[a][0], spans[b - 1][1]) if a < b else (len(ids), len(ids)) for a, b in here]
        return Phrase(ids, words)

    def _said(self, sounds: str) -> str:
        for written, sign in self._signs:
            sounds = sounds.replace(written, sign)
        return sounds

    def _ids(self, sounds: str) -> list[int]:
        return [self._numbers[sound] for sound in sounds if sound in self._numbers]

    def _plan(self, phrase: Phrase, speed: float) -> Plan:
        rate = min(FASTEST, max(SLOWEST, speed * self._speed))
        runs = [phrase.ids[start : start + _LONGEST] for start in range(0, len(phrase.ids), _LONGEST)]
        said = [self._say(ids, rate) for ids in runs]
        lengths = np.concatenate([_lengths(sound, len(ids)) for sound, ids in zip(said, runs, strict=True)])
        whole = np.concatenate(said)
        return Plan(lengths, lambda start, end: whole[start:end], len(whole), 0)

    def _say(self, ids: list[int], speed: float) -> NDArray[np.float32]:
        fed = {
            "tokens": np.array([[0, *ids, 0]], np.int64),
            "style": self._style[len(ids) - 1],
            "speed": np.array([speed], np.float32),
        }
        found: NDArray[np.float32] = self._model.run(None, fed)[0].reshape(-1)
        return found


def _lengths(sound: NDArray[np.float32], count: int) -> NDArray[np.float64]:
    """Return how long each of so many phonemes is, in samples, if all of them are alike and share what is audible."""
    loud = np.flatnonzero(np.abs(sound) > _AUDIBLE)
    start, end = (int(loud[0]), int(loud[-1]) + 1) if len(loud) else (0, len(sound))
    lengths = np.full(count, (end - start) / count)
    lengths[0] += start
    lengths[-1] += len(sound) - end
    return lengths


class _Vocabulary(msgspec.Struct, frozen=True):
    vocab: dict[str, Annotated[int, Meta(ge=0)]]


def _read_vocabulary(path: Path) -> dict[str, int]:
    try:
        return msgspec.json.decode(inputs.read(path), type=_Vocabulary).vocab
    except (OSError, msgspec.MsgspecError, RecursionError) as error:
        raise ModelError(f"{path} is not Kokoro's vocabulary: {error}") from error
