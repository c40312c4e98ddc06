"""What somebody took back of what he said, and said otherwise: "white bread, sorry, I mean brown bread". Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from device.local.brain.heard import MARKS, is_mark
from device.local.brain.wording import BREAK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from device.local.brain.heard import Heard


class Corrections:
    """Knows how people take words back; `between` is what they say then.

    `light` says of words which carry no meaning, `known` whether a word has one of its own: "timer", "to".
    """

    def __init__(
        self, between: str, light: Callable[[Sequence[str]], Sequence[bool]], known: Callable[[str], bool]
    ) -> None:
        self._between = re.compile(rf"(?<=\S) (?:{between}) (?=\S)")
        self._light = light
        self._known = known

    def meant(self, heard: Heard) -> str | None:
        """Return the words that were meant, with commas for punctuation; None if nothing was taken back."""
        parts = self._between.split(heard.text)
        if len(parts) != 2:
            return None
        said, instead = (part.split() for part in parts)
        if is_mark(said[-1]) and any(map(is_mark, instead[:2])):
            at = next(at for at, word in enumerate(instead) if is_mark(word))
            words = self._other_value(said, instead[at:] if all(self._light(instead[:at])) else instead, heard)
        elif (begin := self._begin(said, instead)) is None:
            return None
        else:
            core = self._core(instead)
            words = [*said[:begin], *instead[:core], *said[begin + core :], *instead[core:]]
        return heard.words(" ".join(words)).replace(f" {BREAK}", ",") if words else None

    def instead(self, heard: Heard) -> list[str]:
        """Return the words that were said last instead of others, which may be a request of its own."""
        parts = self._between.split(heard.text)
        return parts[-1].split() if len(parts) > 1 else []

    @staticmethod
    def _other_value(said: Sequence[str], instead: Sequence[str], heard: Heard) -> list[str]:
        """Return the words with another value; a bare number counts what the first one counted."""
        number = MARKS["number"]
        if said[-1].startswith(number) or not instead[0].startswith(number):
            return [*said[:-1], *instead]
        before = heard.said[said[-1]]
        if len(re.findall(r"\d+", before)) != 1:
            return []
        return [*said[:-1], re.sub(r"\d+", heard.said[instead[0]], before), *instead[1:]]

    def _core(self, instead: Sequence[str]) -> int:
        """Return how many of the words that were said instead count: without "please" at the end."""
        light = self._light(instead)
        return max((at + 1 for at in range(len(instead)) if not light[at]), default=0)

    def _begin(self, said: Sequence[str], instead: Sequence[str]) -> int | None:
        """Return where what was taken back begins: at the word that is said again, or as far from it as that is."""
        light, other_light = self._light(said), self._light(instead)
        kinds = [_kind(word) for word in said]
        for at, word in enumerate(instead):
            if other_light[at] or _kind(word) not in kinds[1:]:
                continue
            same = len(said) - 1 - kinds[::-1].index(_kind(word))
            begin = max(1, same - at)
            while begin < same and light[begin] and said[begin] != instead[0]:
                begin += 1
            return begin
        count = next((at for at, is_light in enumerate(other_light) if at and is_light), len(instead))
        return self._last_words(said, instead, count - (other_light[0] and count > 1))

    def _last_words(self, said: Sequence[str], instead: Sequence[str], count: int) -> int | None:
        """Return where the last words begin, as many as were said instead, that carry a meaning of their own."""
        light, begin = self._light(said), len(said)
        while (
            begin > max(1, len(said) - count)
            and not light[begin - 1]
            and not is_mark(said[begin - 1])
            and not self._known(said[begin - 1])
        ):
            begin -= 1
        return begin - (said[begin - 1] == instead[0]) if begin < len(said) else None


def _kind(word: str) -> str:
    return word[:-1] if is_mark(word) else word
