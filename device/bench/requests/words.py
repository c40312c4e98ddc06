"""How many words a recogniser got wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from device.language.language import load_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_ALIKE = (
    (r"\bwhat's\b", "what is"),
    (r"\bwhere's\b", "where is"),
    (r"\btime's\b", "time is"),
    (r"%", " percent "),
    (r"\bper cent\b", "percent"),
    (r"\bokay\b", "ok"),
    (r"(\d),(\d{3})\b", r"\1\2"),
    (r"\b([ap])[. ]m\b\.?", r"\1m"),
    (r"[\u2019']", ""),
    (r"metre", "meter"),
    (r"\b(\d+)(st|nd|rd|th)\b", r"\1"),
)
"""What is only spelt in another way."""


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Return the words that were heard wrong of what was said, in percent; `pairs` are what was said and heard."""
    split = [(words(said), words(heard)) for said, heard in pairs]
    total = sum(len(said) for said, _ in split)
    return 100 * sum(errors(said, heard) for said, heard in split) / total if total else float("nan")


def words(text: str) -> list[str]:
    """Return the words of a text, numbers as digits."""
    text = load_language("en").numbers.in_digits(text.lower().replace("-", " "))
    for pattern, alike in _ALIKE:
        text = re.sub(pattern, alike, text)
    return re.findall(r"[a-z]+|\d+", text)


def errors(said: Sequence[str], heard: Sequence[str]) -> int:
    """Return how many words must be changed, added or taken away (Levenshtein's distance).

    >>> errors(["set", "a", "timer"], ["santa", "timer"])
    2
    """
    row = list(range(len(heard) + 1))
    for i, word in enumerate(said, 1):
        before, row[0] = row[0], i
        for j, other in enumerate(heard, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (word != other))
    return row[-1]
