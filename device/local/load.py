"""The stages that the settings ask for, loaded."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from device.listen.ending import endings
from device.listen.prosody import load_smart_turn
from device.listen.recognise import load_moonshine
from device.listen.vad import SileroVad
from device.local.brain.chat import Chat
from device.local.brain.language import LanguageError
from device.local.brain.sentences import Sentences
from device.local.cascade import Stages
from device.local.server import EngineStartError
from device.local.tts.espeak import EspeakVoice, VoiceError
from device.models import find

if TYPE_CHECKING:
    from device.local.stages import Brain
    from device.settings import Settings


def load_stages(settings: Settings) -> Stages:
    """Load the local engine's models; half a second. Raises `ModelError` and `EngineStartError`, with the mend."""
    brain = make_brain(settings)
    try:
        voice = EspeakVoice(settings.local.voice, settings.local.words_per_minute)
    except VoiceError as error:
        raise EngineStartError(f"local.voice: {error}") from error
    recogniser = load_moonshine(settings.models_dir)
    vad = SileroVad(find("silero_vad.onnx", settings.models_dir))
    # The recogniser knows English only.
    return Stages(recogniser, brain, voice, vad.share, load_smart_turn(settings.models_dir), endings("en"))


def make_brain(settings: Settings) -> Brain:
    """Return the brain: the built-in sentences or, with `brain.url`, a language model. Raises `EngineStartError`."""
    names = _names(settings)
    try:
        sentences = Sentences(settings.language, names)
    except LanguageError as error:
        if not settings.brain.url:
            raise EngineStartError(f"language: {error}") from error
        sentences = Sentences("en", names)
    return Chat(settings.brain, sentences, settings.name) if settings.brain.url else sentences


def _names(settings: Settings) -> list[str]:
    """Return what the assistant is called: its name, and the wake words by their models ("hey_jarvis" is Jarvis)."""
    words = [word for model in settings.wake.models for word in Path(model).stem.split("_")]
    return list(dict.fromkeys([settings.name, *(word for word in words if len(word) > 3 and word.isalpha())]))
