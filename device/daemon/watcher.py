"""Whoever wants to know what the daemon does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from device.conversation.states import State


class Watcher:
    """Sees what the daemon does; to be overridden where somebody wants to know."""

    def state(self, state: State, at: int) -> None:
        """Note that the conversation is in `state` since position `at`."""

    def reply_audio(self, item: str, pcm: bytes, rate: int) -> None:
        """Take a piece of a reply item as it came from the engine: s16le mono at `rate`."""

    def sent(self, at: int) -> None:
        """Note that microphone audio up to position `at` has been handed to the socket."""
