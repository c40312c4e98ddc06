"""A language: how it is heard and spoken, what can be asked for in it, and what is answered."""

from __future__ import annotations

from functools import cache, cached_property
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from device.language.clock import ClockWords
from device.language.files import base, file_of, languages, skill_files
from device.language.moments import HearsMoments, Moments
from device.language.numbers import Numbers
from device.language.requests import RequestWords
from device.language.spans import Spans

if TYPE_CHECKING:
    from datetime import date, time
    from pathlib import Path

_Shape = TypeVar("_Shape")


class LanguageError(Exception):
    """There is no language of that name, or a file of it is wrong; the message says which there are, or what it is."""


class Intent(Struct, frozen=True, forbid_unknown_fields=True):
    """Something that can be asked for."""

    sentences: tuple[str, ...] = ()
    """hassil templates."""
    replies: tuple[str, ...] = ()
    """What is said to it, if that is all there is to it; one of them."""
    weight: int = 2
    fuzzy: bool = True
    goes_on: bool = False
    last: bool = False
    frames: tuple[str, ...] = ()
    """What is asked for by which words, where no template fits; `local/brain/frame_grammar.py` says how."""


class Common(Struct, frozen=True, forbid_unknown_fields=True):
    """`common.toml`, which says what its parts mean."""

    polite: tuple[str, ...]
    fillers: tuple[str, ...]
    negations: tuple[str, ...]
    things: tuple[str, ...]
    no_names: frozenset[str]
    rules: dict[str, str]
    lists: dict[str, tuple[tuple[str, str], ...]]
    phrases: dict[str, tuple[str, ...]]
    failures: tuple[tuple[str, str], ...] = ()
    within_names: frozenset[str] = frozenset()


class HeardRules(Struct, frozen=True, forbid_unknown_fields=True):
    """`heard.toml`: regular expressions, and what stands for what they match."""

    sentence_end: str
    """A regular expression of what ends a sentence."""
    joined: str
    """The same of what is between two things that are said in one breath: "and then"."""
    contractions: tuple[tuple[str, str], ...]
    symbols: tuple[tuple[str, str], ...]
    homophones: tuple[tuple[str, str], ...]


class SkillWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The file of a skill: what is asked for and answered, and what else it must know of the language."""

    intents: dict[str, Intent] = {}
    phrases: dict[str, tuple[str, ...]] = {}
    rules: dict[str, str] = {}
    lists: dict[str, tuple[tuple[str, str], ...]] = {}
    words: dict[str, Any] = {}


class Language(Struct, frozen=True, dict=True):
    """What is known of a language. Intents, phrases, rules and lists are those of all skills, and the common ones."""

    language: str
    common: Common
    heard: HeardRules
    numbers: Numbers
    spans: Spans
    clock: ClockWords
    skills: dict[str, SkillWords]
    """By the name of the skill."""
    intents: dict[str, Intent]
    phrases: dict[str, tuple[str, ...]]
    rules: dict[str, str]
    lists: dict[str, tuple[tuple[str, str], ...]]
    moments: HearsMoments | None = None
    """None where the language has no `when.toml`: then times of day and days are words like others."""
    requests: RequestWords | None = None
    """None where it has no `requests.toml`: then there are templates only."""

    @cached_property
    def skill_of(self) -> dict[str, str]:
        """The name of the skill of each intent."""
        return {intent: skill for skill, words in self.skills.items() for intent in words.intents}

    def words(self, skill: str, shape: type[_Shape]) -> _Shape:
        """Return the `[words]` of a skill as `shape`. Raises `LanguageError` if they are missing or misspelt."""
        try:
            return msgspec.convert(self.skills[skill].words, shape)
        except (KeyError, msgspec.ValidationError) as error:
            raise LanguageError(f"{self.language}/skills/{skill}.toml: [words]: {error}") from error

    def say_time(self, moment: time) -> str:
        """Return a time of day in words."""
        return self.clock.say_time(moment, self.numbers)

    def say_date(self, day: date, *, dative: bool = False) -> str:
        """Return a date in words; with `dative` as it stands after words like "on"."""
        return self.clock.say_date(day, dative=dative)


def load_language(tag: str) -> Language:
    """Return a language such as "en" or "en-GB"; raises `LanguageError` if there is none."""
    if base(tag) not in languages():
        raise LanguageError(
            f'there are no sentences for language "{tag}", only for: {", ".join(languages())}. Set "language" to one '
            'of these, or connect a language model with "brain.url".'
        )
    return _load(base(tag))


@cache
def _load(name: str) -> Language:
    common = _read(_file(name, "common.toml"), Common)
    skills = {path.stem: _read(path, SkillWords) for path in skill_files(name)}
    parts = [(f"skills/{skill}.toml", words) for skill, words in skills.items()]
    merged: dict[str, dict[str, Any]] = {"intents": {}, "phrases": {}, "rules": {}, "lists": {}}
    for where, part in [("common.toml", common), *parts]:
        for kind, entries in merged.items():
            for key, value in getattr(part, kind, {}).items():
                if key in entries:
                    raise LanguageError(f"{name}/{where}: {kind}.{key} is in another file of the language too")
                entries[key] = value
    clock = _read(_file(name, "clock.toml"), ClockWords)
    moments, requests = file_of(name, "when.toml"), file_of(name, "requests.toml")
    return Language(
        language=name,
        common=common,
        heard=_read(_file(name, "heard.toml"), HeardRules),
        numbers=_read(_file(name, "numbers.toml"), Numbers),
        spans=_read(_file(name, "spans.toml"), Spans),
        clock=clock,
        skills=skills,
        moments=HearsMoments(_read(moments, Moments), clock) if moments else None,
        requests=_read(requests, RequestWords) if requests else None,
        **merged,
    )


def _file(language: str, name: str) -> Path:
    if path := file_of(language, name):
        return path
    raise LanguageError(f"the language {language} has no {name}")


def _read(path: Path, shape: type[_Shape]) -> _Shape:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=shape)
    except msgspec.DecodeError as error:
        raise LanguageError(f"{path}: {error}") from error
