"""What the local engine hears with on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.doctor.finding import Finding
from device.local.stt.moonshine import ears
from device.local.stt.whisper import FILES
from device.model_files.files import ModelError, find
from device.system.typed import typed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from device.settings.tree import Settings


def check_ears(settings: Settings) -> Iterator[Finding]:
    """Say which recogniser is used and why; nothing if the local engine is not used, or is elsewhere."""
    local = settings.local
    if "local" not in settings.engines or local.url:
        return
    if local.stt == "whisper":
        yield _whisper(settings)
    elif local.stt.startswith("moonshine"):
        chosen = ears(settings)
        text = f"the local engine hears with Moonshine {chosen.size}: {chosen.why}"
        if settings.language.partition("-")[0] != "en":
            fix = 'set local.stt to "whisper", or language to "en"'
            yield Finding("ears", "warn", f'{text}; it knows English only, and language is "{settings.language}"', fix)
        elif chosen.worse:
            yield Finding("ears", "warn", text, "make base as said, or set local.stt to moonshine-tiny")
        else:
            yield Finding("ears", "ok", text)


def _whisper(settings: Settings) -> Finding:
    languages = ", ".join(settings.whisper.languages) or settings.language
    try:
        for file in FILES:
            find(f"whisper_base/{file}", settings.models_dir)
    except ModelError as error:
        return Finding("ears", "fail", str(error), typed("models fetch whisper_base", root=True))
    return Finding("ears", "ok", f"the local engine hears with Whisper base: {languages}")
