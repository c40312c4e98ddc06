"""What there is to choose from: languages, wake words and engines, each with the settings that it takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from device.door.first_steps import EngineChoice, LanguageChoice, Put, WakeWordChoice
from device.language.files import base, languages
from device.model_files import files
from device.settings.change import said
from device.settings.engines import CartesiaEngine, RemoteEngine, is_foreign, known_engines, lacks_address, missing_key
from device.settings.keys import server_of
from device.settings.local import ENGLISH_ONLY
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from device.door.first_steps import Lacks
    from device.settings.tree import Settings

OTHER_HEARING: Final = "whisper"
"""The recogniser that is chosen for languages that Moonshine does not know."""
OTHER_HEARING_FILES: Final = "whisper_base"
VOICE_KEYS: Final = ("local.tts", "local.voice", "piper.voice", "kokoro.voice")
"""What names a voice: one of the language before would speak the new one, too."""
_WAKE_WORD: Final = re.compile(r'wake word "(.+)"')


def language_choices(settings: Settings, file: Path) -> Iterator[LanguageChoice]:
    """Yield the languages that there are, `file` being what changes are written to."""
    for code in languages():
        if code == base(settings.language):
            yield LanguageChoice(code, chosen=True)
            continue
        puts = tuple(_language_puts(settings, file, code))
        if Put("local.stt", OTHER_HEARING) not in puts or _here(settings, OTHER_HEARING_FILES):
            yield LanguageChoice(code, puts=puts)
            continue
        fix = typed(f"models fetch {OTHER_HEARING_FILES}", root=True)
        yield LanguageChoice(
            *(code, False, _megabytes(OTHER_HEARING_FILES), "files", fix, OTHER_HEARING_FILES),
            puts,
        )


def _language_puts(settings: Settings, file: Path, code: str) -> Iterator[Put]:
    """Yield what a language takes, in an order in which all that is set fits together at any time."""
    yield from (Put(key) for key in VOICE_KEYS if said(key, file) is not None)
    if code != "en" and settings.local.stt.startswith(ENGLISH_ONLY):
        yield Put("local.stt", OTHER_HEARING)
    yield Put("language", code)
    if code == "en" and said("local.stt", file) == OTHER_HEARING:
        yield Put("local.stt")


def _here(settings: Settings, folder: str) -> bool:
    return all(one.state == "ok" for one in files.status(settings.models_dir) if one.file.name.startswith(f"{folder}/"))


def _megabytes(folder: str) -> float:
    known = files.own_manifest()
    return round(sum(known.files[name].size for name in known.select([folder])) / 1e6, 1)


def wake_word_choices(settings: Settings) -> Iterator[WakeWordChoice]:
    """Yield the wake words that come as model files, and those of the user's that are chosen."""
    wake, manifest = settings.wake, files.own_manifest()
    chosen = tuple(settings.wake.models)
    state = {one.file.name: one for one in files.status(settings.models_dir)}
    for name, file in manifest.files.items():
        known = _WAKE_WORD.fullmatch(file.purpose)
        word = name.removesuffix(f".{wake.framework}")
        if known is None or word == name:
            continue
        needed = [state[one] for one in (name, *file.needs)]
        lacks: Lacks = "" if all(one.state == "ok" for one in needed) else "files"
        fix = typed(f"models fetch {word}", root=True) if lacks else ""
        puts = (Put("wake.models", [word]),)
        size, licence = sum(one.file.size for one in needed) / 1e6, state[name].source.licence
        fetch = word if lacks else ""
        yield WakeWordChoice(word, known[1], (word,) == chosen, round(size, 1), licence, lacks, fix, fetch, puts)
    for word in chosen:
        if f"{word}.{wake.framework}" not in manifest.files:
            said_as = re.sub(r"(_v\d[\d.]*)?\.(onnx|tflite)$", "", word.rpartition("/")[2]).replace("_", " ")
            yield WakeWordChoice(word, said_as, chosen=True)


def engine_choices(settings: Settings) -> Iterator[EngineChoice]:
    """Yield the local engine, those of vendors, and others that are chosen."""
    first = settings.engines[0]
    yield EngineChoice("local", first == "local", server=server_of(settings.local.url) if settings.local.url else "")
    known = known_engines()
    for name, engine in settings.engine.items():
        if not isinstance(engine, RemoteEngine):
            continue
        keyed = bool(engine.key_variable)
        if not (name in settings.engines or (keyed and name in known)):
            continue
        lacks: Lacks = ""
        if fix := missing_key(name, engine):
            lacks = _lacks(engine)
        yield EngineChoice(
            name,
            first == name,
            engine.model,
            server_of(engine.url),
            foreign=is_foreign(name, engine),
            key=keyed,
            present=bool(engine.api_key),
            agent=isinstance(engine, CartesiaEngine),
            lacks=lacks,
            fix=fix,
        )


def _lacks(engine: RemoteEngine) -> Lacks:
    """Say what an engine lacks that cannot be asked."""
    if lacks_address(engine):
        return "address"
    return "agent" if isinstance(engine, CartesiaEngine) and not engine.agent else "key"
