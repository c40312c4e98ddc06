"""What the sentences brain knows of a language: a file of templates and replies."""

from __future__ import annotations

from importlib.resources import files

import msgspec
from msgspec import Struct


class LanguageError(Exception):
    """There are no sentences for a language; the message says for which there are."""


class Intent(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that can be asked for."""

    sentences: tuple[str, ...]
    """hassil templates."""
    replies: tuple[str, ...] = ()
    """What is said to it, if that is all there is to it; one of them."""
    weight: int = 2
    fuzzy: bool = True
    goes_on: bool = False


class Language(Struct, frozen=True, forbid_unknown_fields=True):
    """A language file; `en.toml` says what its parts mean."""

    language: str
    polite: tuple[str, ...]
    fillers: tuple[str, ...]
    negations: tuple[str, ...]
    things: tuple[str, ...]
    no_names: tuple[str, ...]
    rules: dict[str, str]
    lists: dict[str, tuple[tuple[str, str], ...]]
    intents: dict[str, Intent]
    phrases: dict[str, tuple[str, ...]]


def load_language(name: str) -> Language:
    """Read the file of a language such as "en" or "en-GB"; raises `LanguageError` if there is none."""
    folder = files("device.local.brain")
    known = sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml"))
    base = name.replace("_", "-").split("-")[0].lower()
    if base not in known:
        raise LanguageError(
            f'there are no sentences for language "{name}", only for: {", ".join(known)}. Set "language" to one of '
            'these, or connect a language model with "brain.url".'
        )
    return msgspec.toml.decode((folder / f"{base}.toml").read_bytes(), type=Language)
