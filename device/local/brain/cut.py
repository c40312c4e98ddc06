"""Cutting text that comes in drops into sentences, each as soon as it is complete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST_CLAUSE: Final = 50
"""Letters from which the first sentence of a reply may end at a comma, so that it is heard sooner.

Some three seconds of speech, in which a model writes on; cut earlier, the voice would fall at a comma and then wait.
"""
_LONGEST: Final = 400
"""Letters from which a sentence is cut between words: half a minute of speech, which nobody waits for."""
_ABBREVIATION = re.compile(
    r"(?:mr|mrs|ms|dr|prof|sr|jr|st|nos?|vs|etc|approx|dept|fig|vol|inc|ltd|co|corp|gen|col|sgt|capt|rev|hon|cf"
    r"|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tue|wed|thu|fri|sat|(?:[a-z]\.)+[a-z]|[a-hj-z])"
)
"""Before a dot that ends no sentence; a single letter is an initial, but "I" is a word."""
_END = re.compile(r"[.!?\u2026]+[\"'\u201d\u2019)\]*_]*(?=\s)|[\u3002\uff01\uff1f]|\n")
_CLAUSE = re.compile(r"[,;:](?=\s)|\s[\u2013\u2014-](?=\s)")
_BEFORE_DOT = re.compile(r"([\w.]+)\.$")


class Cutter:
    """Takes a reply in any pieces; gives it out in sentences, without the white space between them."""

    def __init__(self) -> None:
        self._text = ""
        self._first = True

    def push(self, piece: str) -> Iterator[str]:
        """Add what came; yield the sentences that are now complete."""
        self._text = (self._text + piece).lstrip()
        while end := self._end():
            sentence, self._text = self._text[:end].strip(), self._text[end:].lstrip()
            self._first = False
            yield sentence

    def flush(self) -> Iterator[str]:
        """Yield what is left at the end of the reply."""
        if sentence := self._text.strip():
            yield sentence
        self._text = ""

    def _end(self) -> int:
        """Return where the first sentence ends; 0 if it does not yet."""
        for match in _END.finditer(self._text):
            if not _no_end(self._text[: match.end()]):
                return match.end()
        if self._first and len(self._text) > _FIRST_CLAUSE:
            for match in _CLAUSE.finditer(self._text, _FIRST_CLAUSE):
                return match.end()
        if len(self._text) > _LONGEST:
            return self._text.rfind(" ", 0, _LONGEST) + 1 or _LONGEST
        return 0


def _no_end(text: str) -> bool:
    """Return whether the dot at the end of `text` is one of an abbreviation, an initial or a list's number."""
    word = _BEFORE_DOT.search(text)
    if not word:
        return False
    before = word[1].lower()
    alone = not text[: word.start()].strip() or text[: word.start()].rstrip(" ").endswith("\n")
    return bool(_ABBREVIATION.fullmatch(before)) or (before.isdigit() and alone)


def sentences(text: str) -> list[str]:
    """Return a whole text in sentences."""
    cutter = Cutter()
    return [*cutter.push(text), *cutter.flush()]
