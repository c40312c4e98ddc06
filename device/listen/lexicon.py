"""Short phrases and what they mean when said over somebody who speaks, by language: `lexicon.toml`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.language.files import LANGUAGES, base, languages

if TYPE_CHECKING:
    from pathlib import Path


RECOGNISED: Final = frozenset({"en"})
"""The languages that the small recogniser knows: Moonshine tiny, and what was trained on its states (`by_sound.py`)."""


FILE: Final = "lexicon.toml"


class Lexicon(Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of one language, as `words` writes them, with a blank between two words."""

    backchannel: frozenset[str]
    """Said while the other goes on speaking: "I am listening"."""
    interruption: frozenset[str]
    """The other shall stop, or has not been understood."""
    stop: frozenset[str]
    """Words that end the ringing of a timer."""
    snooze: frozenset[str]
    """Phrases that put off what rings; "n" among the words is any number of minutes."""


def lexicon(language: str) -> Lexicon | None:
    """Return the phrases of `language`, a tag such as "en" or "en-GB"; None if there are none."""
    return lexica().get(base(language))


def heard_lexicon(language: str) -> Lexicon | None:
    """Return the phrases of `language` if the device's small recogniser knows it, None else.

    What it writes of another one are English words that sound alike: to judge by them is worse than by sound alone.
    """
    return lexicon(language) if base(language) in RECOGNISED else None


@cache
def lexica() -> dict[str, Lexicon]:
    """Return the phrases of every language that there are any of."""
    return {language: _read(LANGUAGES / language / FILE) for language in languages(FILE)}


def _read(path: Path) -> Lexicon:
    table = msgspec.toml.decode(path.read_bytes(), type=dict[str, list[str]])
    return msgspec.convert(_plain(table), Lexicon)


def _plain(table: dict[str, list[str]]) -> dict[str, list[str]]:
    return {meaning: [" ".join(words(phrase)) for phrase in phrases] for meaning, phrases in table.items()}


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case; a hyphen parts two words, an apostrophe does not."""
    return re.findall(r"\w+(?:'\w+)*", text.lower().replace("\u2019", "'"))
