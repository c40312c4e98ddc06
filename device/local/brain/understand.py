"""Finding out what is meant: sentence templates by hassil, then, if need be, the template that is most like it."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from hassil import recognize_all
from hassil.intents import Intents
from hassil.sample import sample_sentence

from device.language.when import When
from device.local.brain.corrections import Corrections
from device.local.brain.frame_grammar import FREE, WILDCARDS
from device.local.brain.frames import Frames, likeliest
from device.local.brain.heard import (
    MARKS,
    MOST,
    Heard,
    Hearing,
    clauses,
    is_mark,
    marked,
    with_commas,
    without_wake_word,
)
from device.local.brain.wording import BREAK
from device.skills.alarms.skill import ALARMS
from device.skills.cannot.skill import CANNOT
from device.skills.skill import Meaning
from device.skills.skills import SKILLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from device.language.language import Language
    from device.local.brain.frames import Found
    from device.local.brain.heard import Value

_CLOSE: Final = 0.86
"""How much what was said must be like a template, by `SequenceMatcher`.

Chosen by the tables of `test_sentences`: lower, and what is not known is taken for something; higher, and what the
recogniser misheard is not known.
"""
_MARGIN: Final = 0.04
"""How much more like it than the next best that means something else, by the same tables."""
_SHORTEST: Final = 8
"""Letters below which only the exact words count: in so few, one misheard letter makes another word."""
_SAMPLES: Final = 24
"""How many sentences of a template are compared with: more takes longer at every sentence that is not known."""
_EVERY: Final = 40
"""From among how many times as many they are taken, so that they differ in their first words too."""
_WAKE_WORDS: Final = 4
"""As many words may be left of the wake word: "hey jarvis" was heard as "in a jar of this"."""

_ONLY_ASKED: Final = frozenset(intent for skill in SKILLS for intent in skill.answers_to)
"""Intents that only answer a question: "no, half past" after a comma corrects what was said before it."""
_WHICH: Final = frozenset(intent for skill in SKILLS for intent in skill.says_which)
"""Those that say which one is meant: any words might be a name."""
_REMEMBERED: Final = 256
"""Clauses whose meaning is remembered: of a sentence several parts are looked at, and some of them twice."""

LONGEST: Final = 400
"""Characters of what was said, beyond which it is none of these sentences: 25 s of speech; to look takes 0.1 s."""

CALLED: Final = "called"
"""The intent of the wake word alone."""

_NEW_NAME: Final = {"new_name": 5}
"""The slot for what a timer is called from now on, and at most how many words that has."""
_WRITTEN: Final = ("items", "place", "said", "text")
"""Slots that are said or kept again, so that names in them are better written as they were."""


class Understanding:
    """Knows the sentences of a language. `names` are those that the assistant is called by, one word each.

    What `readable` refuses means nothing, and the next likeliest is looked at.
    """

    def __init__(
        self, language: Language, names: Sequence[str], readable: Callable[[Meaning], bool] = lambda _: True
    ) -> None:
        self._language = language
        self._readable = readable
        self._hear = Hearing(language).hear
        self._names = [re.sub(r"\W", "", name).lower() for name in names]
        self._intents = Intents.from_dict(_hassil(language, last=False))
        self._last = Intents.from_dict(_hassil(language, last=True))
        self._frames = Frames(language, self._intents.expansion_rules)
        self._sentence_end = re.compile(language.heard.sentence_end, re.IGNORECASE)
        self._joined = re.compile(language.heard.joined, re.IGNORECASE)
        self._clause = lru_cache(_REMEMBERED)(self._meaning_of)
        self._exact_only = {name for name, intent in language.intents.items() if not intent.fuzzy}
        self._samples: list[tuple[str, str]] = []
        words = language.requests
        self._taken_back = re.compile(words.re_taken_back if words else r"(?!)")
        self._nothing = words.nothing if words else ""
        self._wording = self._frames.wording
        between, perhaps = (words.re_instead, words.re_perhaps) if words else (r"(?!)", r"(?!)")
        self._corrections = Corrections(between, self._wording.light, self._frames.names, perhaps)
        self._words = _words(language) - {*language.common.polite, *language.common.fillers}
        ends = "|".join(map(re.escape, language.common.polite))
        self._polite = re.compile(rf"(?: (?:{ends}))+$|^(?:{ends}) ")
        starts = "|".join(map(re.escape, sorted(language.common.fillers, key=len, reverse=True)))
        self._filler = re.compile(rf"^(?:{starts}) ")

    def warm_up(self) -> None:
        """Build what the first call would: takes some 100 ms."""
        self.meanings("warm up the sentences for the first time")

    def meanings(self, text: str, about: str = "") -> list[Meaning]:
        """Return what `text` means: several things if they were said in one breath, nothing if it is not known.

        `about` is the skill that was used last in the conversation.
        """
        if len(text) > LONGEST:
            return []
        sentences = self._spoken(text)
        if not sentences:
            return [Meaning(CALLED, {}, 0)] if clauses(text, self._sentence_end) else []
        heard = self._parts(sentences, about)
        if self._taken_back.search(heard.text):
            return self.meanings(self._nothing)
        if known := self._corrected(heard, about):
            return [self._as_written(meaning, text) for meaning in known]
        whole = " ".join(" ".join(parts) for parts in sentences)
        found = self._clause(whole)
        if found and found.intent in _ONLY_ASKED:
            known = self._framed(heard, about) or [found]
        elif found:
            known = [self._closer(found, heard, about) or found]
        else:
            known = self._wholly(sentences)
        if not known or (max(m.weight for m in known) == 0 and len(known) < len(sentences)):
            known = self._otherwise(whole, sentences, heard, about) or known
        heaviest = max((m.weight for m in known), default=0)
        apart = [self._as_written(self._apart(m, text), text) for m in known if m.weight == heaviest]
        return [m for n, m in enumerate(apart) if m not in apart[:n]]

    def _corrected(self, heard: Heard, about: str) -> list[Meaning]:
        """Return what is meant after something was taken back and said otherwise; nothing if nothing was."""
        corrected = self._wording.corrected(heard.text)
        if corrected != heard.text:
            if (other := self._other_moment(heard)) and (known := self._known_whole(other, corrected.split(), about)):
                return known
            spoken = heard.words(" ".join(corrected.split())).replace(f" {BREAK}", ",")
            if known := self.meanings(spoken, about):
                return known
        halves = self._corrections.halves(heard)
        only_value = halves is not None and len(halves[1]) == 1 and is_mark(halves[1][0])
        if only_value and (known := self._with_other_value(heard, about)):
            return known
        if (meant := self._corrections.meant(heard)) and (known := self.meanings(meant, about)):
            return known
        if not only_value and (known := self._with_other_value(heard, about)):
            return known
        instead = self._corrections.instead(heard)
        return self._known_whole(heard, instead, about) if instead else []

    def correction(self, before: str, text: str, about: str = "") -> tuple[Meaning, Meaning] | None:
        """Return what was meant `before`, and what is meant after `text` corrected one value of it; None if it did not.

        Of "no, fifteen", after "set a timer for ten minutes".
        """
        if max(len(before), len(text)) > LONGEST or not self._corrections.begins(self._heard(text, about)):
            return None
        first = self.meanings(before, about)
        if len(first) != 1:
            return None
        whole = self._parts([[part for said in (before, text) for raw in self._spoken(said) for part in raw]], about)
        after = self._corrected(whole, about)
        slots = {name for one in (*first, *after) for name in one.slots}
        same = len(after) == 1 and any(_differ_in(slot, first[0], after[0]) for slot in slots)
        return (first[0], self._as_written(after[0], text)) if same else None

    def _heard(self, text: str, about: str) -> Heard:
        return self._parts(self._spoken(text), about)

    def _spoken(self, text: str) -> list[list[str]]:
        """Return the clauses of each sentence, without the wake word."""
        spoken = clauses(text, self._sentence_end)
        sentences = [[part for raw in parts if (part := without_wake_word(raw, self._names))] for parts in spoken]
        return [parts for parts in sentences if parts]

    def _other_moment(self, heard: Heard) -> Heard | None:
        """Return it with the moments corrected of which a part was said otherwise; None if there are none."""
        values = dict(heard.values)
        for first, second in self._wording.corrections(heard.text):
            before, after = values.get(first), values.get(second)
            if isinstance(before, When) and isinstance(after, When):
                values[second] = before.corrected_by(after)
        return Heard(heard.text, values, heard.said) if values != heard.values else None

    def _with_other_value(self, heard: Heard, about: str) -> list[Meaning]:
        """Return what a whole request means of which a value was said otherwise after it; nothing if none was."""
        if (halves := self._corrections.halves(heard)) is None:
            return []
        text, instead, sure = halves
        said = self._parts([[text]], about)
        before = self._known_whole(said, said.text.split(), about)
        if len(before) != 1 or before[0].intent in _ONLY_ASKED:
            return []
        for slot, value in before[0].slots.items():
            if isinstance(value, When) and (moment := _moment_instead(value, [heard.values.get(w) for w in instead])):
                return [Meaning(before[0].intent, {**before[0].slots, slot: moment}, before[0].weight)]
            if slot in FREE and not sure:
                continue
            words = str(value).split()
            # Of what may be any words the last ones are meant, of a name all of it.
            old = words[-len(instead) :] if slot in FREE else words
            meant = self._corrections.in_place(said, " ".join(old), value, instead, heard)
            if meant is None:
                continue
            spoken = self._parts([[meant]], about)
            after = self._known_whole(spoken, spoken.text.split(), about)
            if len(after) == 1 and _differ_in(slot, before[0], after[0]):
                return after
        return []

    def _closer(self, found: Meaning, heard: Heard, about: str) -> Meaning | None:
        """Return a template's meaning as a frame has it, if that knows that not all of its last words belong to it."""
        free = next(iter(FREE.intersection(found.slots)), "")
        about_it = self._framed(heard, about, whole=True) if free or found.weight == 1 else []
        skill_of = self._language.skill_of
        if about_it and skill_of[about_it[0].intent] == about != skill_of[found.intent]:
            return about_it[0]
        for meaning in self._framed(heard, about) if free else ():
            if meaning.intent == found.intent and not str(found.slots[free]).endswith(str(meaning.slots.get(free))):
                return meaning
        return None

    def _wholly(self, sentences: Sequence[Sequence[str]]) -> list[Meaning]:
        """Return what sentences mean of which the templates know every part; nothing if there is another."""
        each = [self._sentence(parts) for parts in sentences]
        return [meaning for meanings in each for meaning in meanings] if all(each) else []

    def _otherwise(self, whole: str, sentences: Sequence[Sequence[str]], heard: Heard, about: str) -> list[Meaning]:
        """Return what is meant if not all of it is a template's: by frames, by a part of it, by what is like it."""
        if found := self._framed(heard, about, whole=True) or self._together(heard, about):
            return found
        if found := self._framed(heard, about):
            return found
        if known := [m for parts in sentences for m in self._sentence(parts) or self._part(parts)]:
            return known
        if found := self._framed(heard, about, loose=True):
            return found
        close = self._closest(whole) or next(filter(None, map(self._closest, map(" ".join, sentences))), None)
        close = close or next(filter(None, map(self._looked_at_last, self._frames.from_clauses(heard))), None)
        return [close] if close else []

    def _parts(self, sentences: Sequence[Sequence[str]], about: str = "") -> Heard:
        """Return sentences as they are heard, with what is between their clauses."""
        text = f" {BREAK} ".join(part for parts in sentences for part in parts)
        return self._hear(text, asked=about == ALARMS.name)

    def _together(self, heard: Heard, about: str) -> list[Meaning]:
        """Return what several requests mean that were said in one breath, each of which is known from end to end."""
        words = heard.text.split()
        for seam in self._wording.seams(words):
            first, rest = (self._wording.without_joint(part) for part in (words[:seam], words[seam:]))
            if not (known := self._known_whole(heard, first, about)):
                continue
            others = self._known_whole(heard, rest, about) or self._together(_of(heard, rest), about)
            if others and self._apart_enough([*known, *others]):
                return [*known, *others]
        return []

    def _known_whole(self, heard: Heard, words: Sequence[str], about: str) -> list[Meaning]:
        """Return what some of the words mean if a template or a frame knows all of them."""
        part = _of(heard, words)
        if (found := self._exact(self._bare(part))) and found.intent not in _ONLY_ASKED:
            return [found]
        return self._framed(part, about, whole=True)

    def _apart_enough(self, known: Sequence[Meaning]) -> bool:
        """Refuse what is rather one request: more words of what may be any, or an answer to a question."""
        free = [at for at, meaning in enumerate(known) if not FREE.isdisjoint(meaning.slots)]
        cannot = any(self._language.skill_of[meaning.intent] == CANNOT.name for meaning in known)
        intents = {meaning.intent for meaning in known}
        small = any(meaning.weight < 2 for meaning in known)
        return not (_ONLY_ASKED & intents or small or (cannot and free))

    def _framed(self, heard: Heard, about: str, *, loose: bool = False, whole: bool = False) -> list[Meaning]:
        """Return what a frame makes of it that wants every word named, or also a loose one; or of the `whole` of it."""
        found = (
            one for one in self._frames.find(heard.text, about) if (loose or not one.loose) and (one.whole or not whole)
        )
        best = likeliest(one for one in found if all(self._counts(m) for m in self._found_by(one, heard)))
        return [] if best is None else self._found_by(best, heard)

    def _found_by(self, found: Found, heard: Heard) -> list[Meaning]:
        weight = self._language.intents[found.intent].weight
        return [Meaning(found.intent, self._values(slots, heard), weight) for slots in found.slots]

    def _counts(self, meaning: Meaning) -> bool:
        return self._sensible(meaning.slots) and self._readable(meaning)

    @staticmethod
    def _values(slots: dict[str, Any], heard: Heard) -> dict[str, Any]:
        return {name: heard.values.get(said, heard.words(said)) for name, said in slots.items()}

    def _looked_at_last(self, heard: Heard) -> Meaning | None:
        """Return what only counts if nothing else was understood, with all that was `said`."""
        heard = self._bare(heard)
        found = self._exact(heard, self._last)
        if found is None:
            return None
        return Meaning(found.intent, {**found.slots, "said": heard.words(heard.text)}, found.weight)

    def _apart(self, meaning: Meaning, text: str) -> Meaning:
        """Return it with the items that were said with the commas that `text` has between them."""
        items = meaning.slots.get("items")
        if not isinstance(items, str) or "," not in text:
            return meaning
        pieces = [self._hear(piece) for piece in text.split(",")]
        apart = with_commas(items, [piece.words(piece.text) for piece in pieces])
        return Meaning(meaning.intent, {**meaning.slots, "items": apart}, meaning.weight)

    def _as_written(self, meaning: Meaning, text: str) -> Meaning:
        """Return it with names as `text` has them, capital letters and all; which its first words are is not known."""
        rest = [word for sentence in self._sentence_end.split(text) for word in sentence.split()[1:]]
        written = {word.lower(): word for word in (re.sub(r"^\W+|\W+$", "", word) for word in rest)}
        slots = {
            name: re.sub(r"[^\W\d_]+", lambda m: written.get(m[0], m[0]), value)
            for name, value in meaning.slots.items()
            if name in _WRITTEN and isinstance(value, str)
        }
        return Meaning(meaning.intent, {**meaning.slots, **slots}, meaning.weight) if slots else meaning

    def answer(self, text: str, intent: str) -> Meaning | None:
        """Return what `text` means as an answer to a question, which is of an intent; None if it is none."""
        if len(text) > LONGEST:
            return None
        heard = self._hear(" ".join(part for parts in clauses(text, self._sentence_end) for part in parts), asked=True)
        return self._exact(self._bare(heard), wanted=intent)

    def sentence(self, text: str) -> Meaning | None:
        """Return what `text` means if all of it is one sentence that it knows."""
        if len(text) > LONGEST:
            return None
        parts = [part for raw in clauses(text, self._sentence_end) for part in raw]
        return self._clause(" ".join(filter(None, (without_wake_word(part, self._names) for part in parts))))

    def whole(self, text: str) -> bool:
        """Return whether all of `text` is one sentence that it knows, of those that people seldom add to."""
        meaning = self.sentence(text)
        return meaning is not None and not self._language.intents[meaning.intent].goes_on

    def _sentence(self, parts: Sequence[str]) -> list[Meaning]:
        """Return what a sentence means of which all is known: together, the last clauses, or two joined by "and"."""
        if found := self._clause(" ".join(parts)):
            return [found]
        each = [self._clause(part) for part in parts]
        if len(parts) > 1 and all(each):
            return self._last_ones(parts) or [found for found in each if found and found.intent not in _ONLY_ASKED]
        halves = self._joined.split(" ".join(parts))
        each = [self._clause(half) for half in halves]
        known = [found for found in each if found and found.intent not in _ONLY_ASKED]
        return known if len(known) == len(halves) > 1 else []

    def _part(self, parts: Sequence[str]) -> list[Meaning]:
        """Return what a part of a sentence means: its last clauses, or all but its first words."""
        if found := self._last_ones(parts) or self._without_first_words(" ".join(parts)):
            return found if isinstance(found, list) else [found]
        return []

    def _last_ones(self, parts: Sequence[str]) -> list[Meaning]:
        """Return what the last clauses of a sentence mean: those before them are taken back, or say why."""
        for begin in range(1, len(parts)):
            if self._negated(self._hear(parts[begin - 1]).text):
                break
            if (found := self._clause(" ".join(parts[begin:]))) and found.intent not in _ONLY_ASKED:
                return [found]
        return []

    def _without_first_words(self, clause: str) -> Meaning | None:
        """Return what a clause means without its first words: what is left of the wake word, perhaps.

        Before a thing, or its length, they are more: they say what shall be done with it. So is who does it, of what is
        no question.
        """
        words = clause.split()
        for cut in range(1, _WAKE_WORDS + 1):
            before = self._hear(" ".join(words[:cut])).text
            if len(words) - cut < 3 or self._negated(before):
                break
            rest = self._hear(" ".join(words[cut:]))
            if self._names_a_thing(rest.text) or not (found := self._exact(rest)):
                continue
            tells = not self._wording.subjects.isdisjoint(before.split())
            return (
                None
                if (tells or self._wording.asked(self._hear(clause).text.split()))
                and not self._frames.asks(found.intent)
                else found
            )
        return None

    def _names_a_thing(self, text: str) -> bool:
        first = text.partition(" ")[0]
        return first in self._language.common.things or is_mark(first)

    def _negated(self, text: str) -> bool:
        return any(re.search(rf"\b{word}\b", text) for word in self._language.common.negations)

    def _meaning_of(self, clause: str) -> Meaning | None:
        heard = self._hear(clause)
        found, bare = self._exact(heard), self._bare(heard)
        # What any words may stand for would take those along that carry no meaning. And "please" is no reason for what
        # cannot be done.
        doubtful = found and (not FREE.isdisjoint(found.slots) or self._language.skill_of[found.intent] == CANNOT.name)
        if bare.text != heard.text and (found is None or doubtful):
            found = self._exact(bare) or found
        return found

    def _bare(self, heard: Heard) -> Heard:
        """Return it without what carries no meaning at its ends."""
        text, before = heard.text, ""
        while text != before:
            before = text
            text = self._filler.sub("", self._polite.sub("", text, count=1), count=1)
        return Heard(text, heard.values, heard.said)

    def _exact(self, heard: Heard, intents: Intents | None = None, wanted: str = "") -> Meaning | None:
        if not heard.text:
            return None
        best: tuple[tuple[int, bool], Meaning] | None = None
        for result in recognize_all(heard.text, intents or self._intents):
            intent = result.intent.name
            if intent != wanted and (wanted or intent in _WHICH):
                continue
            slots = self._slots(result.entities, heard)
            # The template that names the most of what was said counts: "listen to me" asks for no music. And of what
            # may be any words, the fewest: a moment after them is one, and not among them. What can be done counts
            # before what cannot.
            any_words = sum(len(e.text.split()) for e in result.entities.values() if e.is_wildcard)
            rank = any_words, self._language.skill_of[intent] == CANNOT.name
            meaning = Meaning(intent, slots, self._language.intents[intent].weight)
            if (best is None or rank < best[0]) and self._counts(meaning):
                best = (rank, meaning)
                if not any(rank):
                    break
        if best is None:
            return None
        for free in FREE.intersection(best[1].slots):
            best[1].slots[free] = heard.words(str(best[1].slots[free]))
        return best[1]

    @staticmethod
    def _slots(entities: dict[str, Any], heard: Heard) -> dict[str, Any]:
        """Return what was said for each slot: the value that a mark stands for, or words, with marks among them."""
        slots: dict[str, Any] = {}
        for name, entity in entities.items():
            value = entity.value.strip() if isinstance(entity.value, str) else entity.value
            slots[name] = heard.values.get(value, value) if isinstance(value, str) and name not in FREE else value
        return slots

    def _sensible(self, slots: dict[str, Any]) -> bool:
        """Refuse a name that is half a sentence, a moment that is said twice, and one that is taken for other words."""
        first, second, text = slots.get("when"), slots.get("when_too"), slots.get("text")
        if isinstance(first, When) and isinstance(second, When) and not first.fits(second):
            return False
        if isinstance(text, str) and first is None and "duration" not in slots and _ends_with_time(text):
            return False
        for wildcard, most in (WILDCARDS | _NEW_NAME).items():
            said = slots.get(wildcard, wildcard)
            if not isinstance(said, str) or not 0 < len(said.split()) <= most:
                return False
            if wildcard not in FREE and any(is_mark(word) for word in said.split()):
                return False
        no_names = self._language.common.no_names
        # "When was that", "add it to the list": what is meant was said before, and is not known here.
        if "items" in slots and no_names.issuperset(str(slots["items"]).split()):
            return False
        name = str(slots.get("name", "")).split()
        within = [word for word in name[1:-1] if word not in self._language.common.within_names]
        return no_names.isdisjoint([*name[:1], *within, *name[-1:]])

    def _closest(self, clause: str) -> Meaning | None:
        """Return what the template means that is most like a clause, if it is very much like it."""
        heard = self._bare(self._hear(clause))
        said = heard.skeleton.replace(" ", "")
        if len(said) < _SHORTEST:
            return None
        best: tuple[float, str, str] = (0.0, "", "")
        second = 0.0
        matcher = SequenceMatcher(autojunk=False)
        matcher.set_seq2(said)
        for intent, sample in self._known_sentences():
            if abs(len(sample) - len(said)) > len(said) * 0.3:
                continue
            least = max(_CLOSE, best[0]) - _MARGIN
            matcher.set_seq1(sample.replace(" ", ""))
            if (
                matcher.real_quick_ratio() < least
                or matcher.quick_ratio() < least
                or (ratio := matcher.ratio()) < least
            ):
                continue
            if ratio > best[0]:
                if intent != best[1]:
                    second = best[0]
                best = (ratio, intent, sample)
            elif intent != best[1]:
                second = max(second, ratio)
        ratio, intent, sample = best
        if ratio < _CLOSE or ratio - second < _MARGIN:
            return None
        if (self._negated(heard.text) and not self._negated(sample)) or self._says_something_else(heard, sample):
            return None
        sentence = marked(sample, heard.values)
        return self._exact(Heard(sentence, heard.values, heard.said)) if sentence else None

    def _says_something_else(self, heard: Heard, sample: str) -> bool:
        """Whether a word that it knows was heard in place of one of the sample: then it was not misheard."""
        words = set(heard.skeleton.split()) - set(sample.split())
        return not words.isdisjoint(self._words)

    def samples(self, intent: str, count: int) -> Iterator[str]:
        """Yield about so many sentences that each template of an intent makes, with marks for values."""
        known = self._last if self._language.intents[intent].last else self._intents
        for template in known.intents[intent].data[0].sentences:
            made = sample_sentence(template, known.slot_lists, known.expansion_rules)
            sentences = list(islice(made, _SAMPLES * _EVERY))
            yield from sentences[:: max(1, len(sentences) // count)]

    def _known_sentences(self) -> list[tuple[str, str]]:
        """Return sentences that the templates make, with their intents, as skeletons."""
        if not self._samples:
            seen: dict[str, str] = {}
            for name in [known for known in self._intents.intents if known not in self._exact_only]:
                for sentence in self.samples(name, _SAMPLES):
                    if "{" not in sentence:
                        seen.setdefault(Heard(" ".join(sentence.split())).skeleton, name)
            self._samples = [(intent, skeleton) for skeleton, intent in seen.items()]
        return self._samples


def _of(heard: Heard, words: Sequence[str]) -> Heard:
    return Heard(" ".join(words), heard.values, heard.said)


def free_words(meaning: Meaning) -> list[str]:
    """Return the words of what was said that no template names, and no value."""
    return [word for name in WILDCARDS if isinstance(said := meaning.slots.get(name), str) for word in said.split()]


def _moment_instead(before: When, said: Sequence[Value | None]) -> When | None:
    """Return a moment of which something else was said instead, another one or a bare hour; None if it was neither."""
    if len(said) != 1:
        return None
    (other,) = said
    if isinstance(other, float) and other in range(1, 25) and before.has_time:
        other = When(hour=int(other) % 24)
    return before.corrected_by(other) if isinstance(other, When) else None


def _differ_in(slot: str, one: Meaning, other: Meaning) -> bool:
    """Return whether both ask for the same, but for one value."""
    names = one.slots.keys() | other.slots.keys()
    return one.intent == other.intent and [name for name in names if one.slots.get(name) != other.slots.get(name)] == [
        slot
    ]


def _ends_with_time(text: str) -> bool:
    """Return whether any words begin or end with a moment or a span of time: it says when, and not what."""
    ends = (text.split() or [""])[0], (text.split() or [""])[-1]
    return any(is_mark(end) and end.startswith((MARKS["when"], MARKS["duration"])) for end in ends)


def _words(language: Language) -> set[str]:
    """Return the words of which the templates are made."""
    templates = [*language.rules.values(), *(s for intent in language.intents.values() for s in intent.sentences)]
    return {word for template in templates for word in re.findall(r"\w+", re.sub(r"<\w+>|{[\w:]+}", " ", template))}


def _hassil(language: Language, *, last: bool) -> dict[str, Any]:
    """Return the templates in hassil's own form: of the intents that are looked at last, or of the others."""
    lists: dict[str, Any] = {
        name: {"values": [{"in": spoken, "out": value} for spoken, value in values]}
        for name, values in language.lists.items()
    }
    for name, kind in MARKS.items():
        lists[name] = {"values": [f"{kind}{letter}" for letter in "abcdef"[:MOST]]}
    lists |= {name: {"wildcard": True} for name in WILDCARDS}
    return {
        "language": language.language,
        "intents": {
            name: {"data": [{"sentences": list(intent.sentences)}]}
            for name, intent in language.intents.items()
            if intent.last is last
        },
        "lists": lists,
        "expansion_rules": dict(language.rules),
    }
