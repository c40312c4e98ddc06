"""The models that listen all the time: voice activity and the wake word."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from device.listen.capture import WakeDetector
from device.listen.high_voices import HighVoices
from device.listen.vad import SileroVad
from device.listen.voice_activity import VoiceDetector
from device.listen.wake_word import WakeWord
from device.model_files import files
from device.system import inputs

if TYPE_CHECKING:
    from device.settings.tree import WakeSettings


def wake_model(name: str, framework: str, directory: str) -> Path:
    """Find a wake word model by its name, or by the path of a file."""
    if "/" in name or name.endswith((".onnx", ".tflite")):
        return inputs.expanded(Path(name))
    return files.find(f"{name}.{framework}", directory)


class Detectors(Struct, frozen=True):
    """The models that listen."""

    voice: VoiceDetector
    wake: WakeDetector
    speech: VoiceDetector | None = None
    """Another voice detector, for how loud speech arrives; without one that is not found."""

    @classmethod
    def load(cls, wake: WakeSettings, models_dir: str) -> Detectors:
        """Load them as the settings say, from `models_dir` or where models are; takes a second. Raises ModelError."""

        def find(name: str) -> Path:
            return files.find(name, models_dir)

        voice = SileroVad(find("silero_vad.onnx"))
        return cls(
            voice=HighVoices(voice),
            speech=voice.share(),
            wake=WakeWord(
                [wake_model(name, wake.framework, models_dir) for name in wake.models],
                melspectrogram=find(f"melspectrogram.{wake.framework}"),
                embedding=find(f"embedding_model.{wake.framework}"),
                framework=wake.framework,
                threshold=wake.threshold,
                patience=wake.patience,
                gate_dbfs=wake.gate_dbfs,
            ),
        )
