"""The words on the page, which every language may have.

Those of the kiosk view are in `data/languages/LANGUAGE/page.toml`, those of the owner's in `owner/NAME.toml` beside it:
a file for each of its sections.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import msgspec

from device.language.files import LANGUAGES, base, file_of, languages

FILE: Final = "page.toml"
OWNER: Final = "owner"
PROBLEMS: Final = "problems.toml"
FALLBACK: Final = "en"

Words = dict[str, dict[str, str]]
"""By section and key."""


@cache
def readable() -> tuple[str, ...]:
    """Return the languages that the page can be read in."""
    return languages(FILE)


@cache
def words(language: str) -> Words:
    """Return the words of a language, of English where it has none."""
    path = file_of(language, FILE) or file_of(FALLBACK, FILE)
    assert path is not None  # noqa: S101 - English has them
    return msgspec.toml.decode(path.read_bytes(), type=Words)


@cache
def owner_words(language: str) -> Words:
    """Return the words of the owner's view, by the file's name and by key, with those of the kiosk's; as `words`.

    In `problems` is what the daemon says in English when something cannot be done, with what it means.
    """
    names = sorted(path.name for path in (LANGUAGES / FALLBACK / OWNER).glob("*.toml"))
    files = {name: file_of(language, f"{OWNER}/{name}") or LANGUAGES / FALLBACK / OWNER / name for name in names}
    own = {
        name.removesuffix(".toml"): msgspec.toml.decode(path.read_bytes(), type=dict[str, str])
        for name, path in files.items()
    }
    problems = file_of(language, PROBLEMS)
    own |= {"problems": msgspec.toml.decode(problems.read_bytes(), type=dict[str, str])} if problems else {}
    return words(language) | own


def offered(wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return which of the languages that are wanted the page has, without regions; English if it has none."""
    return tuple(dict.fromkeys(base(one) for one in wanted if base(one) in readable())) or (FALLBACK,)
