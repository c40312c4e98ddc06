"""The voice that was chosen, loaded; what is not chosen is not even imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.local.stages import EngineStartError
from device.local.tts.choice import kokoro_files, piper_files
from device.local.tts.espeak import EspeakVoice
from device.local.tts.espeak_library import VoiceError

if TYPE_CHECKING:
    from device.local.stages import RemoteVoice, Voice
    from device.local.tts.choice import Choice
    from device.settings.tree import Settings


def open_voice(settings: Settings, chosen: Choice) -> Voice | RemoteVoice:
    """Load a voice. Raises `ModelError` and `EngineStartError`, with the setting and the fix."""
    local = settings.local
    try:
        match chosen.kind:
            case "piper":
                from device.local.tts.piper import PiperVoice  # noqa: PLC0415 - only what is chosen

                files = piper_files(settings, chosen.voice)
                return PiperVoice(*files, settings.piper.speaker, local.words_per_minute, settings.language)
            case "kokoro":
                from device.local.tts.kokoro import KokoroVoice  # noqa: PLC0415 - only what is chosen

                return KokoroVoice(*kokoro_files(settings, chosen.voice), local.words_per_minute, settings.language)
            case "pico":
                from device.local.tts.pico import PicoVoice  # noqa: PLC0415 - only what is chosen

                return PicoVoice(chosen.voice, local.words_per_minute, settings.language)
            case "cartesia":
                from device.local.tts.sonic import SonicVoice  # noqa: PLC0415 - only what is chosen

                return SonicVoice(settings.cartesia, settings.language)
            case "espeak-ng":
                return EspeakVoice(chosen.voice, local.words_per_minute, settings.language)
    except VoiceError as error:
        key = {"piper": "piper.voice", "kokoro": "kokoro.voice"}.get(chosen.kind, "local.voice")
        raise EngineStartError(f"{key}: {error}") from error
