"""The greeting of somebody who wakes the device and asks nothing."""

from __future__ import annotations

from device.conversation.actions import Say


class Greeting:
    """Due from when the device wakes until the user or the engine says anything; never due if `text` is empty."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._due = False

    @property
    def due(self) -> bool:
        """Whether whoever woke the device has not said or been told anything yet."""
        return self._due

    def woke(self) -> None:
        """Note that somebody woke the device."""
        self._due = bool(self._text)

    def forget(self) -> None:
        """Note that something else is said or heard."""
        self._due = False

    def say(self) -> Say:
        """Return how to have the greeting said."""
        self._due = False
        return Say(self._text)
