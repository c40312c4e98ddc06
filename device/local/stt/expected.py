"""What may be said to the assistant: how much of a text it can make something of."""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.language.files import file_of
from device.language.language import load_language
from device.listen.moonshine import EXPECTED, UNDERSTOOD
from device.local.end_of_turn.completeness import completeness_rules
from device.system import inputs

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from device.listen.moonshine import Understood

FILE: Final = "expected.toml"
_SHORT: Final = 2
"""Letters of words of which there are too few to tell anything by."""
_NOTHING: Final[frozenset[str]] = frozenset()


class _File(Struct, forbid_unknown_fields=True):
    words: str


class Expected:
    """Judges texts: see `Moonshine.transcribe`. `free_words` are as `Brain.free_words` has them."""

    def __init__(self, free_words: Callable[[str], list[str] | None], language: str) -> None:
        self._free_words = free_words
        self._words = _words(language)
        self._names = _names(language)
        self._things = set(load_language(language).common.things)
        self._unfinished = completeness_rules(language)

    def among(self, names: Collection[str]) -> Understood:
        """Return what judges texts in which these `names` may be spoken of, too."""
        return partial(self, names=frozenset(_long(names))) if names else self

    def __call__(self, text: str, names: frozenset[str] = _NOTHING) -> int:
        """Return `EXPECTED` if it is understood, and none of its words could as well be another, `UNDERSTOOD`, or 0.

        The name of a thing alone, “pasta timer”, is expected too: it answers a question. What must go on is understood
        if each of its words is to be expected: in a pause, “set an alarm for” is not “an alarm for four”.
        """
        words, known = set(_long([text])), self._names | names
        if words <= known | self._things and words & known and words & self._things:
            return EXPECTED
        if (free := self._free_words(text) if text else None) is not None:
            return EXPECTED if self._expects(_long(free), names) else UNDERSTOOD
        unfinished = words and self._unfinished.judge(text) == "incomplete"
        return UNDERSTOOD if unfinished and self._expects(words, names) else 0

    def _expects(self, words: Iterable[str], names: frozenset[str]) -> bool:
        known = self._words | names
        return all(word in known or word.removesuffix("s") in known for word in words)


def _long(texts: Iterable[str]) -> list[str]:
    """Return the words of texts that something can be told by."""
    return [word for word in re.findall(r"[^\W\d_]+", " ".join(texts).lower()) if len(word) > _SHORT]


@cache
def _names(tag: str) -> frozenset[str]:
    path = file_of(tag, FILE)
    return frozenset(msgspec.toml.decode(inputs.read(path), type=_File).words.split() if path else ())


def _words(tag: str) -> frozenset[str]:
    """Return the words of a language's sentences, numbers, times and spans, and of what people name."""
    language = load_language(tag)
    texts = [*language.rules.values(), *(one for intent in language.intents.values() for one in intent.sentences)]
    texts += [spoken for values in language.lists.values() for spoken, _ in values]
    texts += [*language.common.polite, *language.common.fillers, *language.common.things]
    numbers, clock, spans = language.numbers, language.clock, language.spans
    texts += [*numbers.ones, *numbers.teens, *numbers.tens, numbers.hundred, *numbers.scales, *numbers.fractions]
    texts += [*clock.minutes.values(), *(part for _, part in clock.parts), *clock.weekdays, *clock.months]
    texts += [word for words in spans.units.values() for word in words]
    return _names(tag) | frozenset(
        re.findall(r"[^\W\d_]+", " ".join(re.sub(r"<\w+>|{[\w:]+}", " ", text) for text in texts).lower())
    )
