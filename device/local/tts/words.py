"""Which words go with which: as they are written, as they are spoken, and as they sound."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_STEPS = ((1, 1), (1, 2), (2, 1), (1, 3), (3, 1), (1, 0), (0, 1))
"""How many words may go with how many groups of sounds: "of the" may sound as one, "3.5" as three."""

_STRESS = "ˈˌː"
"""IPA's signs for what is no sound by itself."""
_DIGIT = 5
"""Sounds of a digit, about."""
_UNLIKE, _SILENT = 4.0, 4.0
"""Letters that it is worth if some words have another number of groups, and if they have none or are none. Choices by
the tests."""


def spoken_as(written: Sequence[str], spoken: Sequence[str]) -> list[tuple[int, int]]:
    """Return for each written word which of the spoken ones it is, as (from, to); they are the same if nothing is said.

    "21 °C now" is spoken as "twenty-one degrees Celsius now".
    """
    found: list[tuple[int, int]] = []
    matcher = SequenceMatcher(None, [_bare(word) for word in written], [_bare(word) for word in spoken], autojunk=False)
    for kind, first, last, start, end in matcher.get_opcodes():
        if kind == "equal":
            found += [(place, place + 1) for place in range(start, end)]
            continue
        # A word without letters, such as a picture, is spoken only where nothing else is.
        shares = [any(letter.isalnum() for letter in word) for word in written[first:last]]
        shares = shares if any(shares) else [True] * (last - first)
        edges = [start + round((end - start) * n / (sum(shares) or 1)) for n in range(sum(shares) + 1)]
        for share in shares:
            found.append((edges[0], edges[1] if share else edges[0]))
            edges = edges[share:]
    return found


def sounds_of(words: Sequence[str], sounds: Sequence[str]) -> list[tuple[int, int]]:
    """Return for each word which of the groups of sounds it is, as (from, to), by their lengths and order.

    A word that sounds with its neighbour has the same group as that.
    """
    if len(words) == len(sounds):
        return [(n, n + 1) for n in range(len(words))]
    paths: dict[tuple[int, int], tuple[float, tuple[int, int]]] = {(0, 0): (0.0, (0, 0))}
    for i in range(len(words) + 1):
        for j in range(len(sounds) + 1):
            options = [
                (paths[i - a, j - b][0] + _cost(words[i - a : i], sounds[j - b : j]), (a, b))
                for a, b in _STEPS
                if (i - a, j - b) in paths and (i, j) != (0, 0)
            ]
            if options:
                paths[i, j] = min(options)
    place = (len(words), len(sounds))
    found: list[tuple[int, int]] = []
    while place != (0, 0):
        a, b = paths[place][1]
        span = (place[1] - b, place[1])
        found += [span] * a
        place = (place[0] - a, place[1] - b)
    return found[::-1]


def _cost(words: Sequence[str], sounds: Sequence[str]) -> float:
    """Say how little some words and some sounds are like each other: English has about as many of both."""
    letters = sum(_DIGIT if letter.isdigit() else 1 for word in words for letter in word)
    heard = sum(letter not in _STRESS for group in sounds for letter in group)
    return abs(letters - heard) + _UNLIKE * abs(len(words) - len(sounds)) + _SILENT * (not (words and sounds))


def _bare(word: str) -> str:
    return "".join(letter for letter in word.casefold() if letter.isalnum()) or word
