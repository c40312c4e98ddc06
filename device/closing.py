"""The moment between a conversation and its end, in which the engine is asked for a result that is missing.

Nobody hears anything then and nothing is heard. The engine is asked once, and again once with what was wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.actions import Say
from device.events import samples

if TYPE_CHECKING:
    from device.engines.contract import ToolCall
    from device.events import Submitted, ToolDone

LONGEST = samples(5_000)
"""So long is the result waited for."""
TRIES = 2
"""How often the engine may submit one that is not valid, before and again after it is asked."""


class Closing:
    """What is known of the result, which comes by a call of the tool `tool`; "" if none is wanted."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self.begin()

    def begin(self) -> None:
        """Forget everything, for the next conversation."""
        self._valid = False
        self._tries = 0
        self._asked_at: int | None = None
        self._calls: set[str] = set()
        self._replies: set[str] = set()
        self.why = ""
        """What ended the conversation, while the result is waited for."""

    def ask(self, why: str, at: int) -> Say | None:
        """Return what to tell the engine when the conversation ends, if the result is missing."""
        if not self._tool or self._valid:
            return None
        self._asked_at, self._tries, self.why = at, 0, why
        return Say(
            f"The conversation is over and nobody hears you any more. Do not speak. Call the tool {self._tool} now, "
            "with what is known; make nothing up."
        )

    def submitted(self, result: Submitted | None) -> bool:
        """Take what was submitted, None for what is not even JSON; return whether to tell the engine of it."""
        self._valid = result is not None and not result.faults
        self._tries += 1
        return self._valid or self._tries < TRIES

    # While it is waited for

    def carries_out(self, call: ToolCall) -> bool:
        """Return whether a call is for the result; no other is carried out any more."""
        if call.name != self._tool:
            return False
        self._calls.add(call.call_id)
        self._replies.add(call.reply)
        return True

    def awaits(self, done: ToolDone) -> bool:
        """Return whether what a tool returned is about the result."""
        return done.result is not None or done.call_id in self._calls

    def again(self, result: Submitted | None) -> bool:
        """Take what was submitted, as in `submitted`; return whether another try is of use."""
        return self.submitted(result) and not self._valid

    def refused(self, reply: str) -> bool:
        """Return whether a reply that has ended was none to the question: without a call for the result."""
        return reply not in self._replies

    def late(self, at: int) -> bool:
        """Return whether the result has been waited for long enough."""
        return self._asked_at is not None and at >= self._asked_at + LONGEST
