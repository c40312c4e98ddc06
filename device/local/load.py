"""The stages that the settings ask for, loaded."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from device.language.language import LanguageError
from device.listen.vad import SileroVad
from device.local.brain.chat import Chat
from device.local.brain.sentences import Sentences
from device.local.cascade import Stages
from device.local.end_of_turn.completeness import completeness_rules
from device.local.end_of_turn.prosody import load_smart_turn
from device.local.stages import EngineStartError
from device.local.stt import moonshine
from device.local.tts.choice import choose
from device.local.tts.opening import open_voice
from device.model_files.files import find
from device.settings.local import lacks, unheard

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from device.local.stages import Brain, Recogniser, RemoteRecogniser, RemoteVoice, Voice
    from device.settings.tree import Settings

log = logging.getLogger(__name__)


def load_stages(settings: Settings) -> Stages:
    """Load the local engine's models; half a second. Raises `ModelError` and `EngineStartError`, with the fix."""
    if lacking := lacks(settings.local, settings.transcription, settings.sherpa, settings.cartesia):
        raise EngineStartError(lacking)
    brain = make_brain(settings)
    if deaf := unheard(settings.local, settings.language):
        raise EngineStartError(deaf)
    voice = _voice(settings)
    name, recogniser = _recogniser(settings, brain)
    vad = SileroVad(find("silero_vad.onnx", settings.models_dir))
    prosody = load_smart_turn(settings.models_dir)
    return Stages(recogniser, brain, voice, vad.share, prosody, completeness_rules(settings.language), name)


def _recogniser(settings: Settings, brain: Brain) -> tuple[str, Recogniser | RemoteRecogniser]:
    """Return the recogniser that is chosen, and what clients are told of it; the others are not even imported."""
    match settings.local.stt:
        case "whisper":
            from device.local.stt.whisper import NAME, WhisperRecogniser  # noqa: PLC0415 - only what is chosen

            return NAME, WhisperRecogniser(settings.whisper, settings.language, settings.models_dir)
        case "sherpa-onnx":
            from device.local.stt.sherpa import SherpaRecogniser  # noqa: PLC0415 - only what is chosen

            return Path(settings.sherpa.model).name, SherpaRecogniser(settings.sherpa, settings.language)
        case "endpoint":
            from device.local.stt.endpoint import EndpointRecogniser  # noqa: PLC0415 - only what is chosen

            table = settings.transcription
            return table.model or "default", EndpointRecogniser(table, settings.language)
        case "cartesia":
            from device.local.stt.ink import InkRecogniser  # noqa: PLC0415 - only what is chosen

            return settings.cartesia.stt_model, InkRecogniser(settings.cartesia)
        case "moonshine" | "moonshine-base" | "moonshine-tiny":
            return moonshine.load(settings, brain.free_words)


def _voice(settings: Settings) -> Voice | RemoteVoice:
    chosen = choose(settings)
    log.log(logging.WARNING if chosen.fix else logging.DEBUG if chosen.asked else logging.INFO, "%s", chosen)
    return open_voice(settings, chosen)


def make_brain(settings: Settings, now: Callable[[], datetime] | None = None) -> Brain:
    """Return the brain: the built-in sentences or, with `brain.url`, a language model too. Raises `EngineStartError`.

    `now` is its clock, for those who do not go by this machine's.
    """
    names = _names(settings)
    try:
        sentences, covers = Sentences(settings.language, names, now), True
    except LanguageError as error:
        if not settings.brain.url:
            raise EngineStartError(f"language: {error}") from error
        sentences, covers = Sentences("en", names, now), False
    if not settings.brain.url:
        return sentences
    return Chat(settings.brain, sentences, settings.name, covers=covers)


def _names(settings: Settings) -> list[str]:
    """Return what the assistant is called: its name, and the wake words by their models ("hey_jarvis" is Jarvis)."""
    words = [word for model in settings.wake.models for word in Path(model).stem.split("_")]
    return list(dict.fromkeys([settings.name, *(word for word in words if len(word) > 3 and word.isalpha())]))
