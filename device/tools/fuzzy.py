"""How near what was said comes to what is written, given what speech recognition makes of it. Pure.

Each function takes what was said and what is written and returns a likeness from 0 to 1. What counts as the same thing
is in `SURE`, and what may be worth asking about in `NEAR`.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

from device.data import DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from device.settings.tools import Kind


SURE: Final[dict[Kind, float]] = {"code": 0.95, "name": 0.8, "text": 0.5}
NEAR: Final[dict[Kind, float]] = {"code": 0.7, "name": 0.6, "text": 0.3}

_WORDS: Final = tomllib.loads((DATA / "languages" / "en" / "misheard.toml").read_text("utf-8"))
_VALUES: Final[dict[str, int]] = {
    **{word: value for value, word in enumerate(_WORDS["units"].split())},
    **{word: 10 * value for value, word in enumerate(_WORDS["tens"].split(), 2)},
    **_WORDS["digits"],
}
_LETTERS: Final[dict[str, str]] = {word: word[0] for word in _WORDS["spelling"].split()} | _WORDS["letters"]
_REPEATS: Final = {"double": 2, "triple": 3, "treble": 3}
_FILLERS: Final = frozenset(_WORDS["fillers"].split())
_STOP_WORDS: Final = frozenset(_WORDS["stop_words"].split())
_SOUND_ALIKE: Final = ("bcdegptvz3", "ajk8", "fsx", "mn", "iy59", "qu2")
"""Characters whose names are taken for each other."""
_AS_IT_SOUNDS: Final = tuple(
    (re.compile(pattern), by)
    for pattern, by in (
        (r"ph", "f"),
        (r"tz|ts|z", "s"),
        (r"ck|ch|q|c(?![eiy])", "k"),
        (r"c", "s"),
        (r"gh|(?<=[a-z])h", ""),
        (r"dt|th", "t"),
        (r"w", "v"),
        (r"ou|oo", "u"),
        (r"e[iy]|a[iy]|ie|ee|ea|y", "i"),
        (r"(.)\1+", r"\1"),
        (r"(?<=.)e$", ""),
    )
)


def likeness(kind: Kind) -> Callable[[str, str], float]:
    """Return the function that compares things of a kind."""
    return {"code": code_likeness, "name": name_likeness, "text": text_likeness}[kind]


def code_likeness(said: str, written: str) -> float:
    """Compare a code as it was said with one as it is written.

    >>> code_likeness("P L four seven double two", "PL-4722")
    1.0
    """
    heard, there = code(said), code(written)
    if not heard or not there:
        return 0.0
    if heard == there:
        return 1.0
    # The letters before the number are often left out; a part of the number is only a hint.
    if len(heard) >= 3 and there.endswith(heard):
        return 0.95 if re.fullmatch(r"[a-z]+", there.removesuffix(heard)) else 0.8
    return max(0.0, 1 - distance(heard, there, alike=True) / max(len(heard), len(there), 5))


@lru_cache(maxsize=8192)
def code(text: str) -> str:
    """Return the letters and digits of a code, in lower case, however they are said; the letter O is a zero.

    >>> code("B as in bravo, forty seven, oh nine")
    'b4709'
    """
    words = re.findall(r"[a-z]+|\d+", plain(text).replace("x-ray", "xray").replace("'", ""))
    return "".join(_characters(words)).replace("o", "0")


def _characters(words: Sequence[str]) -> Iterator[str]:
    at, repeat, last = 0, 1, ""
    while at < len(words):
        word, rest = words[at], words[at + 1 :]
        at += 1
        if len(last) == 1 and (skip := _explained(last, word, rest)):
            at += skip - 1
        elif word in _REPEATS and rest:
            repeat = _REPEATS[word]
        else:
            used = 1
            if word in _VALUES:
                used, last = _number(words[at - 1 :])
                at += used - 1
            elif word.isdigit() or len(word) == 1 or word not in _FILLERS:
                last = _LETTERS.get(word, word)
            else:
                continue
            # "double two" repeats one character, "double two three" not the rest.
            yield last[0] * (repeat - 1) + last
            repeat = 1


def _explained(letter: str, word: str, rest: Sequence[str]) -> int:
    """Return how many words ("as in bravo") only say which letter was meant."""
    for phrase in (("as", "in"), ("like",), ("for",)):
        example = rest[len(phrase) - 1 : len(phrase)]
        named = example and example[0].startswith(letter) and len(example[0]) > 1 and example[0] not in _VALUES
        if named and (word, *rest)[: len(phrase)] == phrase:
            return len(phrase) + 1
    return 0


def _number(words: Sequence[str]) -> tuple[int, str]:
    """Return how many of `words`, the first of which is of a number, say one number, and its digits."""
    run = 0
    while run < len(words) and (words[run] in _VALUES or words[run] in {"hundred", "thousand", "and"}):
        run += 1
    if {"hundred", "thousand"} & set(words[:run]):
        total = part = 0
        for word in words[:run]:
            if word == "hundred":
                part = max(1, part) * 100
            elif word == "thousand":
                total, part = total + max(1, part) * 1000, 0
            else:
                part += _VALUES.get(word, 0)
        return run, str(total + part)
    value = _VALUES[words[0]]
    unit = _VALUES.get(words[1], 0) if value >= 20 and len(words) > 1 else 0
    return (2, str(value + unit)) if 1 <= unit <= 9 else (1, str(value))


def name_likeness(said: str, written: str) -> float:
    """Compare a name as it was understood with one as it is written, by how they sound.

    >>> name_likeness("Southwork", "Southwark") > SURE["name"]
    True
    """
    heard, there = _parts(said), _parts(written)
    if not heard or not there:
        return 0.0
    length = sum(map(len, heard))
    parts = sum(len(part) * max(_alike(part, other) for other in there) for part in heard) / length
    return max(parts, _alike("".join(heard), "".join(there)))


@lru_cache(maxsize=8192)
def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of a name as they sound; letters that were spelt are put together."""
    words = [word for word in re.findall(r"[a-z0-9]+", plain(name)) if word not in {"the", "of", "mr", "mrs", "ms"}]
    if len(words) > 2 and all(len(word) == 1 or word in _LETTERS for word in words):
        words = ["".join(_LETTERS.get(word, word) for word in words)]
    return tuple(sound for word in words if (sound := _sounds(word)))


