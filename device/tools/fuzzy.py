"""How near what was said comes to what is written, given what speech recognition makes of it. Pure.

Each function takes what was said and what is written and returns a likeness from 0 to 1. What counts as the same thing
is in `SURE`, and what may be worth asking about in `NEAR`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, cached_property, lru_cache
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.language.files import file_of
from device.language.language import load_language

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from device.settings.tools import Kind


SURE: Final[dict[Kind, float]] = {"code": 0.95, "name": 0.8, "text": 0.5}
NEAR: Final[dict[Kind, float]] = {"code": 0.7, "name": 0.6, "text": 0.3}


class Misheard(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """`misheard.toml` of a language, which says what its parts mean."""

    fillers: str
    stop_words: str
    spelling: str
    explaining: tuple[str, ...]
    titles: frozenset[str]
    sound_alike: tuple[str, ...]
    as_it_sounds: tuple[tuple[str, str], ...]
    repeats: dict[str, int]
    digits: dict[str, int]
    letters: dict[str, str]

    @cached_property
    def silent(self) -> frozenset[str]:
        """Words in a code that are no part of it."""
        return frozenset(self.fillers.split())

    @cached_property
    def everywhere(self) -> frozenset[str]:
        """Words that are in any question."""
        return frozenset(self.stop_words.split())

    @cached_property
    def characters(self) -> dict[str, str]:
        """Words for a letter or a digit."""
        digits = {word: str(value) for word, value in self.digits.items()}
        return {word: word[0] for word in self.spelling.split()} | self.letters | digits

    @cached_property
    def sounds(self) -> list[tuple[re.Pattern[str], str]]:
        """How names are made to look as they sound."""
        return [(re.compile(pattern), by) for pattern, by in self.as_it_sounds]


@cache
def misheard(language: str) -> Misheard:
    """Return how a language is misheard, given as a tag; English where that is not known of it."""
    path = file_of(language, "misheard.toml")
    return msgspec.toml.decode(path.read_bytes(), type=Misheard) if path else misheard("en")


def likeness(kind: Kind, language: str = "en") -> Callable[[str, str], float]:
    """Return the function that compares things of a kind, said in a language."""
    compare = {"code": code_likeness, "name": name_likeness, "text": text_likeness}[kind]
    return lambda said, written: compare(said, written, language)


def code_likeness(said: str, written: str, language: str = "en") -> float:
    """Compare a code as it was said with one as it is written.

    >>> code_likeness("P L four seven double two", "PL-4722")
    1.0
    """
    heard, there = code(said, language), code(written, language)
    if not heard or not there:
        return 0.0
    if heard == there:
        return 1.0
    # The letters before the number are often left out; a part of the number is only a hint.
    if len(heard) >= 3 and there.endswith(heard):
        return 0.95 if re.fullmatch(r"[a-z]+", there.removesuffix(heard)) else 0.8
    alike = misheard(language).sound_alike
    return max(0.0, 1 - distance(heard, there, alike=alike) / max(len(heard), len(there), 5))


@lru_cache(maxsize=8192)
def code(text: str, language: str = "en") -> str:
    """Return the letters and digits of a code, in lower case, however they are said; the letter O is a zero.

    >>> code("B as in bravo, forty seven, oh nine")
    'b4709'
    """
    numbers = load_language(language if file_of(language, "misheard.toml") else "en").numbers
    said = numbers.in_digits(text.casefold().replace("x-ray", "xray"))
    words = re.findall(r"[a-z]+|\d+", plain(said).replace("'", ""))
    return "".join(_characters(words, misheard(language))).replace("o", "0")


def _characters(words: Sequence[str], language: Misheard) -> Iterator[str]:
    at, repeat, last = 0, 1, ""
    while at < len(words):
        word, rest = words[at], words[at + 1 :]
        at += 1
        if len(last) == 1 and (skip := _explained(last, word, rest, language)):
            at += skip - 1
        elif word in language.repeats and rest:
            repeat = language.repeats[word]
        elif word.isdigit() or len(word) == 1 or word not in language.silent:
            last = language.characters.get(word, word)
            # "double two" repeats one character, "double two three" not the rest.
            yield last[0] * (repeat - 1) + last
            repeat = 1


def _explained(letter: str, word: str, rest: Sequence[str], language: Misheard) -> int:
    """Return how many words ("as in bravo") only say which letter was meant."""
    for phrase in map(str.split, language.explaining):
        example = rest[len(phrase) - 1 : len(phrase)]
        named = example and example[0].startswith(letter) and len(example[0]) > 1
        if named and [word, *rest][: len(phrase)] == phrase:
            return len(phrase) + 1
    return 0


def name_likeness(said: str, written: str, language: str = "en") -> float:
    """Compare a name as it was understood with one as it is written, by how they sound.

    >>> name_likeness("Southwork", "Southwark") > SURE["name"]
    True
    """
    heard, there = _parts(said, language), _parts(written, language)
    if not heard or not there:
        return 0.0
    length = sum(map(len, heard))
    parts = sum(len(part) * max(_alike(part, other) for other in there) for part in heard) / length
    return max(parts, _alike("".join(heard), "".join(there)))


@lru_cache(maxsize=8192)
def _parts(name: str, language: str) -> tuple[str, ...]:
    """Return the parts of a name as they sound; letters that were spelt are put together."""
    known = misheard(language)
    words = [word for word in re.findall(r"[a-z0-9]+", plain(name)) if word not in known.titles]
    if len(words) > 2 and all(len(word) == 1 or word in known.characters for word in words):
        words = ["".join(known.characters.get(word, word) for word in words)]
    return tuple(sound for word in words if (sound := _sounds(word, known)))


def _sounds(word: str, language: Misheard) -> str:
    for pattern, by in language.sounds:
        word = pattern.sub(by, word)
    return word


def text_likeness(said: str, written: str, language: str = "en") -> float:
    """Return how much of what was asked about is in what is written, in whichever words.

    >>> text_likeness("when are you open on sundays", "opening hours on Sunday")
    1.0
    """
    asked, there = _topic(said, language), _topic(written, language)
    return sum(any(_same_word(word, other) for other in there) for word in asked) / len(asked) if asked else 0.0


@lru_cache(maxsize=8192)
def _topic(text: str, language: str) -> tuple[str, ...]:
    known = misheard(language)
    return tuple(word for word in re.findall(r"[a-z0-9]+", plain(text)) if word not in known.everywhere)


def _same_word(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    return short == long or (len(short) >= 4 and (long.startswith(short) or _alike(word, other) >= 0.8))


def _alike(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    return 1 - distance(one, other) / longest if longest else 0.0


def distance(one: str, other: str, *, alike: tuple[str, ...] = ()) -> float:
    """Return how many characters were changed, lost, added or swapped with the next.

    A character counts half that was taken for one of the same group of `alike`.
    """
    before: list[float] = []
    row = [float(n) for n in range(len(other) + 1)]
    for i, a in enumerate(one, 1):
        above, before, row = before, row, [float(i)]
        for j, b in enumerate(other, 1):
            change = 0.0 if a == b else 0.5 if alike and _sound_alike(a, b, alike) else 1.0
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + change)
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row[-1]


@cache
def _sound_alike(one: str, other: str, groups: tuple[str, ...]) -> bool:
    return any(one in group and other in group for group in groups)


def plain(text: str) -> str:
    """Return `text` in lower case and without accents; ß is ss."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
