"""The voices that there are: those that Parley can fetch, those that were, and the one that speaks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from device.local.tts.choice import FOLDER, KOKORO, Choice, choose, of_kokoro
from device.local.tts.espeak_library import VoiceError, library
from device.local.tts.pico import NOTICE, VOICES, megabytes
from device.model_files.files import ModelError, own_manifest, places, status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.settings.tree import Settings


class Listed(Struct, frozen=True):
    """A voice."""

    name: str
    kind: str
    language: str
    """As its maker writes it, e.g. `en_US`."""
    megabytes: float
    licence: str
    """Of its model, and of what that was made from."""
    here: bool = False
    speaks: bool = False
    """Whether it is the one in force."""
    notice: str = ""
    """What else there is to know of its licence."""


def catalogue(settings: Settings) -> list[Listed]:
    """Return the voices, the one that speaks among them."""
    chosen = choose(settings)
    found = [
        *_of_the_manifest(settings, chosen),
        *_of_the_user(settings, chosen),
        *_pico(settings, chosen),
        *_espeak(settings, chosen),
    ]
    if chosen.kind == "cartesia":
        found.append(
            Listed(chosen.voice, "cartesia", settings.language, 0.0, "Cartesia's terms", here=True, speaks=True)
        )
    return found


def named(settings: Settings, name: str) -> Choice:
    """Return the choice of a voice by its name, or by the path of a Piper voice. Raises `ModelError`."""
    if name.endswith(".onnx"):
        return Choice("piper", name, "it was named")
    for voice in catalogue(settings):
        if voice.name == name and voice.kind != "cartesia":
            return Choice(voice.kind, name, "it was named")  # type: ignore[arg-type]  # those there are
    try:
        library().resolve(name)
    except VoiceError:
        known = ", ".join(dict.fromkeys(voice.name for voice in catalogue(settings)))
        raise ModelError(f'no voice is called "{name}"; there are {known}, and those of espeak-ng') from None
    return Choice("espeak-ng", name, "it was named")


def _of_the_manifest(settings: Settings, chosen: Choice) -> Iterator[Listed]:
    for one in status(settings.models_dir):
        folder, _, file = one.file.name.rpartition("/")
        name, _, ending = file.rpartition(".")
        size, licence, notice = one.file.size / 1e6, one.source.licence, one.source.notice
        here = one.state == "ok"
        if folder == FOLDER and ending == "onnx":
            speaks = (chosen.kind, chosen.voice) == ("piper", name)
            yield Listed(name, "piper", name.partition("-")[0], size, licence, here, speaks, notice)
        elif folder == f"{KOKORO}/{FOLDER}":
            speaks = (chosen.kind, chosen.voice) == ("kokoro", name)
            language = of_kokoro(name)
            if language == settings.language.partition("-")[0]:
                yield Listed(name, "kokoro", language, size, licence, here, speaks, notice)


def _of_the_user(settings: Settings, chosen: Choice) -> Iterator[Listed]:
    known = own_manifest().files
    paths = [path for place in places(settings.models_dir) for path in sorted((place / FOLDER).glob("*.onnx"))]
    for path in paths:
        if f"{FOLDER}/{path.name}" not in known:
            speaks = (chosen.kind, chosen.voice) == ("piper", path.stem)
            language = path.stem.partition("-")[0]
            size = path.stat().st_size / 1e6
            yield Listed(path.stem, "piper", language, size, "see its model card", here=True, speaks=speaks)
    if chosen.kind == "piper" and chosen.voice.endswith(".onnx"):
        yield Listed(chosen.voice, "piper", "", 0.0, "yours", here=True, speaks=True)


def _pico(settings: Settings, chosen: Choice) -> Iterator[Listed]:
    """Yield Pico's voices of the language, and the one that speaks; they are Debian packages, and not fetched."""
    speaking = chosen.voice if chosen.kind == "pico" else ""
    for name in VOICES:
        if name.partition("-")[0] == settings.language.partition("-")[0] or name == speaking:
            size = megabytes(name)
            yield Listed(name, "pico", name, size, "Apache-2.0", size > 0, name == speaking, NOTICE)


def _espeak(settings: Settings, chosen: Choice) -> Iterator[Listed]:
    names = ["en-gb", "en-us"] if settings.language.startswith("en") else [settings.language]
    if chosen.kind == "espeak-ng":
        names.append(chosen.voice)
    for name in dict.fromkeys(names):
        try:
            library().resolve(name)
            here = True
        except VoiceError:
            here = False
        speaks = (chosen.kind, chosen.voice) == ("espeak-ng", name)
        yield Listed(name, "espeak-ng", name, 0.0, "GPL-3.0-or-later", here, speaks)
