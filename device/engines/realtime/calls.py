"""The functions that a Realtime server calls: each is passed on once, and answered once."""

from __future__ import annotations

from typing import Final

from device.conversation.engine import ToolCall

NAMED: Final = 256
"""Items of which the function is remembered. A choice: far more than are called before one is complete."""


class Calls:
    """The calls of one session."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}  # item id → function, until its call is complete
        self._made: set[str] = set()  # every call that was passed on: servers tell of each up to three times
        self._answered: set[str] = set()
        self._waiting: dict[str, str] = {}  # call id → reply, where the result is to come

    @property
    def waiting(self) -> bool:
        """Whether the result of a call is still to come."""
        return bool(self._waiting)

    def named(self, item: str, function: str) -> None:
        """Remember which function the call in an item is of: the call itself need not say."""
        while len(self._names) >= NAMED:
            del self._names[next(iter(self._names))]
        self._names[item] = function

    def name_of(self, item: str) -> str:
        """Return the function of the call in an item; empty if it was not said."""
        return self._names.get(item, "")

    def make(self, reply: str, call_id: str, name: str, arguments: str) -> list[ToolCall]:
        """Return a call to be passed on, unless it was already; one without a name waits for its item."""
        if not call_id or not name or call_id in self._made:
            return []
        self._made.add(call_id)
        self._waiting[call_id] = reply
        return [ToolCall(reply, call_id, name, arguments)]

    def answer(self, call_id: str) -> bool:
        """Take a call's result; return whether the server is to get it."""
        if call_id not in self._made or call_id in self._answered:
            return False
        self._answered.add(call_id)
        self._waiting.pop(call_id, None)
        return True

    def interrupted(self) -> None:
        """Wait for no result any more; those that come nevertheless are answers still."""
        self._waiting.clear()

    def forget(self, reply: str) -> None:
        """Wait for none of a reply's results any more."""
        self._waiting = {call: of for call, of in self._waiting.items() if of != reply}
