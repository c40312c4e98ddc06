"""How many words a recogniser got wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from device.language.language import load_language

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_OCLOCK = re.compile(r"\b(\d{1,2}):00\b")
_ALIKE = (
    (r"\u2019", "'"),
    (r"\b(can)'t\b|\bcannot\b", "can not"),
    (r"\bwon't\b", "will not"),
    (r"n't\b", " not"),
    (r"\b(i)'m\b", r"\1 am"),
    (r"'re\b", " are"),
    (r"'ve\b", " have"),
    (r"'ll\b", " will"),
    (r"\b(what|where|who|how|when|that|it|there|here|time)'s\b", r"\1 is"),
    (r"'", ""),
    (r"%", " percent "),
    (r"\bper cent\b", "percent"),
    (r"\bokay\b", "ok"),
    (r"(\d),(\d{3})\b", r"\1\2"),
    (r"\b([ap])[. ]m\b\.?", r"\1m"),
    (r"\b(\d+) oclock ?([ap]m)\b", r"\1 \2"),
    (r"(metre|litre|centre)", lambda found: found[0][:-2] + "er"),
    (r"\bto (day|morrow|night)\b", r"to\1"),
    (r"\b(\d+)(st|nd|rd|th)\b", r"\1"),
)
"""What is only written in another way: contractions, signs, times of day, British spelling; as the normaliser of
Whisper's authors does it for English (Radford et al., 2022, arXiv:2212.04356, appendix C), on both sides."""


def word_error_rate(pairs: Iterable[tuple[str, str]]) -> float:
    """Return the words that were heard wrong of what was said, in percent; `pairs` are what was said and heard."""
    split = [(words(said), words(heard)) for said, heard in pairs]
    total = sum(len(said) for said, _ in split)
    return 100 * sum(errors(said, heard) for said, heard in split) / total if total else float("nan")


def words(text: str) -> list[str]:
    """Return the words of a text, numbers as digits."""
    text = _OCLOCK.sub(r"\1 oclock", text.lower().replace("-", " "))
    text = load_language("en").numbers.in_digits(text)
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
