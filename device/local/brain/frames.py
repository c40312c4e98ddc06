"""What is asked for by which words, in any order, among others: for what is said as no sentence template has it. Pure.

A frame is a line of the `frames` of an intent: what must be said, `[what may be]`, `{slots}`, and signs. Words are
written as in templates. Every word of a request must be named by the frame, be a light one, or belong to its wildcard.

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
from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from hassil.parse_expression import parse_sentence
from hassil.sample import sample_sentence
from msgspec import Struct

from device.local.brain.heard import MARKS, Heard, is_mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from device.language.language import Language

BREAK: Final = "\u01c0"
"""Stands for punctuation among words: a letter that looks like a bar, so that hearing leaves it alone."""
WILDCARDS: Final = {"name": 3, "word": 4, "place": 4, "items": 30, "topic": 40, "text": 80}
"""What any words may stand for, and at most how many: "the green tea" is a name, half a sentence is not."""
FREE: Final = frozenset({"word", "items", "topic", "text"})
"""Wildcards that may have numbers and the like in them, which are given as they were said."""

_WORD: Final = -0.1
"""What a word costs that the frame names: the more of them, the likelier."""
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


class _Unit(Struct, frozen=True):
    """One thing that is looked for: phrases, each with what it means, or a mark of a kind."""

    phrases: dict[tuple[str, ...], str]
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


class _Element(Struct, frozen=True, eq=False):
    """Units that follow each other."""

    units: tuple[_Unit, ...]
    many: bool = False

    @property
    def slots(self) -> set[str]:
        """What its values are called."""
        return {unit.slot for unit in self.units if unit.slot}

    def first_words(self) -> set[str]:
        """Return the words that it may begin with; of a mark, its kind."""
        unit = self.units[0]
        return {unit.kind} if unit.kind else {phrase[0] for phrase in unit.phrases}

    def at(self, words: Sequence[str], begin: int) -> _Place | None:
        """Return what it is of the words that begin there."""
        end, slots = begin, {}
        for unit in self.units:
            if (found := unit.at(words, end)) is None:
                return None
            end = found[0]
            if unit.slot:
                slots[unit.slot] = found[1]
        return _Place(begin, end, slots)


class _Place(Struct, frozen=True):
    begin: int
    end: int
    slots: dict[str, str]


class _Frame(Struct, frozen=True):
    intent: str
    needs: tuple[_Element, ...] = ()
    may: tuple[_Element, ...] = ()
    never: tuple[_Element, ...] = ()
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


class _Said(Struct, frozen=True):
    """What was said: words, where clauses begin, and what is where."""

    words: list[str]
    clauses: list[int]
    light: list[bool]
    asking: list[bool]
    places: dict[_Element, list[_Place]]
    polite: list[bool]
    about: str


class Frames:
    """The frames of a language; of one without `requests.toml` there are none."""

    def __init__(self, language: Language, rules: Mapping[str, Any]) -> None:
        """`rules` are hassil's, parsed."""
        self._language = language
        self._rules = rules
        self._elements: dict[str, _Element] = {}
        known = language.requests
        self.subjects = known.subjects if known else frozenset[str]()
        """Who does what is told, and not asked for."""
        self._light, self._polite, self._asking, self._particles = (
            {phrase for text in texts for phrase in self._sampled(text)}
            for texts in ((known.light, known.polite, known.asking, known.particles) if known else ((),) * 4)
        )
        self._begins = re.compile(known.re_begins if known else r"(?!)")
        self._orders = re.compile(known.re_orders if known else r"(?!)()")
        self._joined = re.compile(language.heard.joined)
        self._negations = frozenset(language.common.negations)
        self._aside = re.compile(known.re_asides if known else r"(?!)")
        self._asked = re.compile(known.re_asked if known else r"(?!)")
        self._against = re.compile(known.re_against if known else r"(?!)")
        corrected = known.re_corrected if known else r"(?!)"
        self._corrected = re.compile(
            rf"\b(num|dur|when)[a-f](?: {BREAK})? (?:{corrected})(?: {BREAK})? (?=(num|dur|when)[a-f]\b)"
        )
        self._frames = [
            self._frame(name, line) for name, intent in language.intents.items() if known for line in intent.frames
        ]
        acts = [need for frame in self._frames if not frame.asks for need in frame.needs]
        self._acts = {word for need in acts for unit in need.units for phrase in unit.phrases for word in phrase}
        self._beginning: dict[str, list[_Element]] = defaultdict(list)
        for element in self._elements.values():
            for word in element.first_words():
                self._beginning[word].append(element)

    def asks(self, intent: str) -> bool:
        """Return whether an intent is a question: nothing changes if it is misunderstood."""
        return any(frame.asks for frame in self._frames if frame.intent == intent)

    def asked(self, words: Sequence[str]) -> bool:
        """Return whether words begin as a question does, which changes nothing."""
        return self._asked.search(" ".join(words)) is not None

    def names(self, word: str) -> bool:
        """Return whether a word is one by which something is asked to be done: "cancel", "timer"."""
        return word in self._acts

    def light(self, words: Sequence[str]) -> list[bool]:
        """Return of each word whether it carries no meaning."""
        both = zip(_covered(words, self._light), _covered(words, self._polite), words, strict=True)
        return [light or polite or word == BREAK for light, polite, word in both]

    def find(self, text: str, about: str = "") -> Iterator[Found]:
        """Yield what may be asked for in `text`, words and marks with `BREAK` for punctuation, the likeliest first.

        `about` is the skill that was used last.
        """
        said = self._said(self.corrected(text), about)
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

    def corrected(self, text: str) -> str:
        """Return text without what was taken back: "ten, no, twelve minutes"."""

        def only_last(match: re.Match[str]) -> str:
            first, second = match[1], match[2]
            return "" if first == second or (first, second) == ("num", "dur") else match[0]

        return self._corrected.sub(only_last, text)

    def _said(self, text: str, about: str) -> _Said:
        words = text.split()
        text = " ".join(words)
        cuts = {0, *(text[: match.start()].count(" ") for match in self._begins.finditer(text))}
        cuts |= {text[: match.start(1)].count(" ") for match in self._orders.finditer(text)}
        cuts |= {at for n, word in enumerate(words) if word == BREAK for at in (n, n + 1)}
        places: dict[_Element, list[_Place]] = defaultdict(list)
        for begin, word in enumerate(words):
            for element in self._beginning.get(word[:-1] if is_mark(word) else word, ()):
                if place := element.at(words, begin):
                    places[element].append(place)
        polite = _covered(words, self._polite)
        light = self.light(words)
        asking = [a or b for a, b in zip(light, _covered(words, self._asking), strict=True)]
        clauses = sorted(cut for cut in cuts if cut < len(words) and words[cut] != BREAK)
        return _Said(words, clauses, light, asking, dict(places), polite, about)

    @staticmethod
    def _may_be(frame: _Frame, said: _Said) -> bool:
        return (
            (not frame.about or frame.about == said.about)
            and all(element in said.places for element in frame.needs)
            and not any(element in said.places for element in frame.never)
        )

    def _in_spans(self, frame: _Frame, said: _Said) -> Iterator[Found]:
        ends = [*said.clauses[1:], len(said.words)]
        for first, begin in enumerate(said.clauses):
            for end in ends[first:]:
                for may in ((), frame.may) if frame.may else ((),):
                    if found := self._in_span(frame, may, said, begin, end):
                        yield found

    def _in_span(self, frame: _Frame, may: tuple[_Element, ...], said: _Said, begin: int, end: int) -> Found | None:
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
            or (not frame.asks and self._in_question(said.words, begin, end))
            or (dropped and not frame.asks and not self._beside(frame, said, begin, end, dropped))
        ):
            return None
        several = self._each(frame, wild, said.words) if frame.each else _several(frame, places, wild, said.words)
        if several is None:
            return None
        named = sum(taken[at] and not light[at] for at in range(begin, end)) or 1
        cost = (
            _WORD * named
            + _ABOUT * bool(frame.about)
            + _URGENT * self._urgent(frame)
            + _ANY * len(free)
            + _OTHER * len(other)
            + sum(self._left_out(said, dropped))
            + _DROPPED * (frame.asks and self._tells(said, begin, end))
        )
        return Found(frame.intent, several, cost + _LOOSE * frame.loose, begin, end, frame.asks, frame.loose)

    def _tells(self, said: _Said, begin: int, end: int) -> int:
        """Return how many of the later clauses in a span tell something: "it is done" is no question."""
        return sum(
            begin <= at < end and said.words[at] in self.subjects and not self._asks_for_clause(said.words[at - 1])
            for at in said.clauses[1:]
        )

    def _asks_for_clause(self, word: str) -> bool:
        """Return whether a clause after a word is asked for: "when (it is done)"."""
        return (word,) in self._asking and (word,) not in self._particles

    def _each(
        self, frame: _Frame, wild: Sequence[tuple[int, int]], words: Sequence[str]
    ) -> tuple[dict[str, str], ...] | None:
        """Return the slots of several things that are named: "the pasta and the egg timer"; None of one."""
        parts = [part.split() for a, b in wild for part in self._joined.split(" ".join(words[a:b]))]
        names = [[word for word, light in zip(part, self.light(part), strict=True) if not light] for part in parts]
        return tuple({frame.slot: " ".join(name)} for name in names) if len(names) > 1 and all(names) else None

    def _in_question(self, words: Sequence[str], begin: int, end: int) -> bool:
        """Return whether a span is a question, or the rest of one: "do (I have to get up)"."""
        return any(
            self.asked(words[first:end])
            for first in range(max(0, begin - 2), begin + 1)
            if first == begin or (words[begin] in self.subjects and BREAK not in words[first:begin])
        )

    def _urgent(self, frame: _Frame) -> bool:
        return self._language.intents[frame.intent].weight > _USUAL

    def _places(
        self, needs: tuple[_Element, ...], may: tuple[_Element, ...], said: _Said, begin: int, end: int
    ) -> list[_Place] | None:
        """Return where all is that a frame needs, and what may be, within a span; None if something is missing."""
        found: list[_Place] = []
        for element in (*needs, *may):
            free = _free_places(said.places.get(element, ()), found, begin, end, many=element.many)
            if not free and element in needs:
                return None
            found += free
        return found

    def _fits(self, frame: _Frame, run: tuple[int, int], taken: Sequence[bool], said: _Said, begin: int) -> bool:
        """Return whether words may be what a wildcard stands for."""
        words = said.words[run[0] : run[1]]
        if frame.wildcard not in FREE and (BREAK in words or any(map(is_mark, words))):
            return False
        named = frame.wildcard == "name" or (frame.wildcard != "text" and not frame.asks)
        if named and not self._negations.isdisjoint(words):
            return False
        if is_mark(words[0]) and not words[0].startswith(MARKS["number"]):
            return False
        if (frame.asks and frame.wildcard != "name") or any(not said.light[at] for at in range(begin, run[0])):
            return True
        # At the beginning is what shall be done, or who does it: "elongate the timer", "I set an alarm".
        following = run[1] >= len(said.words) or taken[run[1]] or said.words[run[1]] == BREAK
        return following and words[0] not in self.subjects

    def _beside(self, frame: _Frame, said: _Said, begin: int, end: int, dropped: Sequence[int]) -> bool:
        """Return whether what is said beside a request leaves it one, and is none of the same kind."""
        around = (said.words[:begin], said.words[end:])
        if len(dropped) > _MOST_DROPPED or any(self._against.search(" ".join(part)) for part in around):
            return False
        again = {place.begin for need in frame.needs if not need.slots for place in said.places[need]}.intersection(
            dropped
        )
        return not again or all(cost == _ASIDE for cost in self._left_out(said, sorted(again)))

    def _left_out(self, said: _Said, dropped: Sequence[int]) -> list[float]:
        """Return what it costs to leave words out, each of them."""
        costs = []
        for begin, end in pairwise((*said.clauses, len(said.words))):
            aside = self._aside.search(" ".join(word for word in said.words[begin:end] if word != BREAK))
            costs += [_ASIDE if aside else _DROPPED] * sum(begin <= at < end for at in dropped)
        return costs

    def _stripped(self, run: tuple[int, int], said: _Said, light: Sequence[bool], end: int) -> tuple[int, int] | None:
        """Return a run of words without light ones at its ends; None if there are no others.

        At the end of a request, "on" may belong to what shall be done: "turn the oven on".
        """
        first, last = run
        while first < last and light[first]:
            first += 1
        at_end = last == end
        while first < last and light[last - 1] and not (at_end and (said.words[last - 1],) in self._particles):
            last -= 1
        return (first, last) if first < last else None

    def _frame(self, intent: str, line: str) -> _Frame:
        told: dict[str, Any] = {}
        kinds: dict[str, list[_Element]] = {"needs": [], "may": [], "never": []}
        for part in _parts(line):
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
        return _Frame(intent, **told)

    def _element(self, text: str) -> _Element:
        if text not in self._elements:
            self._elements[text] = _Element(tuple(map(self._unit, _parts(text.replace("*}", "}"), "+"))), "*}" in text)
        return self._elements[text]

    def _unit(self, text: str) -> _Unit:
        if slot := re.fullmatch(r"{(\w+)(?::(\w+))?}", text):
            name, called = slot[1], slot[2] or slot[1]
            if name in MARKS:
                return _Unit({}, MARKS[name], called)
            values = self._language.lists[name]
            return _Unit({p: value for spoken, value in values for p in self._sampled(spoken)}, "", called)
        return _Unit(dict.fromkeys(self._sampled(text), ""))

    def _sampled(self, text: str) -> set[tuple[str, ...]]:
        sentence = parse_sentence(text)
        return {tuple(made.split()) for made in sample_sentence(sentence, {}, dict(self._rules)) if made.strip()}


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


