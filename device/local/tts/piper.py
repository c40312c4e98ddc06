"""A piper voice of the user's, by the package piper-tts (1.3 and newer)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from device.local.tts.plain import chunks, plain
from device.model_files.files import ModelError
from device.system import inputs

if TYPE_CHECKING:
    from collections.abc import Generator

    from numpy.typing import NDArray

    from device.settings.local import PiperSettings

SLOWEST: Final = 0.25
"""Of the usual speed: the least that a client may ask for (`audio.output.speed`), and never nothing."""


class PiperVoice:
    """A `Voice`, at the rate of its model. Raises `ModelError` if piper or the voice is missing or unusable."""

    def __init__(self, settings: PiperSettings) -> None:
        try:
            import piper  # noqa: PLC0415 - an extra, which only those have who use it
        except ImportError as error:
            raise ModelError(f'local.tts: "piper" needs its package: pip install piper-tts ({error})') from None
        model = Path(settings.voice).expanduser()
        for file in (model, model.with_name(f"{model.name}.json")):
            if not inputs.is_file(file):
                raise ModelError(f"piper.voice: there is no file {file}: a voice is an .onnx file and its .onnx.json")
        try:
            self._voice: Any = piper.PiperVoice.load(model)
        except Exception as error:  # a voice that is no voice fails in a dozen ways
            raise ModelError(f"piper.voice: {model} cannot be loaded: {error}") from error
        speakers = self._voice.config.num_speakers
        if settings.speaker >= max(1, speakers):
            raise ModelError(
                f"piper.speaker: the voice has {speakers} speakers, counted from 0, not {settings.speaker}"
            )
        self._speaker = settings.speaker if speakers > 1 else None
        self._config: Any = piper.SynthesisConfig
        self.rate: int = self._voice.config.sample_rate
        self._slowness: float = self._voice.config.length_scale

    def warm_up(self) -> None:
        """Speak once."""
        for _ in self.speak("Hello."):
            pass

    def speak(self, text: str, speed: float = 1.0) -> Generator[NDArray[np.int16], None, None]:
        """Yield the speech for `text`, a piece a sentence: (n,) int16 mono at `rate`."""
        how = self._config(speaker_id=self._speaker, length_scale=self._slowness / max(SLOWEST, speed))
        for chunk in chunks(plain(text)):
            for piece in self._voice.synthesize(chunk, how):
                yield np.asarray(piece.audio_int16_array, np.int16)
