"""Which voice speaks: what the settings ask for or, with `local.tts = "auto"`, what fits language and machine."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import msgspec
from msgspec import Struct

from device.data import DATA
from device.model_files.files import ModelError, find, own_manifest, places
from device.system import inputs
from device.system.memory import available_mb, of_machine_mb
from device.system.typed import typed

if TYPE_CHECKING:
    from device.settings.tree import Settings

Kind = Literal["piper", "kokoro", "pico", "espeak-ng", "cartesia"]

LEAST_MB: Final = 1400.0
"""Memory of the machine below which Piper does not speak by itself: below that of a 2 GB board, whose system tells of
1.9. It would fit into 1 GB, but the boards that have it are ten times as slow as what this was measured on."""
LEAST_FREE_MB: Final = 400.0
"""… and memory to be had when the engine starts: loading takes 250 MB for a moment, the recogniser as much to stay."""
KOKORO: Final = "kokoro"
FOLDER: Final = "voices"
"""Of the models' folder, where Piper voices lie."""


_ASKED: Final = "the settings ask for it"


class LanguageVoices(Struct, frozen=True, forbid_unknown_fields=True):
    """The voices of a language."""

    piper: str = ""
    kokoro: str = ""
    pico: str = ""
    espeak: str = ""


class Choice(Struct, frozen=True):
    """What speaks, with which voice, and why."""

    kind: Kind
    voice: str
    why: str
    fix: str = ""
    """What to do for the voice that is meant, if this is another one."""

    @property
    def asked(self) -> bool:
        """Whether the settings ask for this very voice."""
        return self.why == _ASKED

    def __str__(self) -> str:
        """Say it in a line."""
        return f"the voice is {self.kind} {self.voice}: {self.why}" + (f"; {self.fix}" if self.fix else "")


@functools.cache
def _languages() -> dict[str, LanguageVoices]:
    return msgspec.toml.decode((DATA / "voices.toml").read_bytes(), type=dict[str, LanguageVoices])


def of_language(language: str) -> LanguageVoices:
    """Return the voices of a language such as `en` or `de-AT`."""
    return _languages().get(language.partition("-")[0], LanguageVoices())


def of_kokoro(voice: str) -> str:
    """Return the language of a voice of Kokoro's, by the first letter of its name."""
    return {"a": "en", "b": "en", "e": "es", "f": "fr", "h": "hi", "i": "it", "p": "pt"}.get(voice[:1], "")


def choose(settings: Settings, memory: tuple[float, float] | None = None) -> Choice:
    """Choose by the settings; `memory` is how much this process may have at most and how much is to be had, in MB."""
    local, voices = settings.local, of_language(settings.language)
    asked: dict[str, str] = {
        "piper": settings.piper.voice or voices.piper,
        "kokoro": settings.kokoro.voice or voices.kokoro,
        "pico": local.voice or voices.pico,
        "espeak-ng": local.voice or voices.espeak or settings.language,
        "cartesia": settings.cartesia.voice,
    }
    if local.tts != "auto":
        return Choice(local.tts, asked[local.tts], _ASKED)
    if settings.piper.voice:
        return Choice("piper", asked["piper"], "piper.voice names it")
    why = "local.voice names it" if local.voice else _too_small(memory or (of_machine_mb(), available_mb()))
    if not asked["piper"]:
        why = why or f'there is no Piper voice of the language "{settings.language}"'
    fix = ""
    if not why:
        try:
            piper_files(settings, asked["piper"])
        except ModelError as error:
            why, fix = "the usual voice cannot be used", str(error)
    if why:
        return Choice("espeak-ng", asked["espeak-ng"], why, fix)
    return Choice("piper", asked["piper"], "it fits the language and the machine")


def _too_small(memory: tuple[float, float]) -> str:
    """Say why the machine has not the memory for Piper; empty if it has."""
    total, free = memory
    if total < LEAST_MB:
        return f"the machine has {total:.0f} MB of memory, and Piper wants {LEAST_MB:.0f}"
    if free < LEAST_FREE_MB:
        return f"{free:.0f} MB of memory are free, and Piper wants {LEAST_FREE_MB:.0f}"
    return ""


def piper_files(settings: Settings, voice: str) -> tuple[Path, Path]:
    """Return the .onnx and the .onnx.json of a Piper voice, by its name or path. Raises `ModelError`."""
    if not voice:
        raise ModelError(
            f'piper.voice: there is no Piper voice of the language "{settings.language}": give the name of one or '
            f'its .onnx file, or set local.tts = "espeak-ng"'
        )
    if not voice.endswith(".onnx") and "/" not in voice:
        name = f"{FOLDER}/{voice}.onnx"
        if name in own_manifest().files:
            return find(name, settings.models_dir), find(f"{name}.json", settings.models_dir)
        return _named(settings, voice)
    model = inputs.expanded(Path(voice))
    for file in (model, model.with_name(f"{model.name}.json")):
        if not inputs.is_file(file):
            raise ModelError(f"piper.voice: there is no file {file}: a voice is an .onnx file and its .onnx.json")
    return model, model.with_name(f"{model.name}.json")


def _named(settings: Settings, voice: str) -> tuple[Path, Path]:
    """Return the files of a voice that was fetched by its name."""
    for place in places(settings.models_dir):
        model = place / FOLDER / f"{voice}.onnx"
        if inputs.is_file(model) and inputs.is_file(model.with_name(f"{model.name}.json")):
            return model, model.with_name(f"{model.name}.json")
    raise ModelError(f'piper.voice: there is no voice "{voice}" here: {typed(f"models fetch {voice}", root=True)}')


def kokoro_files(settings: Settings, voice: str) -> tuple[Path, Path, Path]:
    """Return Kokoro's model, its vocabulary and a voice of its by name. Raises `ModelError`."""
    name = f"{KOKORO}/voices/{voice}.bin"
    if name not in own_manifest().files:
        named = f'has no voice "{voice}"' if voice else f'has no voice of the language "{settings.language}"'
        raise ModelError(f"kokoro.voice: Kokoro {named}; `{typed('voices')}` lists those there are")
    needed = (f"{KOKORO}/kokoro-82m-int8.onnx", f"{KOKORO}/vocab.json", name)
    try:
        model, vocabulary, style = (find(one, settings.models_dir) for one in needed)
    except ModelError as error:
        fetch = typed(f"models fetch {name}", root=True)
        raise ModelError(f"{str(error).partition('; this fixes it')[0]}; this fixes it: {fetch}") from error
    return model, vocabulary, style
