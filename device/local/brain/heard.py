"""What a recogniser wrote down, made ready for matching: English text to plain words with marks for values."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from itertools import count
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from device.local.brain import arithmetic, durations
from device.local.brain.numbers import digits, plain_number

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

Value: TypeAlias = float | arithmetic.Sum

MARKS = {"number": "num", "duration": "dur", "sum": "sum"}
"""List name of a kind of value → its marks: "numa", "numb" and so on."""
MOST: Final = 6
"""Values of a kind in a sentence, one a letter; what is more stays as it was said, and no template takes it."""
_LETTERS = "abcdef"
_MARK = re.compile(rf"\b({'|'.join(MARKS.values())})[{_LETTERS}]\b")
_ALIKE: Final = 0.65
"""How like the wake word a word must be to be what is left of it: "ravis" is (0.91), "travis" (0.67), "service" not."""
_BOTH_ALIKE: Final = 0.85
"""The same for two words together: "jar vis"."""

_CONTRACTIONS = (
    (r"\b(can)'?t\b", r"\1not"),
    (r"\bwon't\b", "will not"),
    (r"\b(do|does|did|is|are|was|were|have|has|would|could|should)n'?t\b", r"\1 not"),
    (r"\blet's\b", "let us"),
    (r"\b(what|who|how|where|when|that|it|there|here)'s\b", r"\1 is"),
    (r"\bwhats\b", "what is"),
    (r"\b(what|who|how|where|that|it|there)'re\b", r"\1 are"),
    (r"\bi'?m\b", "i am"),
    (r"\b(you|we|they)'re\b", r"\1 are"),
    (r"\b(i|you|we|they)'ve\b", r"\1 have"),
    (r"\b(i|you|we|they|it|that|what)'(?:ll|d)\b", r"\1 will"),
    (r"(\w)'s\b", r"\1s"),
    (r"'", ""),
)
_SYMBOLS = (
    (r"(?<=\d)(?=[a-z])|(?<=[a-z])(?=\d)", " "),
    (r"%|\bper cent\b", " percent "),
    (r"°", " degrees "),
    (r"\bdegrees? (?=degrees?\b)", ""),
    ("\u00bd", " and a half "),
    ("\u00d7", " times "),
    ("\u00f7", " divided by "),
    ("[\u2212\u2013]", " minus "),
    (r"(?<![\d.])-(?=\d)", " minus "),
    (r"(?<=\d) ?- ?(?=\d)", " minus "),
    (r"(?<=\d) ?/ ?(?=\d)", " divided by "),
    (r" ?\+ ?", " plus "),
    (r" ?\* ?", " times "),
    (r"(?<=\d) ?x ?(?=\d)", " times "),
    (r" ?= ?", " equals "),
    (r"&", " and "),
)
_OPERATOR = "times|plus|minus|by|over|multiplied by|divided by"
_TIME = "hours?|minutes?|seconds?"
_HOMOPHONES = (
    (rf"\bfor (?:4|for) (?=\d+(?:\.\d+)? (?:{_TIME})\b)", "for "),
    (
        rf"\b(timers?|alarm|countdown|set|hours?|minutes?) 4 (?=\d+(?:\.\d+)? (?:{_TIME})\b|an? (?:{_TIME})\b|half\b)",
        r"\1 for ",
    ),
    # Nobody sets one for so long; "for ten" is heard as "410".
    (rf"\b(timers?|alarm|countdown) 4(?=[1-9]\d (?:{_TIME})\b)", r"\1 for "),
    (r"\b(volume|it|up|down|sound) 2 (?=\d)", r"\1 to "),
    (rf"\b(timer for|{_OPERATOR}) (?:for|fore)\b", r"\1 4"),
    (rf"\b(timer for|{_OPERATOR}) (?:to|too)\b", r"\1 2"),
    (rf"\b(timer for|{_OPERATOR}) (?:won)\b", r"\1 1"),
    (rf"\b(timer for|{_OPERATOR}) (?:ate)\b", r"\1 8"),
    (r"\b(?:for|fore) (times|plus|minus|divided by|multiplied by) (?=\d)", r"4 \1 "),
    (r"\b(?:to|too) (times|plus|minus|divided by|multiplied by) (?=\d)", r"2 \1 "),
    (r"\b(how many \w+ (?:is|are|in|make)) (?:to|too) (?=\w+s\b)", r"\1 2 "),
    (r"\b(how many \w+ (?:is|are|in|make)) (?:for|fore) (?=\w+s\b)", r"\1 4 "),
    (r"\b(?:thyme|dime) (?=is it)", "time "),
    (r"\b1 half\b", "half"),
    (r"\b((?:kilo)?met(?:er|re)s?|miles?) an? (?=hour\b|second\b)", r"\1 per "),
    # Words for what was spoken of, and no numbers.
    (r"\b(another|next) 1\b(?! (?:hour|minute|second|day|week)s?\b)", r"\1 one"),
    (r"\b1 more\b(?! (?:hour|minute|second|day|week)s?\b)", "one more"),
)


class Heard(Struct):
    """A clause as words without punctuation, and the values that its marks stand for."""

    text: str
    values: dict[str, Value] = {}

    @property
    def skeleton(self) -> str:
        """The text with marks of a kind alike."""
        return _MARK.sub(r"\1", self.text)


def hear(clause: str) -> Heard:
    """Return a clause in lower case, contractions written out, numbers, spans of time and sums as marks."""
    text = unicodedata.normalize("NFKC", clause.replace("\u2019", "'").replace("\u00bd", " and a half ")).lower()
    text = _substitute(text, _CONTRACTIONS)
    text = digits(text)
    text = _substitute(text, _SYMBOLS)
    text = " ".join(re.sub(r"[^\w\s.]|_|(?<!\d)\.|\.(?!\d)", " ", text).split())
    text = _substitute(text, _HOMOPHONES)
    values: dict[str, Value] = {}
    text = durations.replace(text, _marker("duration", values))
    text = arithmetic.replace(text, _marker("sum", values))
    numbers = _marker("number", values)
    text = re.sub(r"\b(?:minus )?\d+(?:\.\d+)?\b", lambda m: numbers(float(m[0].replace("minus ", "-"))), text)
    return Heard(" ".join(text.split()), values)


def is_mark(word: str) -> bool:
    """Return whether a word stands for a value."""
    return _MARK.fullmatch(word) is not None


def marked(text: str, values: Iterable[str]) -> str | None:
    """Return a skeleton with its marks replaced by those of `values`, in order; None if they do not fit."""
    kinds = set(MARKS.values())
    given = {kind: [mark for mark in values if mark.startswith(kind)] for kind in kinds}
    out = [given[word].pop(0) if given.get(word) else word for word in text.split()]
    return None if any(given.values()) or kinds.intersection(out) else " ".join(out)


def clauses(text: str) -> list[list[str]]:
    """Cut what was said into sentences, and each of them into clauses, by its punctuation."""
    sentences = re.split(r"[.?!\u2026]+(?:\s+|$)|[;:]\s+|\n+", text)
    return [
        parts for sentence in sentences if (parts := [p for p in re.split(r",\s+|\s+-+\s+", sentence) if p.strip()])
    ]


def without_wake_word(clause: str, names: Collection[str]) -> str:
    """Return a clause without the wake word, or what is left of it, at its beginning, and without a name at its end."""
    words = clause.split()
    plain = [re.sub(r"\W", "", word).lower() for word in words]
    alike = {
        (at, at + length): max(SequenceMatcher(None, "".join(plain[at : at + length]), name).ratio() for name in names)
        for at, length in ((0, 1), (1, 1), (2, 1), (0, 2), (1, 2))
        if at + length <= len(words)
    }
    close = [(ratio, end) for (at, end), ratio in alike.items() if ratio >= (_ALIKE if end - at == 1 else _BOTH_ALIKE)]
    begin = max(close)[1] if close else 0
    end = len(words) - (len(words) > begin and plain[-1] in names)
    return " ".join(words[begin:end])


def _marker(kind: str, values: dict[str, Value]) -> Callable[[Value], str]:
    numbers = count()

    def mark(value: Value) -> str:
        at = next(numbers)
        if at >= MOST:
            return plain_number(value) if isinstance(value, float) else str(value)
        name = MARKS[kind] + _LETTERS[at]
        values[name] = value
        return f" {name} "

    return mark


def _substitute(text: str, pairs: Iterable[tuple[str, str]]) -> str:
    for pattern, by in pairs:
        text = re.sub(pattern, by, text)
    return text
