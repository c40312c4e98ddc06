"""Turn-taking: the moves from one turn to the next.

What an event means for them is for `machine`, `voices` and `engine_events` to say; where they lead is the table's in
`states`; what each takes along is here: the session, the microphone, the reply, its tools and its words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import CloseSession, Cut, Duck, Earcon, Interrupt, Lower, Restore, Show
from device.conversation.states import Cause, State, following

if TYPE_CHECKING:
    from device.conversation.engine import Fault, Opened
    from device.conversation.failover import Attempt
    from device.conversation.parts import Parts

WAKEABLE = (State.ASLEEP, State.FAULT)
"""Where the wake word and the button begin a conversation."""
PLAYING = (State.SPEAKING, State.OVERLAP)


class TurnTaking:
    """Whose turn it is, from asleep on; told what happened, it makes the move that this calls for."""

    def __init__(self, parts: Parts) -> None:
        self._out, self._connection, self._history = parts.output, parts.connection, parts.history
        self._final_result, self._greeting, self._user = parts.final_result, parts.greeting, parts.user
        self._timeouts, self._attention, self._barge_in = parts.timeouts, parts.attention, parts.barge_in
        self._reply, self._tools, self._rounds = parts.reply, parts.tools, parts.rounds
        self._question = parts.question
        self._state = State.ASLEEP
        self._sleeps_next = False  # the conversation is to end with the reply
        self._broken = False  # the reply broke off with its session, and the user was not told
        self._gave_up_at: int | None = None  # when it fell asleep because nobody spoke

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._state

    @property
    def playing(self) -> bool:
        """Whether a reply is heard, at its level or lowered."""
        return self._state in PLAYING

    @property
    def replying(self) -> bool:
        """Whether a reply is being made, queued or played."""
        return self._reply.to_come or self._reply.queued or self._tools.busy

    @property
    def _works_on(self) -> bool:
        """Whether the engine goes on working when it is cut off."""
        return self._connection.stream and self._connection.open

    def _move(self, cause: Cause) -> None:
        """Go where `cause` leads, or stay."""
        state = following(self._state, cause)
        if state not in PLAYING:
            self._barge_in.forget()
        if state is not self._state:
            self._state = state
            self._out.record(entries.StateEntered(self._out.now, state))
            self._out.do(Show(state))

    # The session

    def woke(self, at: int, *, again: bool = False) -> None:
        """Begin a conversation; go on with the last one if `again`."""
        if self._reply.queued:  # left of a conversation that broke off while another reply faded
            self._out.do(Cut(quick=True))
            self._reply.clear()
        if not again:
            self._history.clear()
        self._gave_up_at = None
        self._final_result.begin()
        self._attention.begin()
        self._user.begin(at)
        self._timeouts.begin(at)
        self._greeting.woke()
        attempt = self._connection.begin(at)
        if attempt is None:
            self._out.record(entries.EngineError(at, "over_budget", "Every engine is over the day's budget."))
            self._out.do(Earcon("error"))
            self._user.clear()
            self._move(Cause.FAILED)
            return
        self._out.do(Earcon("wake"))
        self._connect(attempt)

    def _connect(self, attempt: Attempt) -> None:
        self._out.do(self._connection.ask(attempt, self._history.said))
        if not self._reply.queued:
            self._move(Cause.AWAITED)

    def opened(self, event: Opened) -> None:
        """Go on in a session that is open now."""
        self._out.do(self._connection.opened(event, self._out.now))
        self._attention.opened(self._out.now)
        self._rounds.begin()
        if self._state is State.CONNECTING:
            self._timeouts.opened(self._out.now)
            self._move(Cause.OPENED)
        self._tell_broken_off()

    def lost(self, fault: Fault) -> None:
        """Go on after a session failed, or the attempt to open one."""
        self._out.record(entries.EngineError(self._out.now, fault.code, fault.message, fault.retry))
        self._user.engine_hears(speech=False)
        self._connection.lost()
        asked = self._question.lost()
        if asked or self._user.unanswered is not None:
            self._history.forget_unanswered()  # those words are sent again, as sound or by text
            self._user.reopen()
        elif self._reply.to_come or self._tools:
            self._broken = True
        self._tools.lost()
        if broken_off := self._reply.lose():
            self._broken = True
            self._out.do(*broken_off)
        if self._connection.wanted:
            self._recover(fault)

    def _recover(self, fault: Fault) -> None:
        """Open the next session, from where the unanswered words begin; or give up."""
        attempt = self._connection.failed(fault, self._out.now)
        if attempt is None:
            self._out.do(*self._user.hold())
            self._out.do(CloseSession(), Earcon("error"))
            self._broken = False
            if not self._reply.queued:
                self._sleeps_next = False  # there is no reply that it would be after
                self._move(Cause.FAILED)
            return
        if not self._reply.queued:
            self._out.do(*self._user.listen_again(self._out.now))
        self._connect(attempt)

    def unable(self) -> None:
        """Show before anybody asks that nobody could answer."""
        if self._state is State.ASLEEP:
            self._out.do(Earcon("error"))
            self._move(Cause.FAILED)

    def give_up(self, why: str) -> None:
        """End the conversation because nobody speaks; whoever began before that is still heard, see `left_out`."""
        self.sleep(why)
        self._gave_up_at = self._out.now

    def left_out(self, onset: int) -> bool:
        """Return whether a voice that is noticed now began while it still listened."""
        return self._state is State.ASLEEP and self._gave_up_at is not None and onset < self._gave_up_at

    def sleep(self, why: str) -> None:
        """End the conversation, once the engine has been asked for its result."""
        talked = len(self._history.said) > 1
        able = self._connection.open and self._connection.can.tools and self._connection.can.prompted
        question = self._final_result.ask(why, self._out.now) if talked and able else None
        if question is None:
            self.fall_asleep(why)
            self._out.do(Earcon("sleep"))
            return
        self._bring_back()
        self._out.do(*self._user.hold())
        if self._reply.running:
            self._reply.drop_running()
            self._out.do(Interrupt(()))
        if self._reply.queued:
            self._out.do(Cut())
        self._connection.stay()
        self._reply.forget()
        self._forget_reply()
        self._out.do(Earcon("sleep"), question)
        self._move(Cause.RESULT)

    def sleep_after_reply(self) -> None:
        """End the conversation once the reply is over."""
        self._sleeps_next = True

    def fall_asleep(self, why: str) -> None:
        """End it at once."""
        self._out.record(entries.Sleep(self._out.now, why))
        self._end_session()
        self._move(Cause.OVER)

    def mute(self) -> None:
        """Let nobody hear any more until `unmute`; harmless when repeated."""
        if self._state is not State.MUTED:
            self._end_session()
            self._move(Cause.MUTED)

    def unmute(self) -> None:
        """Be there to be woken again; harmless when repeated."""
        if self._state is State.MUTED:
            self._move(Cause.UNMUTED)

    def _end_session(self) -> None:
        """Let nobody hear any more, and nobody be heard."""
        self._bring_back()
        self._out.do(*self._user.hold())
        self._out.do(CloseSession())
        if self._reply.queued:  # what has not begun to play would wait for its end for ever
            self._out.do(Cut())
        self._user.clear()
        self._connection.close()
        self._final_result.begin()
        self._reply.clear()
        self._tools.lost()
        self._question.forget()
        self._forget_reply()

    # The reply

    def started_playing(self) -> None:
        """Note that a reply is heard, if it was not before."""
        self._move(Cause.PLAYING)

    def lower(self, how: Lower | Duck) -> None:
        """Lower the reply because of a voice over it."""
        kind = entries.Hold if self._state is State.OVERLAP else entries.Duck
        self._out.record(kind(self._out.now))
        self._out.do(how)
        self._move(Cause.LOWERED)

    def restore(self, why: str) -> None:
        """Bring the reply back up, which goes on."""
        self._bring_back(why)
        self._move(Cause.RESTORED)

    def _bring_back(self, why: str = "") -> None:
        """Bring a reply back up that a voice lowered."""
        if self._state is State.OVERLAP:
            self._out.record(entries.Restore(self._out.now, why))
            self._out.do(Restore())

    def cut(self, listen_from: int, why: str = "", *, quick: bool = False) -> None:
        """Cut the reply off, to listen `listen_from` on once it is silent."""
        self._out.do(*self._reply.cut(self._out.now, listen_from, why, quick=quick))

    def fell_silent(self, listen_from: int) -> None:
        """Go on after a reply was cut off; a new one may have begun meanwhile."""
        cut_at = self._reply.cut_at
        self._reply.keep_new()
        if not self._works_on:
            self._out.do(*self._tools.stop())
        self._forget_reply()
        self._timeouts.exchanged(self._out.now)
        if self._connection.wanted:
            self._out.do(*self._user.interrupts(listen_from, cut_at))
            self._timeouts.active(self._out.now)
            self._to_user()
        else:
            self._move(Cause.FAILED)

    def settle(self) -> None:
        """After a piece of a reply is over: find out whether all of it is."""
        if self._reply.queued or self._reply.cutting:
            return
        self._tell_broken_off()
        if self._sleeps_next and not (self._tools or self._reply.to_come):
            self.sleep("a request")
        elif not self._connection.wanted:
            if self._state not in (State.ASLEEP, State.MUTED):
                self._bring_back()
                self._move(Cause.FAILED)
        elif self._reply.to_come or self._tools:
            if self.playing:
                self.engine_has_turn()
        elif self.playing or self._state is State.THINKING:
            self.user_has_turn()

    def engine_has_turn(self) -> None:
        """Wait for the engine, listening on."""
        self._bring_back()
        self._out.do(*self._user.resume(self._out.came))
        self._timeouts.thinks(self._out.now)
        self._move(Cause.ENGINE)

    def unanswered(self, message: str) -> None:
        """Let the user hear that nobody answers, and give them the turn."""
        self._reply.give_up()
        self._question.forget()
        self._out.record(entries.EngineError(self._out.now, "no_reply", message))
        self._out.do(Earcon("error"))
        self.user_has_turn()

    def end_tools(self, message: str) -> None:
        """End a reply that calls tools without end; what is said already goes on."""
        if self._rounds.end():
            self.fall_asleep("a model that goes on calling tools")
            return
        self._out.record(entries.EngineError(self._out.now, "tools_without_end", message))
        self._out.do(Earcon("error"))
        self._reply.drop_running()
        self._reply.end_running()
        self._tools.clear()
        self._out.do(Interrupt(()))
        self.settle()

    def user_has_turn(self) -> None:
        """Give the user the turn."""
        self._timeouts.begin(self._out.now)
        self._user.restart()
        self._bring_back()
        self._out.do(*self._user.resume(self._out.came))
        self._to_user()

    def _to_user(self) -> None:
        self._move(Cause.USER if self._connection.open else Cause.AWAITED)

    def _tell_broken_off(self) -> None:
        """Let the user hear, once a new session is open, that the reply broke off; without one, that is worse news."""
        if self._broken and self._connection.open and not self._reply.queued:
            self._broken = False
            self._out.do(Earcon("error"))

    def _forget_reply(self) -> None:
        """Forget what goes with the reply: its words, its tools, its end."""
        self._history.forget_unheard()
        if not self._works_on:
            self._tools.clear()
        self._broken = self._sleeps_next = False
