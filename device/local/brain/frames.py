"""What is asked for by which words, in any order, among others: for what is said as no sentence template has it. Pure.

What a frame is, `frame_grammar.py` says.
"""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from msgspec import Struct

from device.local.brain.frame_grammar import FREE, Element, Frame, Grammar, Place
from device.local.brain.heard import MARKS, Heard, is_mark
from device.local.brain.wording import BREAK, Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from device.language.language import Language

_WORD: Final = -0.1
"""What a word costs that the frame names: the more of them, the likelier."""
_LIGHT: Final = 0.6
"""How much of a word a light one is that the frame names: "all" of "all timers"."""
_ANY: Final = 0.3
_ASIDE: Final = 0.2
_DROPPED: Final = 0.5
_OTHER: Final = 0.6
_LOOSE: Final = 2.0
"""What a word costs in a wildcard, in a clause beside the request, in another one that is left out, and among those of
a loose frame; and such a frame itself. Chosen by the requests in `tests/local/brain/requests`: what any words may
stand for ends where an aside begins, and a loose frame is the last."""
_ABOUT: Final = -0.15
"""What it costs to be of the skill that was used last."""
_USUAL: Final = 2
_URGENT: Final = -0.3
"""The weight of most intents, and what it costs to be of more: an emergency."""
_MARGIN: Final = 0.05
"""As much less must a frame cost than the next that means something else."""
_MOST_OTHER: Final = 6
_MOST_DROPPED: Final = 14
"""Words of a loose frame that it does not name, and of what is left out beside a request: who says more tells a
story."""
_MOST_CLAUSES: Final = 9
_BEFORE_TOLD: Final = 2
"""Words of a clause before what it tells: "it is"."""


class Found(Struct, frozen=True):
    """What a frame found: its slots are marks, values of lists, or words."""

    intent: str
    slots: tuple[dict[str, str], ...]
    """Of each thing that is asked for."""
    cost: float
    begin: int
    end: int
    asks: bool
    loose: bool
    whole: bool = True
    """No word with a meaning is left out."""


class _Said(Struct, frozen=True):
    """What was said: words, where clauses begin, and what is where."""

    words: list[str]
    clauses: list[int]
    light: list[bool]
    asking: list[bool]
    asides: list[bool]
    polite: list[bool]
    places: dict[Element, list[Place]]
    about: str


