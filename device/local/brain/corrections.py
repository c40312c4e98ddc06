"""What somebody took back of what he said, and said otherwise: "white bread, sorry, I mean brown bread". Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from device.local.brain.heard import MARKS, Heard, is_mark
from device.local.brain.wording import BREAK

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Corrections:
    """Knows how people take words back; `between` is what they say then, `perhaps` what they may also say otherwise.

    `light` says of words which carry no meaning, `known` whether a word has one of its own: "timer", "to".
    """

    def __init__(
        self,
        between: str,
        light: Callable[[Sequence[str]], Sequence[bool]],
        known: Callable[[str], bool],
        perhaps: str = r"(?!)",
    ) -> None:
        self._between = re.compile(rf"(?<=\S) (?:{between}) (?=\S)")
        self._perhaps = re.compile(rf"(?<=\S) (?:{perhaps}) (?=\S)")
        self._begins = re.compile(rf"{BREAK} (?:{between}|{perhaps}) \S")
        self._light = light
        self._known = known

    def meant(self, heard: Heard) -> str | None:
        """Return the words that were meant, with commas for punctuation; None if nothing was taken back."""
        parts = self._between.split(heard.text)
        if len(parts) != 2:
            return None
        said, instead = (part.split() for part in parts)
        at = next((at for at, word in enumerate(instead) if is_mark(word)), 0)
        if is_mark(said[-1]) and is_mark(instead[at]) and all(self._light(instead[:at])):
            words = self._other_value(said, instead[at:], heard)
        elif (begin := self._begin(said, instead)) is None:
            return None
        else:
            core = self._core(instead) or len(instead)
            words = [*said[:begin], *instead[:core], *said[begin + core :], *instead[core:]]
        return heard.words(" ".join(words)).replace(f" {BREAK}", ",") if words else None

    def instead(self, heard: Heard) -> list[str]:
        """Return the words that were said last instead of others, which may be a request of its own."""
        parts = self._between.split(heard.text)
        return parts[-1].split() if len(parts) > 1 else []

    def begins(self, heard: Heard) -> bool:
        """Return whether something is said instead of what was said in the sentence before: "no, fifteen"."""
        return self._begins.match(f"{BREAK} {heard.text}") is not None

    def halves(self, heard: Heard) -> tuple[str, list[str], bool] | None:
        """Return all that was said before something was taken back, the words that were said instead, and if surely.

        None if nothing was, or more than once. Where only `perhaps` something was, what may be any words may have such
        a word in it, "no salt", unless it comes after one that does not belong to it.
        """
        for between in (self._between, self._perhaps):
            parts = [part.split() for part in between.split(heard.text)]
            if len(parts) == 2 and (core := self._core(parts[1])):
                said, instead = parts
                sure = between is self._between or is_mark(said[-1]) or self._known(said[-1])
                return heard.words(" ".join(said)).replace(f" {BREAK}", ","), instead[:core], sure
        return None

    def in_place(self, said: Heard, words: str, value: object, instead: Sequence[str], other: Heard) -> str | None:
        """Return `said` with what was said `instead`, heard as `other`, in place of the last `words` of a value.

        None if that is no value of its kind.
        """
        if isinstance(value, str):
            if any(map(is_mark, instead)) or f" {words} " not in f" {said.text} ":
                return None
            return f" {said.text} ".replace(f" {words} ", f" {' '.join(instead)} ").strip()
        mark = next((mark for mark, one in said.values.items() if one == value), "")
        if not mark or len(instead) != 1 or not is_mark(instead[0]):
            return None
        if _kind(instead[0]) not in {_kind(mark), MARKS["number"]}:
            return None
        (new,) = self._other_value([mark], instead, Heard("", {}, {**other.said, mark: said.said[mark]})) or [""]
        return said.words(said.text.replace(mark, other.said.get(new, new))) if new else None

    @staticmethod
    def _other_value(said: Sequence[str], instead: Sequence[str], heard: Heard) -> list[str]:
        """Return the words with another value; a bare number counts what the last one in the first counted."""
        number = MARKS["number"]
        if said[-1].startswith(number) or not instead[0].startswith(number):
            return [*said[:-1], *instead]
        if said[-1].startswith(MARKS["when"]):
            return []  # "half past six, no, seven" is no half past seven
        before = heard.said[said[-1]]
        numbers = list(re.finditer(r"\d+(?:\.\d+)?", before))
        if not numbers:
            return []
        last = numbers[-1]
        return [*said[:-1], before[: last.start()] + heard.said[instead[0]] + before[last.end() :], *instead[1:]]

    def _core(self, instead: Sequence[str]) -> int:
        """Return how many of the words that were said instead count: without "please" at the end."""
        light = self._light(instead)
        return max((at + 1 for at in range(len(instead)) if not light[at]), default=0)

    def _begin(self, said: Sequence[str], instead: Sequence[str]) -> int | None:
        """Return where what was taken back begins: at the word that is said again, or as far from it as that is."""
        light, other_light = self._light(said), self._light(instead)
        if len(instead) == 1 and self._known(instead[0]) and self._known(said[-1]):
            return len(said) - 1  # "down, I mean up"
        kinds = [_kind(word) for word in said]
        for at, word in enumerate(instead):
            if other_light[at] or _kind(word) not in kinds[1:]:
                continue
            same = len(said) - 1 - kinds[::-1].index(_kind(word))
            begin = max(1, same - at)
            while begin < same and light[begin] and said[begin] != instead[0]:
                begin += 1
            return begin
        if (alike := self._same_beginning(said, instead)) is not None:
            return alike
        count = next((at for at, is_light in enumerate(other_light) if at and is_light), len(instead))
        return self._last_words(said, instead, count - (other_light[0] and count > 1))

    def _same_beginning(self, said: Sequence[str], instead: Sequence[str]) -> int | None:
        """Return where words begin as those that were said instead: "the cat", "the dog"; None if none do."""
        light, core = self._light(said), self._core(instead)
        if core < 2 or not self._light(instead)[0]:
            return None
        for begin in range(len(said) - core, 0, -1):
            rest = range(begin + 1, begin + core)
            if said[begin] == instead[0] and not any(
                light[at] or is_mark(said[at]) or self._known(said[at]) for at in rest
            ):
                return begin
        return None

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
