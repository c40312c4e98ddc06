"""The moment between a conversation and its end, in which the engine is asked for a result that is missing.

Nobody hears anything then and nothing is heard. The engine is asked once, and again once with what was wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import Action, Record, ReturnTool, RunTool, Say
from device.conversation.current_reply import reply_end
from device.conversation.engine import Fault, ReplyEnded, ToolCall, Words
from device.conversation.events import Tick, ToolDone
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.engine import EngineEvent
    from device.conversation.events import DeviceEvent, Submitted

LONGEST = samples(5_000)
"""So long is the result waited for; a choice: nobody waits for it, but the microphone's session stays open."""
TRIES = 2
"""How often the engine may submit one that is not valid, before and again after it is asked."""


class FinalResult:
    """What is known of the result, which comes by a call of the tool `tool`; "" if none is wanted."""

    def __init__(self, tool: str) -> None:
        self._tool = tool
        self.begin()

    @property
    def why(self) -> str:
        """What ended the conversation, while the result is waited for; "" otherwise."""
        return self._why

    def begin(self) -> None:
        """Forget everything, for the next conversation."""
        self._valid = False
        self._tries = 0
        self._asked_at: int | None = None
        self._calls: set[str] = set()
        self._replies: set[str] = set()
        self._why = ""

    def ask(self, why: str, at: int) -> Say | None:
        """Return what to tell the engine when the conversation ends, if the result is missing."""
        if not self._tool or self._valid:
            return None
        self._asked_at, self._tries, self._why = at, 0, why
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

    def take(self, event: DeviceEvent | EngineEvent, at: int) -> tuple[list[Action], bool]:
        """Take an event; return what to do, and whether the result need not be waited for any longer."""
        actions: list[Action] = []
        over = False
        match event:
            case ToolCall() if self._carries_out(event):
                actions = [Record(entries.Tool(at, event.name, event.arguments)), RunTool(event)]
            case ToolDone() if self._awaits(event):
                over = not self._again(event.result)
                actions = [] if event.result is None else [result_record(event.result, at)]
                actions += [] if over else [ReturnTool(event.call_id, event.output, reply=True)]
            case ReplyEnded():
                actions, over = [reply_end(event, at)], self._refused(event.reply)
            case Words(role="user", final=True) if text := event.text.strip():
                actions = [Record(entries.User(at, text))]
            case Fault():
                actions, over = [Record(entries.EngineError(at, event.code, event.message, event.retry))], True
            case Tick():
                over = self._late(event.at)
        return actions, over

    def _carries_out(self, call: ToolCall) -> bool:
        """Return whether a call is for the result; no other is carried out any more."""
        if call.name != self._tool:
            return False
        self._calls.add(call.call_id)
        self._replies.add(call.reply)
        return True

    def _awaits(self, done: ToolDone) -> bool:
        """Return whether what a tool returned is about the result."""
        return done.result is not None or done.call_id in self._calls

    def _again(self, result: Submitted | None) -> bool:
        """Take what was submitted, as in `submitted`; return whether another try is of use."""
        return self.submitted(result) and not self._valid

    def _refused(self, reply: str) -> bool:
        """Return whether a reply that has ended was none to the question: without a call for the result."""
        return reply not in self._replies

    def _late(self, at: int) -> bool:
        """Return whether the result has been waited for long enough."""
        return self._asked_at is not None and at >= self._asked_at + LONGEST


def result_record(result: Submitted, at: int) -> Record:
    """Return the record of what an engine submitted as the conversation's result."""
    return Record(entries.Result(at, result.text, not result.faults, list(result.faults)))
