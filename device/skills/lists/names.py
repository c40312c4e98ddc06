"""What lists and their entries are called, however people say it."""

from __future__ import annotations

import re
from functools import cache, cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from device.language.language import LanguageError, load_language

if TYPE_CHECKING:
    from device.language.language import Language


class ListWords(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, dict=True):
    """The `[words]` of `lists.toml`."""

    usual: str
    """The list that is meant if none is named."""
    suffix: str
    """What names may be said with: "shopping list". The phrases add it, or `kept` does."""
    kept: str = "{name}"
    """How a name is kept and told, where that is more than its {name}, or with a capital letter its {Name}."""
    other_names: dict[str, str]
    """What else lists are called: "groceries"."""
    ignored: frozenset[str]
    """Words that an entry may be said with or without: "some milk"."""
    alike: tuple[tuple[str, str], ...]
    """Regular expressions of ends of words, and what they count as: plurals."""
    between: str
    """A regular expression of what is between entries that are said in one breath."""
    together: tuple[str, ...]
    """What is one entry, though it looks like two."""
    and_two: str
    """How the last two are joined: "{before} and {last}"."""
    named: str
    """How a {list} is called among others."""
    most_said: int
    """As many entries are read out at once."""

    @cached_property
    def _alike(self) -> list[tuple[re.Pattern[str], str]]:
        return [(re.compile(pattern), by) for pattern, by in self.alike]

    def list_name(self, said: str) -> str:
        """Return the name of a list, as it is kept: "the grocery list" is the shopping list."""
        words = [word for word in re.sub(r"[^\w\s]", " ", said.casefold()).split() if word not in self.ignored]
        name = " ".join(words)
        name = name.removesuffix(self.suffix.strip()).strip()
        if not name:
            return self.usual
        return self.other_names.get(name) or self.kept.format(name=name, Name=name[:1].upper() + name[1:])

    def key(self, entry: str) -> str:
        """Return what two ways of saying an entry have in common."""
        words = [word for word in re.sub(r"[^\w\s]", " ", entry.casefold()).split() if word not in self.ignored]
        for pattern, by in self._alike:
            words = [pattern.sub(by, word) for word in words]
        return " ".join(words) or entry.casefold().strip()

    def entries(self, said: str) -> list[str]:
        """Return the entries of what was said: "milk, eggs and bread" are three, "fish and chips" one."""
        text = f" {' '.join(said.split())} "
        for number, one in enumerate(self.together):
            text = re.sub(rf"(?i)(?<=[ ,]){re.escape(one)}(?=[ ,])", f"\ue000{number}\ue000", text)
        parts = re.split(self.between, text)
        whole = [re.sub("\ue000(\\d+)\ue000", lambda m: self.together[int(m[1])], part) for part in parts]
        return [entry for part in whole if (entry := self.entry(part))]

    def entry(self, said: str) -> str:
        """Return one entry without what it may be said with."""
        words = said.strip(" ,").split()
        while len(words) > 1 and words[0].casefold() in self.ignored:
            words = words[1:]
        return " ".join(words)

    def enumerated(self, entries: list[str]) -> str:
        """Return entries as they are read out: "milk, eggs and bread"."""
        if len(entries) < 2:
            return "".join(entries)
        return self.and_two.format(before=", ".join(entries[:-1]), last=entries[-1])


def list_words(language: Language) -> ListWords:
    """Return the words of a language. Raises `LanguageError` if it has none."""
    return language.words("lists", ListWords)


@cache
def words_of(tag: str) -> ListWords:
    """Return the words of a language, given as a tag; the English ones where that language has none."""
    try:
        return list_words(load_language(tag))
    except LanguageError:
        return list_words(load_language("en"))
