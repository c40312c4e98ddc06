"""Whoever wants to know what the daemon does."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.engine import Words
    from device.conversation.states import State


class Watcher:
    """Sees what the daemon does; to be overridden where somebody wants to know."""

    def state(self, state: State, at: int) -> None:
        """Know that the conversation is in `state` since position `at`."""

    def reply_audio(self, item: str, pcm: bytes, rate: int) -> None:
        """Take a piece of a reply item as it came from the engine: s16le mono at `rate`."""

    def words(self, words: Words) -> None:
        """Know what somebody says, as the engine tells it: a piece, or all of it."""

    def announced(self, item: str, text: str) -> None:
        """Know that the device begins to say `text` by itself, as `item`; "" if nobody is to see it."""

    def sent(self, at: int, total: int) -> None:
        """Know that microphone audio up to position `at` was handed to the socket, `total` samples so far."""

    def earcon(self, name: str) -> None:
        """Know that an earcon was begun."""


class Watchers(Watcher):
    """All of them, told in the order in which they came."""

    def __init__(self) -> None:
        self._all: list[Watcher] = []

    def add(self, watcher: Watcher) -> None:
        """Tell `watcher`, too, from now on."""
        self._all.append(watcher)

    def state(self, state: State, at: int) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.state(state, at)

    def reply_audio(self, item: str, pcm: bytes, rate: int) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.reply_audio(item, pcm, rate)

    def words(self, words: Words) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.words(words)

    def announced(self, item: str, text: str) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.announced(item, text)

    def sent(self, at: int, total: int) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.sent(at, total)

    def earcon(self, name: str) -> None:
        """Tell all."""
        for watcher in self._all:
            watcher.earcon(name)


class OnState(Watcher):
    """Calls `changed` when the state has changed: for lights that would see it only a moment later."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def state(self, state: State, at: int) -> None:  # noqa: ARG002 - whoever is told asks for it
        """Say so."""
        self._changed()
