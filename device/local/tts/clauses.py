"""Text cut into the pieces that a voice speaks in one breath: a long sentence is heard before it is finished."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator

FIRST: Final = 90
"""Letters of the first piece, at most: some five seconds of speech, which a voice plans in 100 ms here. A choice."""
LATER: Final = 180
"""… and of those that follow, which are planned while the one before is heard."""
_MARK = re.compile(r"""[,;:.!?\u2026]+["'\u201d\u2019)\]]*(?=\s|$)""")
_ENDS: Final = ".!?"
_CONJUNCTION = re.compile(r"\s(?=(?:and|or|but|because|which|while|so|then|und|oder|aber|weil)\s)")
_SHORT: Final = 12
"""Letters of a rest that is not worth a breath of its own."""


class Clause(Struct, frozen=True):
    """Words up to a mark."""

    text: str
    mark: str
    """One of , ; : . ! ? or nothing."""


class Piece(Struct, frozen=True):
    """What is spoken in one breath."""

    clauses: tuple[Clause, ...]

    @property
    def ends(self) -> bool:
        """Whether a sentence ends with it."""
        return self.clauses[-1].mark in _ENDS

    @property
    def words(self) -> list[str]:
        """Its words, without marks between them."""
        return [word for clause in self.clauses for word in clause.text.split()]


def pieces(text: str, first: int = FIRST) -> Iterator[Piece]:
    """Cut a line of text at the ends of its sentences, and long sentences at clauses.

    The first piece has at most `first` letters, if there is a clause to cut at. What has no mark at its end is taken
    for a sentence. What has no words is left out.
    """
    limit = first
    for sentence in _sentences(text):
        rest = sentence
        while rest:
            taken = _take(rest, limit)
            yield Piece(tuple(rest[:taken]))
            rest, limit = rest[taken:], LATER


def _take(clauses: list[Clause], limit: int) -> int:
    """Return how many of a sentence's clauses are the next piece."""
    lengths = [len(clause.text) + 2 for clause in clauses]
    if sum(lengths) <= limit + _SHORT:
        return len(clauses)
    taken = 1
    while sum(lengths[: taken + 1]) <= limit and sum(lengths[taken + 1 :]) >= _SHORT:
        taken += 1
    return taken


def _sentences(text: str) -> Iterator[list[Clause]]:
    sentence: list[Clause] = []
    for clause in _clauses(text):
        sentence.append(clause)
        if clause.mark in _ENDS:
            yield sentence
            sentence = []
    if sentence:
        yield sentence


def _clauses(text: str) -> Iterator[Clause]:
    place = 0
    found = [*_MARK.finditer(text), None]
    for match in found:
        words = text[place : match.start() if match else len(text)]
        place = match.end() if match else len(text)
        if any(letter.isalnum() for letter in words) or _symbols(words):
            *before, last = _short(" ".join(words.split()))
            yield from (Clause(part, "") for part in before)
            yield Clause(last, _mark(match[0], text[place : place + 2].strip()) if match else ".")


def _symbols(words: str) -> bool:
    return any(not letter.isspace() and letter not in "\"'()[]-" for letter in words)


def _mark(marks: str, follows: str) -> str:
    """Return the one mark that counts of several; dots that trail off end a sentence only if another begins."""
    for mark in "?!":
        if mark in marks:
            return mark
    trails = marks[0] == "\u2026" or marks.startswith("..")
    return ("," if follows.islower() else ".") if trails else marks[0]


def _short(words: str) -> list[str]:
    """Cut a clause that is too long for one piece, before a conjunction or at least between words."""
    parts = []
    while len(words) > FIRST:
        cuts = [match.start() for match in _CONJUNCTION.finditer(words, _SHORT, FIRST)]
        cut = cuts[-1] if cuts else words.rfind(" ", _SHORT, FIRST)
        cut = cut if cut > 0 else FIRST
        parts.append(words[:cut].strip())
        words = words[cut:].strip()
    return [*parts, words] if words else parts
