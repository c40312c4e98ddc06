"""A model of the user's on sherpa-onnx (k2-fsa), which runs many families of recognisers; API of sherpa-onnx 2.0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from device.model_files.files import ModelError
from device.sample_clock import CLOCK_RATE
from device.system import inputs

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

    from device.local.stages import Doubt
    from device.settings.local import SherpaSettings

FILES: Final = {
    "transducer": {"encoder": "*encoder*", "decoder": "*decoder*", "joiner": "*joiner*"},
    "whisper": {"encoder": "*encoder*", "decoder": "*decoder*"},
    "moonshine": {"encoder": "encoder_model*", "decoder": "decoder_model_merged*"},
    "moonshine-four": {
        "preprocessor": "preprocess*",
        "encoder": "encode*",
        "uncached_decoder": "uncached_decode*",
        "cached_decoder": "cached_decode*",
    },
    "sense_voice": {"model": "*model*"},
    "paraformer": {"paraformer": "*model*"},
    "nemo_ctc": {"model": "*model*"},
}
"""The files of each kind of model, by the arguments of sherpa-onnx's maker of it."""
_MAKERS: Final = {"moonshine": "from_moonshine_v2", "moonshine-four": "from_moonshine"}
_BY_NAME: Final = {"sense": "sense_voice", "paraformer": "paraformer", "ctc": "nemo_ctc"}
"""What the folder's name says of a model that is one file."""
_SHORTEST: Final = CLOCK_RATE // 10
"""Samples below which nothing was said: models fail on less than a few frames."""


class SherpaRecogniser:
    """A `Recogniser`. Raises `ModelError` if sherpa-onnx or the model is missing or unusable."""

    def __init__(self, settings: SherpaSettings, language: str = "en") -> None:
        try:
            import sherpa_onnx  # noqa: PLC0415 - an extra, which only those have who use it
        except ImportError as error:
            raise ModelError(f'local.stt: "sherpa-onnx" needs its package: pip install sherpa-onnx ({error})') from None
        kind, arguments = found(settings, language)
        maker = getattr(sherpa_onnx.OfflineRecognizer, _MAKERS.get(kind, f"from_{kind}"))
        try:
            self._recogniser: Any = maker(**arguments, num_threads=settings.threads)
        except Exception as error:  # its bindings raise whatever they like
            raise ModelError(f"sherpa.model: {settings.model} cannot be loaded as {kind!r}: {error}") from error

    def warm_up(self) -> None:
        """Run once on silence."""
        self.transcribe(np.zeros(CLOCK_RATE, np.int16))

    def doubt(self, text: str) -> Doubt:  # noqa: ARG002 - it does not say
        """Return "none": it is not known how sure it was."""
        return "none"

    def transcribe(self, pcm: NDArray[np.int16], names: Collection[str] = ()) -> str:  # noqa: ARG002 - knows none
        """Return what is said in `pcm`, (n,) int16, 16 kHz mono; "" if nothing is."""
        if len(pcm) < _SHORTEST:
            return ""
        stream = self._recogniser.create_stream()
        stream.accept_waveform(CLOCK_RATE, pcm.astype(np.float32) / np.float32(32768))
        self._recogniser.decode_stream(stream)
        text: str = stream.result.text
        return text.strip()


def found(settings: SherpaSettings, language: str) -> tuple[str, dict[str, str]]:
    """Return what kind of model lies in the folder, and the arguments of its maker: files, and a language.

    Raises `ModelError`, saying which file is missing.
    """
    folder = inputs.expanded(Path(settings.model))
    if not inputs.is_there(folder) or not folder.is_dir():
        raise ModelError(f"sherpa.model: there is no folder {folder}: unpack a sherpa-onnx model, and name its folder")
    kinds = [settings.kind] if settings.kind != "auto" else _likely(folder)
    if settings.kind == "moonshine" and not _one(folder, FILES["moonshine"]["decoder"]):
        kinds = ["moonshine-four"]
    for kind in kinds:
        files = {name: _one(folder, pattern) for name, pattern in FILES[kind].items()}
        files["tokens"] = _one(folder, "*tokens.txt")
        lacking = [name for name, file in files.items() if not file]
        if not lacking:
            more = {"language": language.partition("-")[0]} if kind in {"whisper", "sense_voice"} else {}
            return kind, {name: str(file) for name, file in files.items()} | more
        if len(kinds) == 1:
            raise ModelError(f"sherpa.model: {folder} lacks {', '.join(lacking)} of a {kind} model")
    raise ModelError(f"sherpa.kind: what the model in {folder} is cannot be told by its files; say it, see the example")


def _likely(folder: Path) -> list[str]:
    """Return the kinds that a model may be, those of more files first."""
    by_name = [kind for part, kind in _BY_NAME.items() if part in folder.name.lower()]
    return ["moonshine-four", "moonshine", "transducer", "whisper", *by_name[:1]]


def _one(folder: Path, pattern: str) -> Path | None:
    """Return the model file of that name, the quantised one if there are both."""
    files = [file for file in folder.glob(pattern) if file.suffix in {".onnx", ".ort", ".txt"}]
    return min(files, key=lambda file: (".int8" not in file.name, file.name)) if files else None
