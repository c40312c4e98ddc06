"""What may be said to the assistant: how much of a text it can make something of."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
from msgspec import Struct

from device.language.files import file_of
from device.language.language import load_language
from device.listen.moonshine import EXPECTED, UNDERSTOOD
from device.system import inputs

if TYPE_CHECKING:
    from collections.abc import Callable

FILE: Final = "expected.toml"
_SHORT: Final = 2
"""Letters of words of which there are too few to tell anything by."""


class _File(Struct, forbid_unknown_fields=True):
    words: str


class Expected:
    """Judges texts: see `Moonshine.transcribe`. `knows` tells whether the brain understands one as a whole."""

    def __init__(self, knows: Callable[[str], bool], language: str) -> None:
        self._knows = knows
        self._words = _words(language)
        self._names = _names(language)
        self._things = set(load_language(language).common.things)

    def __call__(self, text: str) -> int:
        """Return `EXPECTED` if it is understood and each of its words is to be expected, `UNDERSTOOD`, or 0.

        The name of a thing alone, “pasta timer”, is understood too: it answers a question.
        """
        words = {word for word in re.findall(r"[^\W\d_]+", text.lower()) if len(word) > _SHORT}
        others = {word for word in words - self._words if word.removesuffix("s") not in self._words}
        if words <= self._names | self._things and words & self._names and words & self._things:
            return EXPECTED
        if not text or not self._knows(text):
            return 0
        return UNDERSTOOD if others else EXPECTED


@cache
def _names(tag: str) -> frozenset[str]:
    path = file_of(tag, FILE)
    return frozenset(msgspec.toml.decode(inputs.read(path), type=_File).words.split() if path else ())


def _words(tag: str) -> frozenset[str]:
    """Return the words of a language's sentences, of its numbers, and of what people name."""
    language = load_language(tag)
    texts = [*language.rules.values(), *(one for intent in language.intents.values() for one in intent.sentences)]
    texts += [spoken for values in language.lists.values() for spoken, _ in values]
    texts += [*language.common.polite, *language.common.fillers, *language.common.things]
    numbers = language.numbers
    texts += [*numbers.ones, *numbers.teens, *numbers.tens, numbers.hundred, *numbers.scales, *numbers.fractions]
    return _names(tag) | frozenset(
        re.findall(r"[^\W\d_]+", " ".join(re.sub(r"<\w+>|{[\w:]+}", " ", text) for text in texts).lower())
    )
