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
def languages(name: str = "common.toml") -> tuple[str, ...]:
    """Return the languages that have the file `name`; by default those whose folder is whole."""
    return tuple(sorted(path.relative_to(LANGUAGES).parts[0] for path in LANGUAGES.glob(f"*/{name}")))


def file_of(language: str, name: str) -> Path | None:
    """Return where the file `name` of a language is, given as a tag; None if that language has none."""
    return LANGUAGES / base(language) / name if base(language) in languages(name) else None


def skill_files(language: str) -> list[Path]:
    """Return the files of skills of a language, by name; none for a language that there is no folder of."""
    return sorted((LANGUAGES / base(language) / "skills").glob("*.toml")) if base(language) in languages() else []
