"""What timers are called: by their length if nobody names them, and however people say it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from msgspec import Struct, field

from device.language.language import LanguageError, load_language

if TYPE_CHECKING:
    from collections.abc import Collection

    from device.language.language import Language


class TimerWords(Struct, frozen=True, forbid_unknown_fields=True):
    """The `[words]` of `timers.toml`."""

    usual: str
    """The name of a timer of a {length}, which nobody named."""
    hour: str
    """How {n} hours are said in it; so are minutes and seconds."""
    minute: str
    second: str
    suffix: str
    """What the phrases add to a name; a name that ends so is said without it."""
    ignored: frozenset[str]
    """Words that two names of the same timer may differ in."""
    alike: dict[str, str]
    """Words that count as another: plurals."""
    and_: str = field(name="and", default=" ")
    """What is between hours, minutes and seconds in a name."""
    one: str = ""
    """What is said for {n} where it is one, if not the number."""
    noun: bool = False
    """Whether names are written with a capital letter."""


class TimerNames:
    """The names of timers in a language. Raises `LanguageError` for one that has no words for them."""

    def __init__(self, language: Language) -> None:
        self._numbers = language.numbers
        w = self._words = language.words("timers", TimerWords)
        self._units = {word for unit in (w.hour, w.minute, w.second) for word in self.key(unit.format(n="")).split()}
        """"Five minute" is no part of the name of the one hour five minute timer."""

    def usual(self, seconds: int) -> str:
        """Return how people call a timer of that length.

        >>> timer_names("en").usual(90)
        'one minute thirty second timer'
        """
        minutes, second = divmod(seconds, 60)
        hour, minute = divmod(minutes, 60)
        w = self._words
        parts = [
            shape.format(n=(n == 1 and w.one) or self._number(n))
            for n, shape in ((hour, w.hour), (minute, w.minute), (second, w.second))
            if n
        ]
        return w.usual.format(length=w.and_.join(parts))

    def same(self, name: str, said: str) -> bool:
        """Return whether people mean the timer called `name` by what they `said`.

        >>> timer_names("en").same("one minute thirty second timer", "the 1 minute and 30 seconds timer")
        True
        """
        return self.key(name) == self.key(said)

    def meant(self, names: Collection[str], said: str) -> list[str]:
        """Return those of the names that people mean by what they `said`, if need be the one of which it is a part.

        >>> timer_names("en").meant(["sponge cake", "tea"], "my sponge timer")
        ['sponge cake']
        """
        same = [name for name in names if self.same(name, said)]
        words = set(self.key(said).split())
        if same or words & self._units:
            return same
        part = [name for name in names if words <= set(self.key(name).split())]
        return part if len(part) == 1 else []

    def given(self, name: str, seconds: int) -> str:
        """Return the name that somebody gave a timer of that length; "" if it is called by the length."""
        return "" if self.key(name).startswith(self.key(self.usual(seconds))) else name

    def short(self, name: str) -> str:
        """Return a name without the word that the phrases add: "five minute timer" is the five minute timer."""
        short = name.removesuffix(self._words.suffix)
        return short[:1].upper() + short[1:] if self._words.noun else short

    def key(self, name: str) -> str:
        """Return what names of the same timer have in common, however they are said or written."""
        plain = re.sub(
            r"\d+", lambda digits: self._number(int(digits[0])).casefold(), re.sub(r"[-,]", " ", name.casefold())
        )
        words = [word for word in plain.split() if word not in self._words.ignored]
        return " ".join(self._words.alike.get(word, word) for word in words) or plain

    def _number(self, number: int) -> str:
        return self._numbers.words(number).replace("-", " ")


@cache
def timer_names(language: str) -> TimerNames:
    """Return the names in a language, given as a tag; the English ones where that language has none."""
    try:
        return TimerNames(load_language(language))
    except LanguageError:
        return TimerNames(load_language("en"))