class Frames:
    """The frames of a language; of one without `requests.toml` there are none."""

    def __init__(self, language: Language, rules: Mapping[str, Any]) -> None:
        """`rules` are hassil's, parsed."""
        self._language = language
        grammar = Grammar(language, rules)
        self.wording = Wording(language, grammar.sampled)
        self._joined = re.compile(language.heard.joined)
        self._negations = frozenset(language.common.negations)
        intents = language.intents.items() if language.requests else ()
        self._frames = [grammar.frame(name, line) for name, intent in intents for line in intent.frames]
        acts = [need for frame in self._frames if not frame.asks for need in frame.needs]
        self._acts = {word for need in acts for unit in need.units for phrase in unit.phrases for word in phrase}
        self._beginning: dict[str, list[Element]] = defaultdict(list)
        for element in grammar.elements:
            for word in element.first_words():
                self._beginning[word].append(element)

    def asks(self, intent: str) -> bool:
        """Return whether an intent is a question: nothing changes if it is misunderstood."""
        return any(frame.asks for frame in self._frames if frame.intent == intent)

    def names(self, word: str) -> bool:
        """Return whether a word is one by which something is asked to be done: "cancel", "timer"."""
        return word in self._acts

    def find(self, text: str, about: str = "") -> Iterator[Found]:
        """Yield what may be asked for in `text`, words and marks with `BREAK` for punctuation, the likeliest first.

        `about` is the skill that was used last.
        """
        said = self._said(self.wording.corrected(text), about)
        if not self._frames or len(said.clauses) > _MOST_CLAUSES:
            return
        found = [one for frame in self._frames if self._may_be(frame, said) for one in self._in_spans(frame, said)]
        yield from sorted(found, key=lambda one: one.cost)

    def from_clauses(self, heard: Heard) -> Iterator[Heard]:
        """Yield what was said from the beginning of each clause on, without punctuation."""
        said = self._said(heard.text, "")
        for begin in said.clauses:
            words = (word for word in said.words[begin:] if word != BREAK)
            yield Heard(" ".join(words), heard.values, heard.said)

    def _said(self, text: str, about: str) -> _Said:
        words, wording = text.split(), self.wording
        places: dict[Element, list[Place]] = defaultdict(list)
        for begin, word in enumerate(words):
            for element in self._beginning.get(word[:-1] if is_mark(word) else word, ()):
                if place := element.at(words, begin):
                    places[element].append(place)
        clauses = wording.clauses(words)
        return _Said(
            words=words,
            clauses=clauses,
            light=wording.light(words),
            asking=wording.asking(words),
            asides=wording.asides(words, clauses),
            polite=wording.polite(words),
            places=dict(places),
            about=about,
        )

    @staticmethod
    def _may_be(frame: Frame, said: _Said) -> bool:
        return (
            (not frame.about or frame.about == said.about)
            and all(element in said.places for element in frame.needs)
            and not any(element in said.places for element in frame.never)
        )

    def _in_spans(self, frame: Frame, said: _Said) -> Iterator[Found]:
        ends = [*said.clauses[1:], len(said.words)]
        for first, begin in enumerate(said.clauses):
            for end in ends[first:]:
                for may in ((), frame.may) if frame.may else ((),):
                    if found := self._in_span(frame, may, said, begin, end):
                        yield found

    def _in_span(self, frame: Frame, may: tuple[Element, ...], said: _Said, begin: int, end: int) -> Found | None:
        places = self._places(frame.needs, may, said, begin, end)
        if places is None:
            return None
        taken = [any(place.begin <= at < place.end for place in places) for at in range(len(said.words))]
        light = said.asking if frame.asks else said.light
        runs = [kept for run in _runs(taken, begin, end) if (kept := self._stripped(run, said, light, end))]
        wild, others = runs if frame.wildcard else [], [] if frame.wildcard else runs
        if len(wild) > 1 and frame.loose:
            wild, others = wild[-1:], wild[:-1]
        other = [at for a, b in others for at in range(a, b) if not light[at]]
        free = [at for a, b in wild for at in range(a, b) if not light[at]]
        dropped = [at for at in range(len(said.words)) if not begin <= at < end and not light[at]]
        if (
            (frame.must and not wild)
            or (frame.polite and not any(said.polite[begin:end]))
            or not all(self._fits(frame, run, taken, said, begin) for run in wild)
            or (other and not (frame.loose and len(other) <= _MOST_OTHER))
            or (frame.values and any(is_mark(said.words[at]) for at in other))
            or (frame.asks and not frame.loose and any(is_mark(said.words[at]) for at in dropped))
            or (not frame.asks and self._in_question(said.words, begin, end))
            or (dropped and not frame.asks and not self._beside(frame, said, begin, end, dropped))
        ):
            return None
        several = self._each(frame, wild, said.words) if frame.each else _several(frame, places, wild, said.words)
        if several is None:
            return None
        named = sum(_LIGHT if light[at] else 1 for at in range(begin, end) if taken[at])
        cost = (
            _WORD * max(1, named)
            + _ABOUT * bool(frame.about)
            + _URGENT * self._urgent(frame)
            + _ANY * len(free)
            + _OTHER * len(other)
            + sum(_ASIDE if said.asides[at] else _DROPPED for at in dropped)
            + _DROPPED * (frame.asks and self._tells(said, begin, end))
        )
        cost += _LOOSE * frame.loose
        return Found(frame.intent, several, cost, begin, end, frame.asks, frame.loose, whole=not dropped)

    def _tells(self, said: _Said, begin: int, end: int) -> int:
        """Return how many of the later clauses in a span tell something: "it is done" is no question."""
        return sum(
            begin <= at < end
            and said.words[at] in self.wording.subjects
            and not self.wording.asks_for_clause(said.words[at - 1])
            for at in said.clauses[1:]
        )

    def _each(
        self, frame: Frame, wild: Sequence[tuple[int, int]], words: Sequence[str]
    ) -> tuple[dict[str, str], ...] | None:
        """Return the slots of several things that are named: "the pasta and the egg timer"; None of one."""
        parts = [part.split() for a, b in wild for part in self._joined.split(" ".join(words[a:b]))]
        names = [
            [word for word, light in zip(part, self.wording.light(part), strict=True) if not light] for part in parts
        ]
        return tuple({frame.slot: " ".join(name)} for name in names) if len(names) > 1 and all(names) else None

    def _in_question(self, words: Sequence[str], begin: int, end: int) -> bool:
        """Return whether a span is a question, or the rest of one: "do (I have to get up)"."""
        return any(
            self.wording.asked(words[first:end])
            for first in range(max(0, begin - 2), begin + 1)
            if first == begin or (words[begin] in self.wording.subjects and BREAK not in words[first:begin])
        )

    def _urgent(self, frame: Frame) -> bool:
        return self._language.intents[frame.intent].weight > _USUAL

    def _places(
        self, needs: tuple[Element, ...], may: tuple[Element, ...], said: _Said, begin: int, end: int
    ) -> list[Place] | None:
        """Return where all is that a frame needs, and what may be, within a span; None if something is missing."""
        found: list[Place] = []
        for element in (*needs, *may):
            free = _free_places(said.places.get(element, ()), found, begin, end, many=element.many)
            if not free and element in needs:
                return None
            found += free
        return found

    def _fits(self, frame: Frame, run: tuple[int, int], taken: Sequence[bool], said: _Said, begin: int) -> bool:
        """Return whether words may be what a wildcard stands for."""
        words = said.words[run[0] : run[1]]
        if frame.wildcard not in FREE and (BREAK in words or any(map(is_mark, words))):
            return False
        named = frame.wildcard == "name" or (frame.wildcard != "text" and not frame.asks)
        if named and not self._negations.isdisjoint(words):
            return False
        if frame.wildcard == "name" and self._told_of(run[0], taken, said, begin):
            return False
        if is_mark(words[0]) and not words[0].startswith(MARKS["number"]):
            return False
        if (frame.asks and frame.wildcard != "name") or any(not said.light[at] for at in range(begin, run[0])):
            return True
        # At the beginning is what shall be done, or who does it: "elongate the timer", "I set an alarm".
        following = run[1] >= len(said.words) or taken[run[1]] or run[1] in said.clauses or said.words[run[1]] == BREAK
        return following and words[0] not in self.wording.subjects

    def _told_of(self, at: int, taken: Sequence[bool], said: _Said, begin: int) -> bool:
        """Return whether a word is what a later clause says of something: "it is browning"."""
        clause = max((clause for clause in said.clauses if begin < clause <= at), default=at)
        return 0 < at - clause <= _BEFORE_TOLD and not taken[clause] and said.words[clause] in self.wording.subjects

    def _beside(self, frame: Frame, said: _Said, begin: int, end: int, dropped: Sequence[int]) -> bool:
        """Return whether what is said beside a request leaves it one, and is none of the same kind."""
        around = (said.words[:begin], said.words[end:])
        if len(dropped) > _MOST_DROPPED or any(self.wording.against(part) for part in around):
            return False
        again = {place.begin for need in frame.needs if not need.slots for place in said.places[need]}.intersection(
            dropped
        )
        return all(said.asides[at] for at in again)

    def _stripped(self, run: tuple[int, int], said: _Said, light: Sequence[bool], end: int) -> tuple[int, int] | None:
        """Return a run of words without light ones at its ends; None if there are no others.

        At the end of a request, "on" may belong to what shall be done: "turn the oven on".
        """
        first, last = run
        while first < last and light[first]:
            first += 1
        at_end = last == end
        while first < last and light[last - 1] and not (at_end and self.wording.is_particle(said.words[last - 1])):
            last -= 1
        return (first, last) if first < last else None


