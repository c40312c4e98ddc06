"""What a Piper voice says of itself: the .onnx.json beside its .onnx."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta, Struct, field

from device.model_files.files import ModelError
from device.system import inputs

if TYPE_CHECKING:
    from pathlib import Path

BEGIN, END, BETWEEN = "^", "$", "_"
"""What stands before and after a piece, and after each phoneme (piper's phonemize.py)."""
_KINDS = ("espeak", "text")


class Audio(Struct, frozen=True):
    """How it sounds."""

    sample_rate: Annotated[int, Meta(ge=8000, le=96_000)]


class Espeak(Struct, frozen=True):
    """Whose phonemes it was trained on."""

    voice: str


class Inference(Struct, frozen=True):
    """How it is run."""

    noise_scale: Annotated[float, Meta(ge=0, le=10)] = 0.667
    length_scale: Annotated[float, Meta(gt=0, le=10)] = 1.0
    noise_w: Annotated[float, Meta(ge=0, le=10)] = 0.8


class PiperConfig(Struct, frozen=True):
    """What is used of it."""

    audio: Audio
    phoneme_id_map: dict[str, list[int]]
    espeak: Espeak = Espeak("")
    inference: Inference = field(default_factory=Inference)
    num_speakers: Annotated[int, Meta(ge=0)] = 1
    speaker_id_map: dict[str, int] = {}
    phoneme_type: str = "espeak"


def read_config(path: Path) -> PiperConfig:
    """Read the description at `path`. Raises `ModelError`."""
    try:
        config = msgspec.json.decode(inputs.read(path), type=PiperConfig)
    except OSError as error:
        raise ModelError(f"the voice's description {path} cannot be read: {error.strerror or error}") from error
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} does not describe a Piper voice: {error}; fetch it again") from error
    if config.phoneme_type not in _KINDS:
        raise ModelError(f'{path}: phoneme_type "{config.phoneme_type}" is not known; those are {", ".join(_KINDS)}')
    if config.phoneme_type == "espeak" and not config.espeak.voice:
        raise ModelError(f"{path}: espeak.voice is missing, by which its phonemes are made; fetch it again")
    lacking = [mark for mark in (BEGIN, END, BETWEEN) if not config.phoneme_id_map.get(mark)]
    if lacking or any(number < 0 for ids in config.phoneme_id_map.values() for number in ids):
        raise ModelError(f"{path}: phoneme_id_map has no {' '.join(lacking) or 'sound numbers'}; fetch it again")
    return config
