"""Whisper base on CTranslate2: some 90 languages, and which of them is spoken.

Whisper (Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022, arXiv:2212.04356) was
trained on windows of 30 s. One of 8 s, which most requests fit into, takes a quarter of the time; now and then it loops
or leaves out then, so what is doubtful is heard again in a window of 30 s. API of ctranslate2 4.8.
"""

from __future__ import annotations

import logging
import zlib
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from msgspec import Struct

from device.listen import framing
from device.local.end_of_turn.mel import HOP, log_mel
from device.model_files.files import ModelError, find
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from numpy.typing import NDArray

    from device.local.stages import Doubt
    from device.settings.local import WhisperSettings

log = logging.getLogger(__name__)

FILES: Final = ("config.json", "vocabulary.txt", "model.bin")
NAME: Final = "whisper-base"
"""What clients are told of it."""
_WINDOWS_S: Final = (8, 30)
_TOKENS_A_SECOND: Final = 10
"""What speech needs at most, in the languages that are cut into more pieces; more is a loop."""
_DOUBTFUL, _UNLIKELY = -0.8, -1.1
"""Mean log probability of the tokens below which it is heard again, and below which they are guesses; the second is
about that of Whisper's own program."""
_NO_SPEECH: Final = 0.6
"""As in Whisper's own program."""
_REPETITIVE: Final = 2.4
"""By how much text that loops is compressed; as in Whisper's own program."""
_SHORTEST: Final = CLOCK_RATE // 10
"""Samples below which nothing is transcribed."""


class _Heard(Struct, frozen=True):
    text: str
    score: float
    """Mean log probability of the tokens."""
    no_speech: float

    @property
    def doubtful(self) -> bool:
        """Whether it may be a loop or a guess."""
        data = self.text.encode()
        looped = len(data) > _REPETITIVE * len(zlib.compress(data))
        return looped or self.score < _DOUBTFUL or not self.text


class WhisperRecogniser:
    """A `Recogniser`. Raises `ModelError` if ctranslate2 or the model is missing or unusable."""

    def __init__(self, settings: WhisperSettings, language: str = "en", models_dir: str = "") -> None:
        try:
            import ctranslate2  # noqa: PLC0415 - an extra, which only those have who use it
        except ImportError as error:
            raise ModelError(f'local.stt: "whisper" needs its package: pip install ctranslate2 ({error})') from None
        *_, model = (find(f"whisper_base/{file}", models_dir) for file in FILES)
        self._view = ctranslate2.StorageView
        try:
            self._model: Any = ctranslate2.models.Whisper(
                str(model.parent), compute_type="int8", inter_threads=1, intra_threads=settings.threads
            )
        except Exception as error:  # its bindings raise whatever they like
            raise ModelError(f"the model in {model.parent} cannot be loaded: {error}") from error
        words = [line.rstrip("\n") for line in (model.parent / "vocabulary.txt").open(encoding="utf-8", newline="\n")]
        known = {word[2:-2] for word in words if word.startswith("<|") and word.endswith("|>")}
        self._languages = [one.partition("-")[0] for one in settings.languages or (language,)]
        for one in self._languages:
            if one not in known:
                raise ModelError(f'whisper.languages: Whisper does not know "{one}"')

    def warm_up(self) -> None:
        """Run once on silence."""
        self._hear(np.zeros(CLOCK_RATE, np.float32), _WINDOWS_S[0])

    def doubt(self, text: str) -> Doubt:  # noqa: ARG002 - it does not say
        """Return "none": it is not known how sure it was."""
        return "none"

    def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:  # noqa: ARG002 - knows none
        """Return what is said in `pcm`, (n,) int16, 16 kHz mono; "" if nothing is."""
        said = [self._piece(piece.astype(np.float32) / np.float32(32768)) for piece in framing.pieces(pcm)]
        return " ".join(text for text in said if text)

    def _piece(self, audio: NDArray[np.float32]) -> str:
        if len(audio) < _SHORTEST or framing.speech(audio) is None:
            return ""
        heard = _Heard("", -np.inf, 1.0)
        for window in _WINDOWS_S:
            if len(audio) <= window * CLOCK_RATE:
                heard = self._hear(audio, window)
                if not heard.doubtful:
                    return heard.text
        if heard.score < _UNLIKELY or heard.no_speech > _NO_SPEECH:
            log.debug("No words: score %.2f, no speech %.2f", heard.score, heard.no_speech)
            return ""
        return "" if heard.doubtful and heard.score >= _DOUBTFUL else heard.text

    def _hear(self, audio: NDArray[np.float32], window_s: int) -> _Heard:
        """Return what is said in `audio`, followed by silence to the end of the window."""
        padded = np.zeros(window_s * CLOCK_RATE, np.float32)
        padded[: len(audio)] = audio
        features = self._model.encode(self._view.from_array(log_mel(padded)[None, :, : window_s * CLOCK_RATE // HOP]))
        language = self._language(features)
        prompt = ["<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>"]
        (result,) = self._model.generate(
            features,
            [prompt],
            beam_size=1,
            max_length=len(prompt) + 4 + round(len(audio) / CLOCK_RATE * _TOKENS_A_SECOND),
            return_scores=True,
            return_no_speech_prob=True,
        )
        return _Heard(_text(result.sequences[0]), result.scores[0], result.no_speech_prob)

    def _language(self, features: Any) -> str:
        """Return which of the languages that are spoken here is the likeliest."""
        if len(self._languages) == 1:
            return self._languages[0]
        (found,) = self._model.detect_language(features)
        likely = {token[2:-2]: probability for token, probability in found}
        language = max(self._languages, key=lambda one: likely.get(one, 0.0))
        log.debug("Language %s, %.2f", language, likely.get(language, 0.0))
        return language


def _bytes() -> dict[str, int]:
    """Return which byte each letter of the vocabulary stands for: GPT-2's, that are letters, for themselves."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in plain]
    return {chr(byte): byte for byte in plain} | {chr(256 + n): byte for n, byte in enumerate(others)}


_BYTE: Final = _bytes()


def _text(tokens: Sequence[str]) -> str:
    letters = "".join(token for token in tokens if not (token.startswith("<|") and token.endswith("|>")))
    return " ".join(bytes(_BYTE[letter] for letter in letters if letter in _BYTE).decode("utf-8", "ignore").split())
