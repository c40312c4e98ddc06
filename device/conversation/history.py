"""What was said in a conversation, as the user heard it: what a new session is told."""

from __future__ import annotations

from device.conversation.engine import Said

LONGEST = 20
"""Things said that are kept; a choice: enough to go on talking, little enough that a new session is told it at once."""

LONGEST_TEXT = 20_000
"""Characters of a reply's item that are kept: twenty minutes of talk."""
UNHEARD = 200
"""Items that wait to be heard of which the words are kept. A choice, as in `current_reply`."""


class History:
    """The words of both sides; of a reply only what left the loudspeaker, to the nearest word."""

    def __init__(self) -> None:
        self._said: list[Said] = []
        self._texts: dict[str, str] = {}

    @property
    def said(self) -> tuple[Said, ...]:
        """What was said and heard, the oldest first."""
        return tuple(self._said)

    def user(self, text: str) -> None:
        """Add what the user said."""
        self._add(Said("user", text[:LONGEST_TEXT]))

    def assistant(self, item: str, text: str, *, final: bool) -> None:
        """Take the words of a reply item that is not heard yet: a piece of them, or all of them when `final`."""
        before = "" if final else self._texts.get(item, "")
        self._texts[item] = before + text[: LONGEST_TEXT - len(before)]
        while len(self._texts) > UNHEARD:
            del self._texts[next(iter(self._texts))]

    def heard(self, item: str, share: float = 1.0) -> tuple[str, str]:
        """Add what a reply item said, of which `share`, 0 to 1, was heard; return the words heard and the rest."""
        words = self._texts.pop(item, "").split()
        count = round(len(words) * min(1.0, share))
        heard, unheard = " ".join(words[:count]), " ".join(words[count:])
        if heard:
            self._add(Said("assistant", heard))
        return heard, unheard

    def forget_unheard(self) -> None:
        """Drop the words of reply items that nobody will hear."""
        self._texts.clear()

    def forget_unanswered(self) -> None:
        """Drop what the user said since the assistant's last words."""
        while self._said and self._said[-1].role == "user":
            self._said.pop()

    def clear(self) -> None:
        """Begin a new conversation."""
        self._said.clear()
        self._texts.clear()

    def _add(self, said: Said) -> None:
        self._said = [*self._said, said][-LONGEST:]
