"""Whether words can be all that somebody wants to say: how unfinished speech ends is in `endings.toml`."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from device.language.files import base, file_of, languages
from device.listen.lexicon import words

Completeness: TypeAlias = Literal["incomplete", "uncertain", "complete"]
"""More must come; more may well come; nothing says that more comes."""
_PHRASE_WORDS = 4
"""Words of the longest phrase in the file; a test holds the file to it."""
_POLITE_WORDS = 4
"""Words before a request, at most: "could you please …"."""
_GOES_ON = re.compile(r"(,|…|\.\.|-|–|—)\W*$")  # noqa: RUF001 - dashes are what is looked for
"""What a recogniser writes when the melody goes on."""


class CompletenessRules(Struct, frozen=True, forbid_unknown_fields=True):
    """How unfinished speech ends in a language; the file says what each part means."""

    hesitations: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    beginnings: frozenset[str] = frozenset()
    placing: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def judge(self, text: str) -> Completeness:
        """Return whether `text`, as the recogniser wrote it, can be all.

        >>> completeness_rules("en").judge("Set a timer for.")
        'incomplete'
        """
        said = words(text)
        if not said:
            return "uncertain"
        if said[-1] in self.hesitations or _GOES_ON.search(text):
            return "incomplete"
        for length in range(min(_PHRASE_WORDS, len(said)), 0, -1):
            phrase = " ".join(said[-length:])
            if phrase in self.closed:
                return "complete"
            if phrase in self.open:
                return "incomplete"
            if phrase in self.doubtful:
                return "uncertain"
        begun = any(" ".join(said[:length]) in self.beginnings for length in range(1, _PHRASE_WORDS + 1))
        return "uncertain" if begun or self._unplaced(said) else "complete"

    def _unplaced(self, said: list[str]) -> bool:
        """Tell whether it is said what shall be turned, put or set, but not where or how much."""
        at = next((at for at, word in enumerate(said) if word in self.placing), None)
        if at is None or at > _POLITE_WORDS:
            return False
        rest = said[at + 1 :]
        return self.places.isdisjoint(rest) and not any(word.isdigit() for word in rest)


def completeness_rules(language: str) -> CompletenessRules:
    """Return the rules of `language`, a tag such as "en" or "en-GB"; for most languages there are none."""
    return all_rules().get(base(language), CompletenessRules())


@cache
def all_rules() -> dict[str, CompletenessRules]:
    """Return the rules of every language that has them, by its tag without a region."""
    there = {language: file_of(language, "endings.toml") for language in languages()}
    return {
        language: msgspec.toml.decode(path.read_bytes(), type=CompletenessRules)
        for language, path in there.items()
        if path
    }
