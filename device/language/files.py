"""The files of languages: a folder a language in `data/languages/`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from device.data import DATA

if TYPE_CHECKING:
    from pathlib import Path

LANGUAGES: Final = DATA / "languages"


def base(tag: str) -> str:
    """Return a language without a region: "en" for "en-GB", "EN_us" or "en"."""
    return re.split(r"[-_]", tag, maxsplit=1)[0].lower()


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that there is a folder of."""
    return tuple(sorted(folder.name for folder in LANGUAGES.iterdir() if folder.is_dir()))


def file_of(language: str, name: str) -> Path | None:
    """Return where the file `name` of a language is, given as a tag; None if that language has none."""
    if base(language) not in languages():
        return None
    path = LANGUAGES / base(language) / name
    return path if path.is_file() else None


def skill_files(language: str) -> list[Path]:
    """Return the files of skills of a language, by name; none for a language that there is no folder of."""
    return sorted((LANGUAGES / base(language) / "skills").glob("*.toml")) if base(language) in languages() else []
