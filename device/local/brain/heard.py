"""What a recogniser wrote down, made ready for matching: text to plain words with marks for values."""

from __future__ import annotations

import re
import unicodedata
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Final, TypeAlias

from msgspec import Struct

from device.language.when import When
from device.skills.arithmetic.sums import Sum, Sums

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from device.language.language import Language

Value: TypeAlias = float | Sum | When

MARKS = {"number": "num", "duration": "dur", "sum": "sum", "when": "when"}
"""List name of a kind of value → its marks: "numa", "numb" and so on."""
MOST: Final = 6
"""Values of a kind in a sentence, one a letter; what is more stays as it was said, and no template takes it."""
_LETTERS = "abcdef"
_MARK = re.compile(rf"\b({'|'.join(MARKS.values())})[{_LETTERS}]\b")
_ALIKE: Final = 0.65
"""How like the wake word a word must be to be what is left of it: "ravis" is (0.91), "travis" (0.67), "service" not."""
_BOTH_ALIKE: Final = 0.85
"""The same for two words together: "jar vis"."""


class Heard(Struct):
    """A clause as words without punctuation, and the values that its marks stand for."""

    text: str
    values: dict[str, Value] = {}
    said: dict[str, str] = {}
    """What was said for each mark, or what says the same."""

    @property
    def skeleton(self) -> str:
        """The text with marks of a kind alike."""
        return _MARK.sub(r"\1", self.text)

    def words(self, text: str) -> str:
        """Return a part of the text with words in place of its marks."""
        return " ".join(self.said.get(word, word) for word in text.split())

    def mark(self, kind: str, value: Value, said: str) -> str:
        """Return the mark that stands for a value from now on; the words themselves if there are too many."""
        of_kind = sum(mark.startswith(MARKS[kind]) for mark in self.values)
        if of_kind >= MOST:
            return said
        name = MARKS[kind] + _LETTERS[of_kind]
        self.values[name], self.said[name] = value, said
        return f" {name} "


class Hearing:
    """Hears a language."""

    def __init__(self, language: Language) -> None:
        self._language = language
        self._contractions, self._symbols, self._homophones = (
            [(re.compile(pattern), by) for pattern, by in rules]
            for rules in (language.heard.contractions, language.heard.symbols, language.heard.homophones)
        )
        self._sums = Sums(language)
        self._minus = f"{language.numbers.minus} "
        self._number = re.compile(rf"\b(?:{re.escape(self._minus)})?\d+(?:\.\d+)?\b")

    def hear(self, clause: str, *, asked: bool = False) -> Heard:
        """Return a clause in lower case, contractions written out, numbers, spans of time, moments and sums as marks.

        It is the answer to a question if something was `asked` before.
        """
        language = self._language
        text = _substitute(clause.replace("\u2019", "'").lower(), self._contractions)
        text = language.numbers.in_digits(unicodedata.normalize("NFKC", text).lower())
        text = _substitute(text, self._symbols)
        text = " ".join(re.sub(r"[^\w\s.]|_|(?<!\d)\.|\.(?!\d)", " ", text).split())
        text = _substitute(text, self._homophones)
        heard = Heard("")
        if language.moments:
            text = language.moments.replace(text, lambda when, said: heard.mark("when", when, said), asked=asked)
        text = language.spans.replace(text, lambda span: heard.mark("duration", span, language.spans.said(span)))
        text = self._sums.replace(text, lambda task: heard.mark("sum", task, task.said(language)))
        text = self._number.sub(lambda m: heard.mark("number", float(m[0].replace(self._minus, "-")), m[0]), text)
        heard.text = " ".join(text.split())
        return heard


def is_mark(word: str) -> bool:
    """Return whether a word stands for a value."""
    return _MARK.fullmatch(word) is not None


def marked(text: str, values: Iterable[str]) -> str | None:
    """Return a skeleton with its marks replaced by those of `values`, in order; None if they do not fit."""
    kinds = set(MARKS.values())
    given = {kind: [mark for mark in values if mark.startswith(kind)] for kind in kinds}
    out = [given[word].pop(0) if given.get(word) else word for word in text.split()]
    return None if any(given.values()) or kinds.intersection(out) else " ".join(out)


def clauses(text: str, sentence_end: re.Pattern[str]) -> list[list[str]]:
    """Cut what was said into sentences, and each of them into clauses, by its punctuation."""
    sentences = sentence_end.split(text)
    return [
        parts for sentence in sentences if (parts := [p for p in re.split(r",\s+|\s+-+\s+", sentence) if p.strip()])
    ]


def with_commas(items: str, pieces: Sequence[str]) -> str:
    """Return `items`, some of the words of `pieces`, which commas were between, with those commas.

    >>> with_commas("milk eggs and bread", ["add milk", "eggs", "and bread to the list"])
    'milk, eggs, and bread'
    """
    words = [f"{word}," if last else word for piece in pieces for word, last in _ending(piece.split())]
    wanted = items.split()
    for at in range(len(words) - len(wanted) + 1):
        found = words[at : at + len(wanted)]
        if [word.rstrip(",") for word in found] == wanted:
            return " ".join(found).rstrip(",")
    return items


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
    if begin == len(words) > 2:
        begin = 0  # who is spoken to, and not called: "good night, Jarvis"; or somebody else: "I mean Paris"
    end = len(words) - (len(words) > begin and plain[-1] in names)
    return " ".join(words[begin:end])


def _ending(words: list[str]) -> Iterator[tuple[str, bool]]:
    return ((word, at == len(words)) for at, word in enumerate(words, 1))


def _substitute(text: str, pairs: Iterable[tuple[re.Pattern[str], str]]) -> str:
    for pattern, by in pairs:
        text = pattern.sub(by, text)
    return text
