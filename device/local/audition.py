"""Lists the voices of a language, and lets one say a sentence, in a process of its own: for the first steps.

`python -m device.local.audition [CONFIG]` is asked at standard input by a message of the door's as JSON, `GetVoices` or
`HearVoice`, and writes the reply to standard output, likewise. What is wrong is said at standard error, with the
status 1.
"""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

import msgspec
from msgspec.structs import replace

from device.door.first_steps import GetVoices, HearVoice, Put, VoiceChoice, VoiceHeard, VoicesAre
from device.language.files import base, languages
from device.language.language import load_language
from device.local.read_aloud import speech
from device.local.stages import EngineStartError, RemoteVoice
from device.local.tts.catalogue import catalogue, named
from device.local.tts.opening import open_voice
from device.model_files.files import ModelError
from device.settings import last_good
from device.settings.loading import SettingsError
from device.system.printed import echo
from device.system.typed import typed

if TYPE_CHECKING:
    from device.local.tts.catalogue import Listed
    from device.settings.tree import Settings

PACKAGES: Final = {"pico": "libttspico-utils", "espeak-ng": "espeak-ng-data"}
"""The Debian packages with voices of their kind."""
NAMED_BY: Final = {"piper": "piper.voice", "kokoro": "kokoro.voice", "pico": "local.voice", "espeak-ng": "local.voice"}
"""The setting that names a voice of each kind."""


def voices(settings: Settings, language: str) -> VoicesAre:
    """Return the voices that speak a language, those that are here first; the language of the settings if it is ""."""
    language = language or settings.language
    listed = catalogue(replace(settings, language=language))
    fitting = [_choice(one) for one in listed if one.kind in NAMED_BY and base(one.language) == base(language)]
    return VoicesAre(language, tuple(sorted(fitting, key=lambda one: (bool(one.lacks), not one.chosen))))


def _choice(one: Listed) -> VoiceChoice:
    package = PACKAGES.get(one.kind, "")
    fix = f"sudo apt install {package}" if package else typed(f"models fetch {one.name}", root=True)
    return VoiceChoice(
        one.name,
        one.kind,
        one.language,
        one.speaks,
        round(one.megabytes, 1),
        one.licence,
        one.notice,
        "" if one.here else "package" if package else "files",
        "" if one.here else fix,
        "" if one.here or package else one.name,
        (Put("local.tts", one.kind), Put(NAMED_BY[one.kind], one.name)),
    )


def hear(settings: Settings, asked: HearVoice) -> VoiceHeard:
    """Return how a voice sounds. Raises `ModelError` and `EngineStartError`."""
    language = asked.language or settings.language
    settings = replace(settings, language=language)
    known = {one.name: one for one in catalogue(settings)}
    if asked.voice not in known:  # a path would be read, wherever it leads
        raise ModelError(f'no voice of the language "{language}" is called "{asked.voice}"')
    voice = open_voice(settings, named(settings, asked.voice))
    if isinstance(voice, RemoteVoice):
        raise ModelError("a voice that is elsewhere is not tried")
    text = load_language(language if base(language) in languages() else "en").phrases["voice_sample"][0]
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(voice.rate)
        file.writeframes(speech(voice, text).astype("<i2").tobytes())
    return VoiceHeard(text, out.getvalue())


def answer(asked: bytes, config: Path | None, out: BinaryIO) -> None:
    """Answer a message. Raises ModelError, EngineStartError, SettingsError, or msgspec's for what is none."""
    request = msgspec.json.decode(asked, type=GetVoices | HearVoice)
    settings = last_good.load(config).settings
    told = hear(settings, request) if isinstance(request, HearVoice) else voices(settings, request.language)
    out.write(msgspec.json.encode(told))
    out.flush()


def main() -> None:
    """Answer what is asked at standard input."""
    config = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        answer(sys.stdin.buffer.read(), config, sys.stdout.buffer)
    except (ModelError, EngineStartError, SettingsError) as error:
        echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
