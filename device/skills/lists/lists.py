"""Lists of what somebody wants to remember. Pure: nothing is kept here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from device.skills.lists.names import ListWords

MOST_LISTS: Final = 30
MOST: Final = 1000
"""Entries that a list may come to have by being added to. Both a choice: more is no list for a voice."""
LONGEST: Final = 120
"""Characters of an entry. A choice: ten seconds of speech; what is longer was misheard."""
LONGEST_NAME: Final = 40
"""Characters of a list's name."""


class Lists:
    """Lists by name, in the order in which they were begun; `words` tells what is the same, however it is said."""

    def __init__(self, words: ListWords) -> None:
        self._words = words
        self._lists: dict[str, tuple[str, ...]] = {}

    @property
    def all(self) -> Mapping[str, tuple[str, ...]]:
        """All lists that have entries, in the order of their beginnings; it is another object after each change."""
        return self._lists

    def resume(self, lists: Mapping[str, Sequence[str]]) -> None:
        """Have the lists of before, however long they are."""
        self._lists = {name: tuple(entries) for name, entries in lists.items() if entries}

    def read(self, name: str) -> tuple[str, ...]:
        """Return the entries of a list."""
        return self._lists.get(self.called(name), ())

    def called(self, said: str) -> str:
        """Return the name of the list that is meant: the usual one without a name."""
        return self._words.list_name(said)

    def add(self, name: str, entries: Iterable[str]) -> tuple[list[str], list[str]]:
        """Add to a list, which is begun if need be; return what was added, and what was there already.

        Raises ValueError, and then nothing is added, for an entry or a name that is too long, and if there is no room.
        """
        name = self.called(name)
        known = list(self._lists.get(name, ()))
        keys = {self._words.key(entry) for entry in known}
        added: list[str] = []
        there: list[str] = []
        for said in entries:
            if not (entry := self._words.entry(" ".join(said.split()))):
                continue
            if len(entry) > LONGEST:
                raise ValueError(f"an entry has at most {LONGEST} characters, and this one has {len(entry)}")
            (there if (key := self._words.key(entry)) in keys else added).append(entry)
            keys.add(key)
        if not added and not there:
            raise ValueError("there is nothing to add")
        if len(name) > LONGEST_NAME:
            raise ValueError(f"the name of a list has at most {LONGEST_NAME} characters")
        if name not in self._lists and len(self._lists) >= MOST_LISTS:
            raise ValueError(f"there are {MOST_LISTS} lists already: clear one first")
        if added and len(known) + len(added) > MOST:
            raise ValueError(f"the list is full: it has {len(known)} entries, and at most {MOST} fit")
        if added:
            self._lists = {**self._lists, name: (*known, *added)}
        return added, there

    def remove(self, name: str, entries: Iterable[str]) -> tuple[list[str], list[str]]:
        """Take entries off a list; return what was, and what is not on it.

        "Milk" takes "two litres of milk" off, too, unless there is one that is called just so.
        """
        name = self.called(name)
        left = list(self._lists.get(name, ()))
        gone: list[str] = []
        missing: list[str] = []
        for entry in entries:
            if found := self.find(left, entry):
                gone += found
                left = [kept for kept in left if kept not in found]
            elif entry.strip():
                missing.append(" ".join(entry.split())[:LONGEST])
        self._put(name, left)
        return gone, missing

    def find(self, among: Sequence[str], said: str) -> list[str]:
        """Return the entries that are meant: those called just so, else those that have all words of it."""
        key = self._words.key(said)
        keys = [self._words.key(entry) for entry in among]
        if not said.strip() or key in keys:
            return [entry for entry, other in zip(among, keys, strict=True) if other == key and said.strip()]
        words = set(key.split())
        return [entry for entry, other in zip(among, keys, strict=True) if words <= set(other.split())]

    def clear(self, name: str) -> int:
        """Empty a list; return how many entries it had."""
        name = self.called(name)
        had = len(self._lists.get(name, ()))
        self._put(name, [])
        return had

    def _put(self, name: str, entries: Sequence[str]) -> None:
        if tuple(entries) == self._lists.get(name, ()):
            return
        others = {other: kept for other, kept in self._lists.items() if other != name or entries}
        self._lists = {**others, name: tuple(entries)} if entries else others
