"""The words around a request: which carry no meaning, where clauses begin, and what is said beside it. Pure."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.language.language import Language

BREAK: Final = "\u01c0"
"""Stands for punctuation among words: a letter that looks like a bar, so that hearing leaves it alone."""


class Wording:
    """A language's words for requests; of one without `requests.toml` there are none.

    `sampled` returns all that a template says, each as its words.
    """

    def __init__(self, language: Language, sampled: Callable[[str], set[tuple[str, ...]]]) -> None:
        known = language.requests
        self.subjects = known.subjects if known else frozenset[str]()
        """Who does what is told, and not asked for."""
        self._light, self._polite, self._asking, self._particles = (
            {phrase for text in texts for phrase in sampled(text)}
            for texts in ((known.light, known.polite, known.asking, known.particles) if known else ((),) * 4)
        )
        self._begins = re.compile(known.re_begins if known else r"(?!)")
        self._orders = re.compile(known.re_orders if known else r"(?!)()")
        self._joins = re.compile(known.re_joins if known else r"(?!)")
        self._aside = re.compile(known.re_asides if known else r"(?!)")
        self._asked = re.compile(known.re_asked if known else r"(?!)")
        self._against = re.compile(known.re_against if known else r"(?!)")
        corrected = known.re_corrected if known else r"(?!)"
        self._corrected = re.compile(
            rf"\b(num|dur|when)[a-f](?P<unit> [a-z]+)?(?: {BREAK})? (?:{corrected})(?: {BREAK})? "
            r"(?=(num|dur|when)[a-f]\b(?(unit)(?P=unit)\b))"
        )

    def asked(self, words: Sequence[str]) -> bool:
        """Return whether words begin as a question does, which changes nothing."""
        return self._asked.search(" ".join(words)) is not None

    def against(self, words: Sequence[str]) -> bool:
        """Return whether words beside a request make it none: "if", "he said"."""
        return self._against.search(" ".join(words)) is not None

    def light(self, words: Sequence[str]) -> list[bool]:
        """Return of each word whether it carries no meaning."""
        both = zip(covered(words, self._light), self.polite(words), words, strict=True)
        return [light or polite or word == BREAK for light, polite, word in both]

    def polite(self, words: Sequence[str]) -> list[bool]:
        """Return of each word whether it shows that something is asked for."""
        return covered(words, self._polite)

    def asking(self, words: Sequence[str]) -> list[bool]:
        """Return of each word whether it changes nothing in a question."""
        return [a or b for a, b in zip(self.light(words), covered(words, self._asking), strict=True)]

    def is_particle(self, word: str) -> bool:
        """Return whether a light word may end what is done: "turn the oven on"."""
        return (word,) in self._particles

    def asks_for_clause(self, word: str) -> bool:
        """Return whether a clause after a word is asked for: "when (it is done)"."""
        return (word,) in self._asking and not self.is_particle(word)

    def corrected(self, text: str) -> str:
        """Return text without what was taken back: "ten, no, twelve minutes"."""

        def only_last(match: re.Match[str]) -> str:
            first, second = match[1], match[3]
            return "" if first == second or (first, second) == ("num", "dur") else match[0]

        return self._corrected.sub(only_last, text)

    def corrections(self, text: str) -> list[tuple[str, str]]:
        """Return the marks of which the first was taken back, and the second said instead."""
        found = self._corrected.finditer(text)
        return [(match[0].partition(" ")[0], text[match.end() :].partition(" ")[0]) for match in found]

    def clauses(self, words: Sequence[str]) -> list[int]:
        """Return at which words clauses begin, in order."""
        text = " ".join(words)
        cuts = {0, *(text[: match.start()].count(" ") for match in self._begins.finditer(text))}
        cuts |= {text[: match.start(1)].count(" ") for match in self._orders.finditer(text)}
        cuts |= {at for n, word in enumerate(words) if word == BREAK for at in (n, n + 1)}
        return sorted(cut for cut in cuts if cut < len(words) and words[cut] != BREAK)

    def seams(self, words: Sequence[str]) -> list[int]:
        """Return at which words another request may begin: after a comma or "and", and with a clause."""
        after = [at for at, word in enumerate(words[1:], 1) if word == BREAK or self._joins.fullmatch(word)]
        return sorted({*self.clauses(words)[1:], *after})

    def without_joint(self, words: Sequence[str]) -> list[str]:
        """Return words without "and", "then" and commas before them and after them."""
        first, last = 0, len(words)
        while first < last and (words[first] == BREAK or self._joins.fullmatch(words[first])):
            first += 1
        while last > first and (words[last - 1] == BREAK or self._joins.fullmatch(words[last - 1])):
            last -= 1
        return list(words[first:last])

    def asides(self, words: Sequence[str], clauses: Sequence[int]) -> list[bool]:
        """Return of each word whether its clause says why, or something else beside a request."""
        found = []
        for begin, end in pairwise((*clauses, len(words))):
            clause = " ".join(word for word in words[begin:end] if word != BREAK)
            found += [self._aside.search(clause) is not None] * (end - begin)
        return [False] * (len(words) - len(found)) + found


def covered(words: Sequence[str], phrases: set[tuple[str, ...]]) -> list[bool]:
    """Return of each word whether it belongs to one of the phrases.

    >>> covered(["if", "you", "can", "go"], {("if", "you", "can")})
    [True, True, True, False]
    """
    found = [False] * len(words)
    longest = max(map(len, phrases), default=0)
    for begin in range(len(words)):
        for length in range(1, longest + 1):
            if tuple(words[begin : begin + length]) in phrases:
                found[begin : begin + length] = [True] * len(words[begin : begin + length])
    return found
