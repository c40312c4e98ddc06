"""Short phrases and what they mean when said over somebody who speaks, by language: `data/lexicon.toml`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

import msgspec
from msgspec import Struct


class Lexicon(Struct, frozen=True, forbid_unknown_fields=True):
    """The phrases of one language, as `words` writes them, with a blank between two words."""

    backchannel: frozenset[str]
    """Said while the other goes on speaking: "I am listening"."""
    interruption: frozenset[str]
    """The other shall stop, or has not been understood."""
    stop: frozenset[str]
    """Words that end the ringing of a timer."""


def lexicon(language: str) -> Lexicon | None:
    """Return the phrases of `language`, a tag such as "en" or "en-GB"; None if there are none."""
    return lexica().get(re.split(r"[-_]", language.lower(), maxsplit=1)[0])


@cache
def lexica() -> dict[str, Lexicon]:
    """Return the phrases of every language that there are any of."""
    text = files("device.data").joinpath("lexicon.toml").read_text("utf-8")
    tables = msgspec.toml.decode(text, type=dict[str, dict[str, list[str]]])
    return {language: msgspec.convert(_plain(table), Lexicon) for language, table in tables.items()}


def _plain(table: dict[str, list[str]]) -> dict[str, list[str]]:
    return {meaning: [" ".join(words(phrase)) for phrase in phrases] for meaning, phrases in table.items()}


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case; a hyphen parts two words, an apostrophe does not."""
    return re.findall(r"\w+(?:'\w+)*", text.lower().replace("\u2019", "'"))
