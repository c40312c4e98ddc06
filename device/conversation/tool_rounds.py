"""How often a model calls tools without saying anything: each round is billed, and the user waits for an answer."""

from __future__ import annotations

from device.conversation.actions import Say

ROUNDS = 5
"""Replies with calls and without a word before the model is asked to speak. A choice: what people ask for in one
sentence takes three at most."""
CALLS = 30
"""Calls for what the user said last, words or not. A choice: ten times of what is usual."""
SPEAK = (
    "You have called enough tools. Do not call any more: tell the user now, in a sentence or two, what you know, or "
    "that it cannot be done."
)


class ToolRounds:
    """Those since the user, or the model, said anything."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Note that the user has said something."""
        self._calls = 0
        self._ended = False
        self.speaks()

    def speaks(self) -> None:
        """Note that the model says something."""
        self._replies: set[str] = set()
        self._asked = False

    def call(self, reply: str) -> bool:
        """Note a call in a reply; return whether it is to be carried out, and not one too many."""
        self._calls += 1
        self._replies.add(reply)
        return not self._asked and self._calls <= CALLS

    def end(self) -> bool:
        """Note that the reply is ended; return whether one was before, and the model went on by itself."""
        before, self._ended = self._ended, True
        return before

    def ask(self) -> Say | None:
        """Return how to have the model speak, if there were rounds enough and their results are there; once."""
        if len(self._replies) < ROUNDS or self._asked:
            return None
        self._asked = True
        return Say(SPEAK, tools=False)
