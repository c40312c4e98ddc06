"""Whether words can be all that somebody wants to say: how unfinished speech ends is in `data/endings.toml`."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Literal, TypeAlias

import msgspec
from msgspec import Struct

from device.listen.lexicon import words

Ending: TypeAlias = Literal["open", "doubtful", "plain"]
"""More must come; more may well come; nothing tells."""
_LONGEST = 4
"""Words of the longest phrase."""
_POLITE = 4
"""Words before a request, at most: "could you please …"."""
_GOES_ON = re.compile(r"(,|…|\.\.|-|–|—)\W*$")  # noqa: RUF001 - dashes are what is looked for
"""What a recogniser writes when the melody goes on."""


class Endings(Struct, frozen=True, forbid_unknown_fields=True):
    """How unfinished speech ends in a language; the file says what each part means."""

    hesitations: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    beginnings: frozenset[str] = frozenset()
    placing: frozenset[str] = frozenset()
    places: frozenset[str] = frozenset()

    def ending(self, text: str) -> Ending:
        """Return how `text`, as the recogniser wrote it, ends.

        >>> endings("en").ending("Set a timer for.")
        'open'
        """
        said = words(text)
        if not said:
            return "doubtful"
        if said[-1] in self.hesitations or _GOES_ON.search(text):
            return "open"
        for length in range(min(_LONGEST, len(said)), 0, -1):
            phrase = " ".join(said[-length:])
            if phrase in self.closed:
                return "plain"
            if phrase in self.open:
                return "open"
            if phrase in self.doubtful:
                return "doubtful"
        begun = any(" ".join(said[:length]) in self.beginnings for length in range(1, _LONGEST + 1))
        return "doubtful" if begun or self._unplaced(said) else "plain"

    def _unplaced(self, said: list[str]) -> bool:
        """Tell whether it is said what shall be turned, put or set, but not where or how much."""
        at = next((at for at, word in enumerate(said) if word in self.placing), None)
        if at is None or at > _POLITE:
            return False
        rest = said[at + 1 :]
        return self.places.isdisjoint(rest) and not any(word.isdigit() for word in rest)


def endings(language: str) -> Endings:
    """Return how speech ends in `language`, a tag such as "en" or "en-GB"; of most languages little is known."""
    return _all().get(re.split(r"[-_]", language.lower(), maxsplit=1)[0], Endings())


@cache
def _all() -> dict[str, Endings]:
    text = files("device.data").joinpath("endings.toml").read_text("utf-8")
    return msgspec.toml.decode(text, type=dict[str, Endings])
