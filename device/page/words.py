"""The words on the page: `data/languages/LANGUAGE/page.toml`, which every language may have."""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from device.language.files import base, file_of, languages

FILE: Final = "page.toml"
FALLBACK: Final = "en"

Words = dict[str, dict[str, str]]
"""By section and key."""


@cache
def readable() -> tuple[str, ...]:
    """Return the languages that the page can be read in."""
    return tuple(name for name in languages() if file_of(name, FILE))


@cache
def words(language: str) -> Words:
    """Return the words of a language, of English where it has none."""
    path = file_of(language, FILE) or file_of(FALLBACK, FILE)
    assert path is not None  # noqa: S101 - English has them
    return msgspec.toml.decode(path.read_bytes(), type=Words)


def offered(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the languages that are wanted the page has, without regions; English if it has none."""
    return tuple(dict.fromkeys(base(one) for one in wanted if base(one) in readable())) or (FALLBACK,)
