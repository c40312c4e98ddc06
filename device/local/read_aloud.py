"""Speaks a text into a pipe, in a process of its own: for the daemon, whose reminders are heard whatever the engine is.

`python -m device.local.read_aloud [CONFIG]` reads the text, UTF-8, at standard input. It writes the rate in Hz as a
line, and then the speech, s16le mono. What is wrong is said at standard error, with the status 1.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from msgspec.structs import replace

from device.local.stages import EngineStartError, RemoteVoice
from device.local.tts.choice import choose
from device.local.tts.espeak import EspeakVoice
from device.local.tts.opening import open_voice
from device.model_files.files import ModelError
from device.settings import last_good
from device.settings.loading import SettingsError
from device.system.printed import echo

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.local.stages import Voice
    from device.settings.tree import Settings


def voice_for(settings: Settings) -> Voice:
    """Return the local engine's voice; espeak-ng's where that is elsewhere or cannot speak. Raises `ModelError`."""
    try:
        voice = open_voice(settings, choose(settings))
    except (EngineStartError, ModelError) as error:
        echo(f"{error}; espeak-ng speaks.", err=True)
        return espeak(settings)
    # One elsewhere may be out of reach just then.
    return espeak(settings) if isinstance(voice, RemoteVoice) else voice


def espeak(settings: Settings) -> Voice:
    """Return espeak-ng's voice of the language. Raises `VoiceError`."""
    local = replace(settings.local, tts="espeak-ng")
    voice = choose(replace(settings, local=local)).voice
    return EspeakVoice(voice, local.words_per_minute, settings.language)


def speech(voice: Voice, text: str) -> NDArray[np.int16]:
    """Return the whole speech for a text, (n,) int16 mono at the voice's rate."""
    # Some voices tell between the sounds which words they are.
    return np.concatenate(
        [np.zeros(0, np.int16), *(piece for piece in voice.speak(text) if not isinstance(piece, tuple))]
    )


def read_aloud(text: str, config: Path | None, out: BinaryIO) -> None:
    """Write the speech for `text`. Raises `ModelError` and `SettingsError`."""
    voice = voice_for(last_good.load(config).settings)
    pcm = speech(voice, text)
    out.write(f"{voice.rate}\n".encode() + pcm.astype("<i2").tobytes())
    out.flush()


def main() -> None:
    """Read aloud what is at standard input."""
    config = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    try:
        read_aloud(sys.stdin.buffer.read().decode(errors="replace"), config, sys.stdout.buffer)
    except (ModelError, SettingsError) as error:
        echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
