"""What is said to an alarm that rings so that it rings again later, by a language's `lexicon.toml`."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

from device.language.files import base
from device.language.language import LanguageError, load_language
from device.listen.lexicon import lexicon, words

if TYPE_CHECKING:
    from device.language.language import Language

USUAL: Final = 10
"""Minutes, if none are said: as the tool `snooze` has it."""
MOST: Final = 180
"""Minutes that the tool takes; more was misheard."""
_NUMBER: Final = "n"
"""What `words` leaves of "{n}"."""


def snoozed_minutes(text: str, language: str) -> int | None:
    """Return for how many minutes `text` puts off what rings; None if it does not.

    In other languages the English phrases count too: the recogniser writes what it hears as English.
    """
    for known, phrases in (_phrases(tag) for tag in dict.fromkeys((base(language), "en"))):
        said = " ".join(words(known.numbers.in_digits(text.lower()))) if known else ""
        found = [match for phrase in phrases if (match := phrase.search(said))]
        minutes = next((int(match["n"]) for match in found if match.groupdict().get("n")), USUAL)
        if found and 1 <= minutes <= MOST:
            return minutes
    return None


@cache
def _phrases(tag: str) -> tuple[Language | None, tuple[re.Pattern[str], ...]]:
    """Return the phrases of a language, those with a number first."""
    try:
        language = load_language(tag)
    except LanguageError:
        return None, ()
    known = lexicon(tag)
    phrases = sorted(known.snooze if known else (), key=lambda phrase: (_NUMBER not in phrase.split(), phrase))
    return language, tuple(re.compile(rf"\b{_pattern(phrase)}\b") for phrase in phrases)


def _pattern(phrase: str) -> str:
    return " ".join(r"(?P<n>\d{1,4})" if word == _NUMBER else re.escape(word) for word in phrase.split())
