"""The choice of words: phrases and replies of a language."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.language.language import Language


class Phrases:
    """The phrases of a language, a different one each time that there is a choice; `name` is the assistant's own."""

    def __init__(self, language: Language, name: str) -> None:
        self._language = language
        self._name = name

    def phrase(self, key: str, count: int = 0, last: str = "", /, **values: object) -> str:
        """Return the phrase called `key`; `count` chooses, and what was said `last` is not said again if possible."""
        return self._choose(self._language.phrases[key], count, last, values)

    def reply(self, intent: str, count: int = 0, last: str = "") -> str:
        """Return one of the replies of an intent, "" if it has none."""
        known = self._language.intents.get(intent)
        return self._choose(known.replies, count, last, {}) if known and known.replies else ""

    def is_one_of(self, key: str, text: str) -> bool:
        """Return whether a text is the phrase called `key`, whatever its values are."""
        shapes = (re.sub(r"\\{\w+\\}", ".+", re.escape(choice)) for choice in self._language.phrases[key])
        return any(re.fullmatch(shape, text, re.IGNORECASE) for shape in shapes)

    def _choose(self, choices: tuple[str, ...], count: int, last: str, values: dict[str, object]) -> str:
        said = [choice.format(name=self._name) if not values else choice.format_map(values) for choice in choices]
        at = count % len(said)
        text = said[at] if said[at] != last else said[(at + 1) % len(said)]
        return text[:1].upper() + text[1:]