def _sounds(word: str) -> str:
    for pattern, by in _AS_IT_SOUNDS:
        word = pattern.sub(by, word)
    return word


def text_likeness(said: str, written: str) -> float:
    """Return how much of what was asked about is in what is written, in whichever words.

    >>> text_likeness("when are you open on sundays", "opening hours on Sunday")
    1.0
    """
    asked, there = _topic(said), _topic(written)
    return sum(any(_same_word(word, other) for other in there) for word in asked) / len(asked) if asked else 0.0


@lru_cache(maxsize=8192)
def _topic(text: str) -> tuple[str, ...]:
    return tuple(word for word in re.findall(r"[a-z0-9]+", plain(text)) if word not in _STOP_WORDS)


def _same_word(word: str, other: str) -> bool:
    short, long = sorted((word, other), key=len)
    return short == long or (len(short) >= 4 and (long.startswith(short) or _alike(word, other) >= 0.8))


def _alike(one: str, other: str) -> float:
    longest = max(len(one), len(other))
    return 1 - distance(one, other) / longest if longest else 0.0


def distance(one: str, other: str, *, alike: bool = False) -> float:
    """Return how many characters were changed, lost, added or swapped with the next.

    With `alike`, a character counts half that was taken for one whose name sounds alike.
    """
    before: list[float] = []
    row = [float(n) for n in range(len(other) + 1)]
    for i, a in enumerate(one, 1):
        above, before, row = before, row, [float(i)]
        for j, b in enumerate(other, 1):
            change = 0.0 if a == b else 0.5 if alike and _sound_alike(a, b) else 1.0
            best = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + change)
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                best = min(best, above[j - 2] + 1)
            row.append(best)
    return row[-1]


@cache
def _sound_alike(one: str, other: str) -> bool:
    return any(one in group and other in group for group in _SOUND_ALIKE)


def plain(text: str) -> str:
    """Return `text` in lower case and without accents."""
    return "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
