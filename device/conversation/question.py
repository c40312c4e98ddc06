"""A question by text: put to the engine as soon as it is the user's turn, and again if the session is lost over it."""

from __future__ import annotations


class Question:
    """What was asked by text and has no answer yet, one at a time."""

    def __init__(self) -> None:
        self._text = ""
        self._put = False

    @property
    def due(self) -> bool:
        """Whether there is one that the engine does not know of."""
        return bool(self._text) and not self._put

    def ask(self, text: str) -> None:
        """Ask something, in place of what was asked before."""
        self._text, self._put = text, False

    def put(self) -> str:
        """Return what to put to the engine, which knows of it from now on."""
        self._put = True
        return self._text

    def lost(self) -> bool:
        """Note that the session is lost; return whether the question goes with it, and is put again."""
        lost, self._put = self._put, False
        return lost

    def forget(self) -> None:
        """Note that it is answered, or never will be."""
        self._text, self._put = "", False
