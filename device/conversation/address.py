"""The wake word in the words of an engine that heard it, in one breath with a question."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import Final

ALIKE: Final = 0.7
"""How like the wake word the first words must be: “Hey, Travis” is (0.78), “Hey, John R. Vist” (0.76), “Hey guys” is
not (0.5), nor is “Where is Paris” (0.63), of an engine that left the wake word out."""
MOST: Final = 5
"""As many words may have been made of it: “H. E. Jar of this”."""
LONGEST: Final = 100
"""Characters of them at which is looked: more than that is like no wake word, and an engine may write a million."""


def without_address(text: str, word: str) -> str:
    """Return what was said without the wake word at its beginning; `word` is the name of its model, "hey_jarvis"."""
    wanted, words = _letters(word), text.split()
    likeness = {
        count: SequenceMatcher(None, _letters("".join(words[:count])[:LONGEST]), wanted, autojunk=False).ratio()
        for count in range(1, min(MOST, len(words)) + 1)
    }
    best = max(likeness, key=lambda count: likeness[count], default=0)
    if not best or likeness[best] < ALIKE:
        return text
    rest = " ".join(words[best:])
    return rest[:1].upper() + rest[1:]


def _letters(text: str) -> str:
    return "".join(filter(str.isalpha, text.lower()))