def likeliest(found: Iterable[Found]) -> Found | None:
    """Return the first of what is sorted by cost; of acts, one that costs clearly less than another act."""
    best: Found | None = None
    for one in found:
        if best is None:
            best = one
        elif one.cost > best.cost + _MARGIN:
            break
        elif one.intent != best.intent and not best.asks:
            return None
    return best


def _free_places(places: Iterable[Place], taken: Sequence[Place], begin: int, end: int, *, many: bool) -> list[Place]:
    """Return the places within a span of which nothing is taken; of a value, the first, unless there may be many."""
    free: list[Place] = []
    for place in places:
        if (
            begin <= place.begin
            and place.end <= end
            and not any(place.begin < other.end and other.begin < place.end for other in (*taken, *free))
        ):
            free.append(place)
            if place.slots and not many:
                break
    return free


def _several(
    frame: Frame, places: Sequence[Place], wild: Sequence[tuple[int, int]], words: Sequence[str]
) -> tuple[dict[str, str], ...] | None:
    """Return the slots of each thing that is asked for, with the words of its own; None if those are another's."""

    def text(run: tuple[int, int]) -> str:
        return " ".join(words[run[0] : run[1]]).replace(f" {BREAK}", ",")

    many = [
        place for place in places if any(place.slots.keys() & element.slots for element in frame.needs if element.many)
    ]
    common = {name: said for place in places if place not in many for name, said in place.slots.items()}
    if len(many) < 2:
        own = {frame.slot: text(wild[0])} if wild else {}
        return None if len(wild) > 1 else ({**common, **(many[0].slots if many else {}), **own},)
    many.sort(key=lambda place: place.begin)
    if wild and wild[0][0] < many[0].begin:  # the names are before the values
        before = [max((place.end for place in many[:at]), default=0) for at in range(len(many))]
        named = [
            [run for run in wild if begin <= run[0] < place.begin] for begin, place in zip(before, many, strict=True)
        ]
        if sum(map(len, named)) != len(wild) or any(len(runs) > 1 for runs in named):
            return None
        return tuple(
            {**common, **place.slots, **({frame.slot: text(runs[0])} if runs else {})}
            for place, runs in zip(many, named, strict=True)
        )
    ends = [*(place.begin for place in many[1:]), len(words)]
    each = []
    for place, end in zip(many, ends, strict=True):
        own_runs = [run for run in wild if place.end <= run[0] < end]
        if len(own_runs) > 1:
            return None
        each.append({**common, **place.slots, **({frame.slot: text(own_runs[0])} if own_runs else {})})
    return tuple(each)


def _runs(taken: Sequence[bool], begin: int, end: int) -> list[tuple[int, int]]:
    """Return the runs of words that are not taken."""
    edges = [at for at in range(begin, end + 1) if at in {begin, end} or taken[at] != taken[at - 1]]
    return [(a, b) for a, b in pairwise(edges) if not taken[a]]
