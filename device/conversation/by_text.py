"""What comes neither by voice nor from the engine: questions by text, and what the device is asked to say by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import Announce, Ask
from device.conversation.states import State
from device.conversation.turn_taking import WAKEABLE

if TYPE_CHECKING:
    from device.conversation.parts import Parts
    from device.conversation.turn_taking import TurnTaking


class ByText:
    """Finds the moment for each, and has it done."""

    def __init__(self, parts: Parts, turns: TurnTaking) -> None:
        self._turns = turns
        self._out, self._connection, self._history = parts.output, parts.connection, parts.history
        self._greeting, self._user, self._timeouts = parts.greeting, parts.user, parts.timeouts
        self._reply, self._tools = parts.reply, parts.tools
        self._question, self._announcements = parts.question, parts.announcements

    def put_question(self) -> None:
        """Have the engine answer what was asked by text, if it is the user's turn and they say nothing."""
        listens = self._turns.state is State.LISTENING and self._connection.open and not self._user.talking
        if not (self._question.due and listens):
            return
        text = self._question.put()
        if not self._connection.can.prompted:
            self._turns.unanswered(f"The engine {self._connection.engine} takes no text: it only hears.")
            return
        self._out.record(entries.User(self._out.now, text))
        self._history.user(text)
        self._greeting.forget()
        self._user.settled()
        self._timeouts.exchanged(self._out.now)
        self._out.do(Ask(text))
        self._turns.engine_has_turn()

    def announce(self, *, owed: bool) -> str:
        """Have the next thing heard that the device was asked to say, if nobody speaks.

        Return its item if there is no conversation, in which it would be queued like a reply. `owed` is whether the
        engine may yet answer something.
        """
        if not (self._announcements.due and self._nobody_speaks(owed=owed)):
            return ""
        item = self._announcements.begin()
        self._out.do(Announce(item))
        if not self._connection.wanted:
            return item
        self._greeting.forget()
        self._reply.repeat(item)
        return ""

    def _nobody_speaks(self, *, owed: bool) -> bool:
        """Whether something can be said that belongs to no conversation, without breaking into one."""
        if self._turns.state in (*WAKEABLE, State.MUTED):
            return not self._reply.queued
        busy = owed or self._user.talking or self._tools.busy or self._turns.replying
        return self._turns.state is State.LISTENING and not busy and self._timeouts.lull(self._out.now)
