"""`parley voices` and `parley say`: which voices there are, and how they sound."""

from __future__ import annotations

import sys
import wave
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click
import numpy as np
from rich.table import Table

from device.commands import door
from device.commands.terminal import AS_JSON, CONFIG, WIDE, CommandError, load_settings, print_json
from device.language.files import base, languages
from device.language.language import load_language
from device.local.stages import EngineStartError, RemoteVoice
from device.local.tts.catalogue import Listed, catalogue, named
from device.local.tts.choice import choose
from device.local.tts.opening import open_voice
from device.model_files.files import ModelError
from device.system.printed import console, echo, in_cells
from device.system.typed import typed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from device.settings.tree import Settings

MOST: Final = 20_000
"""Letters of a text: half an hour of speech."""


@click.command()
@click.argument("name", required=False)
@CONFIG
@AS_JSON
def voices(name: str | None, config: Path | None, as_json: bool) -> None:  # noqa: FBT001 - a flag
    """List the voices of the local engine, or play how the one called NAME sounds."""
    settings = load_settings(config)
    if name:
        _play(settings, *_speak(settings, _sample(settings, name), name, 1.0))
        return
    found = catalogue(settings)
    if as_json:
        print_json(found)
        return
    table = Table("Voice", "Kind", "Language", "MB", "Licence", "", box=None)
    for one in found:
        state = "speaks" if one.speaks else "here" if one.here else _fetch(one)
        size = f"{one.megabytes:.0f}" if one.megabytes else ""
        licence = one.licence + (" *" if one.notice else "")
        table.add_row(*in_cells(one.name, one.kind, one.language, size, licence, state))
    console(width=None if sys.stdout.isatty() else WIDE).print(table)
    echo(
        f"{choose(settings)}.",
        f"`{typed('voices NAME')}` plays one; piper.voice and local.voice in the settings choose.",
        *dict.fromkeys(f"* {one.notice}" for one in found if one.notice),
    )


def _sample(settings: Settings, name: str) -> str:
    """Return what is played of a voice, in its language; in English if that is not known of it."""
    language = next((one.language for one in catalogue(settings) if one.name == name), settings.language)
    known = base(language) if base(language) in languages() else "en"
    return load_language(known).phrases["voice_sample"][0]


def _fetch(voice: Listed) -> str:
    """Return what brings a voice here."""
    package = {"pico": "libttspico-utils", "espeak-ng": "espeak-ng-data"}.get(voice.kind)
    return f"apt install {package}" if package else typed(f"models fetch {voice.name}")


@click.command()
@click.argument("text")
@click.option("--voice", help="The name of a voice, or a Piper voice's .onnx; without it, the one in force.")
@click.option("--speed", type=click.FloatRange(0.25, 4.0), default=1.0, show_default=True, help="Times the usual.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this WAV file.")
@CONFIG
def say(text: str, voice: str | None, speed: float, out: Path | None, config: Path | None) -> None:
    """Say TEXT: by the assistant that runs, else on the loudspeaker, or into a WAV file.

    The assistant says it with its own voice, once nobody speaks; --voice, --speed and --config are for the others.
    """
    if out is None and not (voice or config or speed != 1.0) and door.said(text):
        return
    settings = load_settings(config)
    pcm, rate = _speak(settings, text, voice, speed)
    if out is None:
        _play(settings, pcm, rate)
        return
    try:
        with out.open("wb") as opened, wave.open(opened, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(rate)
            file.writeframes(pcm.astype("<i2").tobytes())
    except OSError as error:
        raise CommandError(f"--out {out}: {error.strerror}") from None
    echo(f"{len(pcm) / rate:.1f} s of speech are in {out}.")


def _speak(settings: Settings, text: str, name: str | None, speed: float) -> tuple[NDArray[np.int16], int]:
    """Return a text as speech, (n,) int16 mono, and its rate. Raises CommandError."""
    if len(text) > MOST:
        raise CommandError(f"the text has {len(text)} letters, and at most {MOST} are spoken at a go")
    try:
        chosen = named(settings, name) if name else choose(settings)
        voice = open_voice(settings, chosen)
    except (ModelError, EngineStartError) as error:
        raise CommandError(error) from None
    if isinstance(voice, RemoteVoice):
        raise CommandError("the voice in force is elsewhere: name one that speaks here by --voice")
    pieces = [piece for piece in voice.speak(text, speed) if not isinstance(piece, tuple)]
    if not pieces:
        raise CommandError("there is nothing in this text that can be spoken")
    return np.concatenate(pieces), voice.rate


def _play(settings: Settings, pcm: NDArray[np.int16], rate: int) -> None:
    from device.audio.aloud import play  # noqa: PLC0415 - `--out` needs no sound card
    from device.audio.card.alsa import AlsaCard  # noqa: PLC0415 - as above
    from device.audio.card.base import CardError  # noqa: PLC0415 - as above

    try:
        play(AlsaCard(settings.card), pcm, rate)
    except CardError as error:
        record = typed("say TEXT --out FILE.wav")
        raise CommandError(f"{error}. Without a card, `{record}` records instead") from None