def _parts(line: str, between: str = " ") -> list[str]:
    """Cut a line where no bracket is open."""
    parts, depth = [""], 0
    for char in line:
        depth += (char in "[({<") - (char in "])}>")
        if char == between and not depth:
            parts.append("")
        else:
            parts[-1] += char
    return [part for part in parts if part]


def _covered(words: Sequence[str], phrases: set[tuple[str, ...]]) -> list[bool]:
    """Return of each word whether it belongs to one of the phrases."""
    covered = [False] * len(words)
    longest = max(map(len, phrases), default=0)
    for begin in range(len(words)):
        for length in range(1, longest + 1):
            if tuple(words[begin : begin + length]) in phrases:
                covered[begin : begin + length] = [True] * len(words[begin : begin + length])
    return covered


def _free_places(
    places: Iterable[_Place], taken: Sequence[_Place], begin: int, end: int, *, many: bool
) -> list[_Place]:
    """Return the places within a span of which nothing is taken; of a value, the first, unless there may be many."""
    free: list[_Place] = []
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
    frame: _Frame, places: Sequence[_Place], wild: Sequence[tuple[int, int]], words: Sequence[str]
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
    ends = [*(place.begin for place in many[1:]), len(words)]
    each = []
    for place, end in zip(many, ends, strict=True):
        own_runs = [run for run in wild if place.end <= run[0] < end]
        if len(own_runs) > 1:
            return None
        each.append({**common, **place.slots, **({frame.slot: text(own_runs[0])} if own_runs else {})})
    return tuple(each) if all(run[0] >= many[0].end for run in wild) else None


def _runs(taken: Sequence[bool], begin: int, end: int) -> list[tuple[int, int]]:
    """Return the runs of words that are not taken."""
    edges = [at for at in range(begin, end + 1) if at in {begin, end} or taken[at] != taken[at - 1]]
    return [(a, b) for a, b in pairwise(edges) if not taken[a]]
