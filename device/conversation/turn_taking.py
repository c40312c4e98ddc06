"""The floor: whose turn it is, and the moves from one turn to the next.

What an event means for it is for the `conversation` to say; what each move takes along is here: the session, the
microphone, the reply, its tools and its words. Actions are gathered in order until the event is over.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import Action, CloseSession, Cut, Earcon, Interrupt, Record, Restore, Show
from device.conversation.barge_in import BargeIn
from device.conversation.connection import Connection
from device.conversation.current_reply import CurrentReply
from device.conversation.final_result import FinalResult
from device.conversation.history import History
from device.conversation.pending_tools import PendingTools
from device.conversation.states import State
from device.conversation.timeouts import Timeouts
from device.conversation.user_turn import UserTurn

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.engine import Fault, Opened
    from device.conversation.failover import Attempt
    from device.conversation.rules import Rules


class TurnTaking:
    """The state, which begins asleep, and what belongs to it; engines for which `barred` holds are passed over."""

    def __init__(self, rules: Rules, barred: Callable[[str], bool]) -> None:
        self.state = State.ASLEEP
        self.now = 0
        """Position on the device's clock."""
        self.connection = Connection(rules.engines, barred)
        self.history = History()
        self.closing = FinalResult(rules.result_tool)
        self.turn = UserTurn()
        self.patience = Timeouts(rules.follow_up_ms)
        self.barge_in = BargeIn(cut_ms=rules.cut_ms, recogniser=rules.recogniser)
        self.reply = CurrentReply()
        self.tools = PendingTools()
        self.working = False
        """Whether the engine works on what it was asked for, beside the talk."""
        self.greets = False
        """Whether whoever woke the device has not said or been told anything yet, and is to be greeted."""
        self.sleep_next = False
        """Whether the conversation is to end with the reply."""
        self._greeting = rules.greeting
        self._broken = False  # the reply broke off with its session, and the user was not told
        self._actions: list[Action] = []

    @property
    def replying(self) -> bool:
        """Whether a reply is being made, queued or played."""
        return self.reply.to_come or self.reply.queued or self.working or bool(self.tools)

    def arrive(self, now: int) -> None:
        """Go on to the position `now`; the clock never goes back."""
        self.now = max(self.now, now)

    def leave(self) -> list[Action]:
        """Return what was gathered to be done, and gather anew."""
        actions, self._actions = self._actions, []
        return actions

    def do(self, *actions: Action) -> None:
        """Have something done."""
        self._actions.extend(actions)

    def record(self, entry: entries.Entry) -> None:
        """Have an entry of the ledger written."""
        self.do(Record(entry))

    def to(self, state: State) -> None:
        """Change the state, or stay in it."""
        if state not in (State.SPEAKING, State.OVERLAP):
            self.barge_in.forget()
        if state is not self.state:
            self.state = state
            self.record(entries.StateEntered(self.now, state))
            self.do(Show(state))

    # The session

    def wake(self, at: int) -> None:
        """Begin a conversation."""
        self.history.clear()
        self.closing.begin()
        self.turn.begin(at)
        self.patience.begin(at)
        self.greets = bool(self._greeting)
        self.sleep_next = False
        attempt = self.connection.begin(at)
        if attempt is None:
            self.record(entries.EngineError(at, "over_budget", "Every engine is over the day's budget."))
            self.do(Earcon("error"))
            self.turn.clear()
            self.to(State.FAULT)
            return
        self.do(Earcon("wake"))
        self._connect(attempt)

    def _connect(self, attempt: Attempt) -> None:
        self.do(self.connection.ask(attempt, self.history.said))
        if not self.reply.queued:
            self.to(State.CONNECTING)

    def open(self, event: Opened) -> None:
        """Go on in a session that is open now."""
        self.do(self.connection.opened(event, self.now))
        if self.state is State.CONNECTING:
            self.patience.opened(self.now)
            self.to(State.LISTENING)
        self._own_up()

    def lose(self, fault: Fault) -> None:
        """Go on after a session failed, or the attempt to open one."""
        self.record(entries.EngineError(self.now, fault.code, fault.message, fault.retry))
        self.turn.heard_by_engine = False
        self.connection.lost()
        if self.turn.unanswered is not None:
            self.history.forget_unanswered()  # those words are sent again as sound
            self.turn.reopen()
        elif self.reply.to_come or self.tools:
            self._broken = True
        self.tools.clear()
        self.working = False
        if broken_off := self.reply.lose():
            self._broken = True
            self.do(*broken_off)
        if self.connection.wanted:
            self._recover(fault)

    def _recover(self, fault: Fault) -> None:
        """Open the next session, from where the unanswered words begin; or give up."""
        attempt = self.connection.failed(fault, self.now)
        if attempt is None:
            self.do(*self.turn.hold())
            self.do(CloseSession(), Earcon("error"))
            self._broken = False
            self.turn.wake_at = None
            if not self.reply.queued:
                self.to(State.FAULT)
            return
        if not self.reply.queued:
            self.do(*self.turn.listen_again())
        self._connect(attempt)

    def sleep(self, why: str) -> None:
        """End the conversation, once the engine has been asked for its result."""
        talked = len(self.history.said) > 1
        able = self.connection.open and self.connection.can.tools and self.connection.can.prompted
        question = self.closing.ask(why, self.now) if talked and able else None
        if question is None:
            self.fall_asleep(why)
            self.do(Earcon("sleep"))
            return
        self.restore()
        self.do(*self.turn.hold())
        if self.reply.running:
            self.reply.drop_running()
            self.do(Interrupt(()))
        if self.reply.queued:
            self.do(Cut())
        self.connection.stay()
        self.reply.forget()
        self._forget_beside()
        self.do(Earcon("sleep"), question)
        self.to(State.THINKING)

    def fall_asleep(self, why: str) -> None:
        """End it at once."""
        self.record(entries.Sleep(self.now, why))
        self.end_session()
        self.to(State.ASLEEP)

    def end_session(self) -> None:
        """Let nobody hear any more, and nobody be heard."""
        self.restore()
        self.do(*self.turn.hold())
        self.do(CloseSession())
        if self.reply.queued:  # what has not begun to play would wait for its end for ever
            self.do(Cut())
        self.turn.clear()
        self.working = False
        self.connection.close()
        self.sleep_next = False
        self.closing.begin()
        self.reply.clear()
        self._forget_beside()

    # The reply

    def restore(self, why: str = "") -> None:
        """Bring a reply back up that a voice lowered."""
        if self.state is State.OVERLAP:
            self.record(entries.Restore(self.now, why))
            self.do(Restore())

    def think(self) -> None:
        """Wait for the engine, listening on."""
        self.restore()
        self.do(*self.turn.resume(self.now))
        self.patience.thinks(self.now)
        self.to(State.THINKING)

    def cut(self, listen_from: int, why: str = "", *, quick: bool = False) -> None:
        """Cut the reply off, to listen `listen_from` on once it is silent."""
        self.do(*self.reply.cut(self.now, listen_from, why, quick=quick))

    def fall_silent(self, listen_from: int) -> None:
        """Go on after a reply was cut off; a new one may have begun meanwhile."""
        self.reply.keep_new()
        self._forget_beside()
        self.patience.exchanged(self.now)
        if self.connection.wanted:
            self.turn.unanswered = listen_from
            self.do(*self.turn.listen(listen_from))
            self.patience.stirred(self.now)
            self._to_user()
        else:
            self.to(State.FAULT)

    def settle(self) -> None:
        """After a piece of a reply is over: find out whether all of it is."""
        if self.reply.queued or self.reply.cutting:
            return
        self._own_up()
        if self.sleep_next and not (self.tools or self.reply.to_come):
            self.sleep("a request")
        elif not self.connection.wanted:
            if self.state not in (State.ASLEEP, State.MUTED):
                self.restore()
                self.to(State.FAULT)
        elif self.reply.to_come or self.tools:
            if self.state in (State.SPEAKING, State.OVERLAP):
                self.think()
        elif self.state in (State.SPEAKING, State.OVERLAP, State.THINKING):
            self.back_to_listening()

    def back_to_listening(self) -> None:
        """Give the user the turn."""
        self.patience.begin(self.now)
        self.turn.restart()
        self.restore()
        self.do(*self.turn.resume(self.now))
        self._to_user()

    def _to_user(self) -> None:
        self.to(State.LISTENING if self.connection.open else State.CONNECTING)

    def _own_up(self) -> None:
        """Let the user hear, once a new session is open, that the reply broke off; without one, that is worse news."""
        if self._broken and self.connection.open and not self.reply.queued:
            self._broken = False
            self.do(Earcon("error"))

    def _forget_beside(self) -> None:
        """Forget what goes with the reply: its words, its tools, its end."""
        self.history.forget_unheard()
        if not (self.connection.stream and self.connection.open):  # which goes on working when it is cut off
            self.tools.clear()
        self._broken = self.sleep_next = False
