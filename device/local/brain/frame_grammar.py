"""What a frame is: a line that says which words and values make a request, in any order.

It has what must be said, `[what may be]`, `{slots}`, and signs. Words are written as in templates. Every word of a
request must be named by the frame, be a light one, or belong to its wildcard.

| sign | meaning |
|---|---|
| `{number}+{unit:source}` | the one follows the other |
| `{duration*}` | one or several, each of which is asked for: "two timers" |
| `{name*}` | the same of a wildcard, between each of which is "and" |
| `!(never|not)` | none of these may be said |
| `@timers` | only if the skill was used last in the conversation |
| `@polite` | only if it is said as a request: "please" |
| `?` | a question: more words are light, and nothing changes if it is misunderstood |
| `~` | other words may be said besides, as many as the frame's own and some |
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from hassil.parse_expression import parse_sentence
from hassil.sample import sample_sentence
from msgspec import Struct

from device.local.brain.heard import MARKS, is_mark

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from device.language.language import Language

WILDCARDS: Final = {"name": 3, "word": 4, "place": 4, "items": 30, "topic": 40, "text": 80}
"""What any words may stand for, and at most how many: "the green tea" is a name, half a sentence is not."""
FREE: Final = frozenset({"word", "items", "topic", "text"})
"""Wildcards that may have numbers and the like in them, which are given as they were said."""

Phrase = tuple[str, ...]
"""Words that follow each other."""


class Unit(Struct, frozen=True):
    """One thing that is looked for: phrases, each with what it means, or a mark of a kind."""

    phrases: dict[Phrase, str]
    kind: str = ""
    slot: str = ""

    def at(self, words: Sequence[str], begin: int) -> tuple[int, str] | None:
        """Return where it ends that begins there, and what it means; the longest."""
        if self.kind:
            mark = words[begin] if begin < len(words) else ""
            return (begin + 1, mark) if is_mark(mark) and mark.startswith(self.kind) else None
        fits = [p for p in self.phrases if tuple(words[begin : begin + len(p)]) == p]
        longest = max(fits, key=len, default=None)
        return None if longest is None else (begin + len(longest), self.phrases[longest])


class Place(Struct, frozen=True):
    """Where an element is among words, and what its slots are there."""

    begin: int
    end: int
    slots: dict[str, str]


class Element(Struct, frozen=True, eq=False):
    """Units that follow each other."""

    units: tuple[Unit, ...]
    many: bool = False

    @property
    def slots(self) -> set[str]:
        """What its values are called."""
        return {unit.slot for unit in self.units if unit.slot}

    def first_words(self) -> set[str]:
        """Return the words that it may begin with; of a mark, its kind."""
        unit = self.units[0]
        return {unit.kind} if unit.kind else {phrase[0] for phrase in unit.phrases}

    def at(self, words: Sequence[str], begin: int) -> Place | None:
        """Return what it is of the words that begin there."""
        end, slots = begin, {}
        for unit in self.units:
            if (found := unit.at(words, end)) is None:
                return None
            end = found[0]
            if unit.slot:
                slots[unit.slot] = found[1]
        return Place(begin, end, slots)


class Frame(Struct, frozen=True):
    """A line of the `frames` of an intent."""

    intent: str
    needs: tuple[Element, ...] = ()
    may: tuple[Element, ...] = ()
    never: tuple[Element, ...] = ()
    wildcard: str = ""
    slot: str = ""
    """What the wildcard is called."""
    must: bool = False
    """The wildcard must have words."""
    each: bool = False
    """The wildcard stands for several things."""
    about: str = ""
    polite: bool = False
    asks: bool = False
    loose: bool = False

    @property
    def values(self) -> bool:
        """Whether every value that is said must be one of its own."""
        return not self.loose or any(need.slots for need in self.needs)


class Grammar:
    """Reads the frames of a language; `rules` are hassil's, parsed."""

    def __init__(self, language: Language, rules: Mapping[str, Any]) -> None:
        self._lists = language.lists
        self._rules = dict(rules)
        self._elements: dict[str, Element] = {}

    @property
    def elements(self) -> list[Element]:
        """All that the frames read so far are made of, each once."""
        return list(self._elements.values())

    def frame(self, intent: str, line: str) -> Frame:
        """Return the frame that a line is."""
        told: dict[str, Any] = {}
        kinds: dict[str, list[Element]] = {"needs": [], "may": [], "never": []}
        for part in parts(line):
            if part in {"?", "~"}:
                told["asks" if part == "?" else "loose"] = True
            elif part == "@polite":
                told["polite"] = True
            elif part.startswith("@"):
                told["about"] = part[1:]
            elif (wild := re.fullmatch(r"\[?{(\w+)(?::(\w+))?(\*?)}]?", part)) and wild[1] in WILDCARDS:
                told |= {"wildcard": wild[1], "slot": wild[2] or wild[1], "must": not part.startswith("[")}
                told["each"] = bool(wild[3])
            elif part.startswith("!"):
                kinds["never"].append(self._element(part[1:]))
            elif part.startswith("["):
                kinds["may"].append(self._element(part[1:-1]))
            else:
                kinds["needs"].append(self._element(part))
        told |= {kind: tuple(elements) for kind, elements in kinds.items()}
        return Frame(intent, **told)

    def sampled(self, text: str) -> set[Phrase]:
        """Return all that a template says."""
        sentence = parse_sentence(text)
        return {tuple(made.split()) for made in sample_sentence(sentence, {}, self._rules) if made.strip()}

    def _element(self, text: str) -> Element:
        if text not in self._elements:
            self._elements[text] = Element(tuple(map(self._unit, parts(text.replace("*}", "}"), "+"))), "*}" in text)
        return self._elements[text]

    def _unit(self, text: str) -> Unit:
        if slot := re.fullmatch(r"{(\w+)(?::(\w+))?}", text):
            name, called = slot[1], slot[2] or slot[1]
            if name in MARKS:
                return Unit({}, MARKS[name], called)
            return Unit({p: value for spoken, value in self._lists[name] for p in self.sampled(spoken)}, "", called)
        return Unit(dict.fromkeys(self.sampled(text), ""))


def parts(line: str, between: str = " ") -> list[str]:
    """Cut a line where no bracket is open.

    >>> parts("<begin> (a|the last) {number}+{unit}")
    ['<begin>', '(a|the last)', '{number}+{unit}']
    """
    found, depth = [""], 0
    for char in line:
        depth += (char in "[({<") - (char in "])}>")
        if char == between and not depth:
            found.append("")
        else:
            found[-1] += char
    return [part for part in found if part]
