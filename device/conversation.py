"""The conversation: a pure machine from events to a state and actions.

It opens no socket, touches no card and reads no clock: every event comes with a position on the device's clock,
and what is to be done is returned as actions, in order. So a conversation can be tested by tables, by property
and by replaying a recorded event log.

States: asleep → (wake) → connecting → listening → thinking → speaking ⇄ overlap → listening → … → asleep; muted
and fault from anywhere.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING, Any

from msgspec import structs

from device.actions import (
    Action,
    Again,
    CloseSession,
    Commit,
    Cut,
    Duck,
    Earcon,
    Interrupt,
    Lower,
    Recognise,
    Record,
    Restore,
    RunTool,
    Say,
    Show,
    State,
)
from device.bargein import BargeIn, Step
from device.closing import Closing, result_record
from device.connection import Connection
from device.current_reply import CurrentReply, reply_end
from device.engines.contract import (
    Audio,
    AudioDone,
    EngineEvent,
    Expiring,
    Fault,
    Opened,
    Prepared,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolCancelled,
    Unprepared,
    Words,
    Working,
)
from device.events import (
    CLOCK_RATE,
    Button,
    CardBack,
    CardLost,
    DeviceEvent,
    Heard,
    Mute,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    PlayoutStarved,
    Repeat,
    Stir,
    StopHeard,
    Tick,
    TimerRang,
    ToolDone,
    Understood,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
    samples,
)
from device.history import History
from device.patience import Patience
from device.pending import PendingTools
from device.ringing import Ringing
from device.rules import Rules
from device.user_turn import UserTurn

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.lineup import Attempt


class Conversation:
    """The state and its memory; `on` is the only way in."""

    def __init__(self, rules: Rules | None = None, barred: Callable[[str], bool] = lambda _: False) -> None:
        """Begin asleep; engines for which `barred` holds, by their names, are passed over."""
        self.rules = rules or Rules()
        self.state = State.ASLEEP
        self._barge_in = BargeIn(cut_ms=self.rules.cut_ms, recogniser=self.rules.recogniser)
        self._actions: list[Action] = []
        self._now = 0
        # The session
        self._connection = Connection(self.rules.engines, barred)
        self._history = History()
        self._closing = Closing(self.rules.result_tool)
        # The user's turn
        self._turn = UserTurn()
        self._greets = False  # whoever woke the device has not said or been told anything yet
        self._patience = Patience(self.rules.follow_up_ms)
        # The reply
        self._reply = CurrentReply()
        self._tools = PendingTools()
        self._working = False  # the engine works on what it was asked for, beside the talk
        self._broken = False  # the reply broke off with its session, and the user was not told
        self._sleep_next = False
        self._repeats = 0
        self._aside = ""  # a reply that is repeated while there is no conversation
        self._ringing = Ringing()
        self.card_gone = False
        """Whether the card has vanished: nobody is heard, and nobody hears."""

    def on(self, event: DeviceEvent | EngineEvent, now: int) -> list[Action]:
        """Take an event that arrived at position `now`; return what to do, in order."""
        self._now = max(self._now, now)
        self._actions = []
        if self._closing.why:
            self._take_closing(event)
        else:
            self._take(event)
        return self._actions

    @singledispatchmethod
    def _take(self, event: DeviceEvent | EngineEvent) -> None:
        """Do nothing about an event that means nothing to the conversation."""

    @property
    def replying(self) -> bool:
        """Whether a reply is being made, queued or played."""
        return self._reply.to_come or self._reply.queued or self._working or bool(self._tools)

    @property
    def repeating(self) -> bool:
        """Whether a reply is repeated while there is no conversation."""
        return bool(self._aside)

    # The user

    @_take.register
    def _on_wake(self, event: Wake) -> None:
        self._record("wake", event.at, word=event.word, score=event.score)
        self._do(*self._ringing.stop())
        if self.state in (State.ASLEEP, State.FAULT):
            self._turn.wake_at = event.at
            self._wake_up(event.at)
        elif self.state in (State.SPEAKING, State.OVERLAP) and not self._reply.cutting:
            self._cut(self._turn.breath(event.at))

    def _wake_up(self, at: int) -> None:
        self._end_aside()
        self._history.clear()
        self._closing.begin()
        self._turn.begin(at)
        self._patience.begin(at)
        self._greets = bool(self.rules.greeting)
        attempt = self._connection.begin(at)
        if attempt is None:
            self._record("engine_error", at, code="over_budget", message="Every engine is over the day's budget.")
            self._do(Earcon("error"))
            self._to(State.FAULT)
            return
        self._do(Earcon("wake"))
        self._connect(attempt)

    @_take.register
    def _on_button(self, event: Button) -> None:
        if self._ringing.on:
            self._do(*self._ringing.stop())
        elif self._aside:
            self._end_aside()
        elif self.state in (State.ASLEEP, State.FAULT):
            self._wake_up(event.at)
            self._do(*self._turn.listen(event.at))
        elif self.state in (State.SPEAKING, State.OVERLAP):
            self._cut(event.at, quick=True)
        elif self.state is not State.MUTED:  # which is left by `Mute` only, never by chance
            self._sleep("the button")

    @_take.register
    def _on_repeat(self, event: Repeat) -> None:
        self._repeats += 1
        item = f"repeat-{self._repeats}"
        self._record("repeat", event.at, item=item)
        self._end_aside()
        if self._connection.wanted:
            self._greets = False
            self._reply.repeat(item)
        else:
            self._aside = item
        self._do(Again(item))

    def _end_aside(self) -> None:
        """End a reply that is repeated while there is no conversation."""
        if self._aside:
            self._aside = ""
            self._do(Cut(quick=True))

    @_take.register
    def _on_mute(self, event: Mute) -> None:
        if event.on and self.state is not State.MUTED:
            self._end_session()
            self._to(State.MUTED)
        elif not event.on and self.state is State.MUTED:
            self._to(State.ASLEEP)

    @_take.register
    def _on_voice_start(self, event: VoiceStart) -> None:
        self._turn.starts(event.onset, awake=self._connection.wanted)
        self._patience.stirred(event.at)
        self._greets = self._greets and self._turn.wake_at is not None
        self._record("voice_start", event.onset)
        self._begin_overlap(event.onset, event.at)

    @_take.register
    def _on_voice(self, event: Voice) -> None:
        self._turn.voice = event.onset
        self._patience.stirred(event.at)
        self._follow(self._barge_in.goes_on(event))
        self._send_breath(self._turn.goes_on(event.at))

    @_take.register
    def _on_voice_end(self, event: VoiceEnd) -> None:
        self._turn.voice = None
        self._patience.stirred(event.at)
        self._record("voice_end", event.end, voiced_ms=event.voiced_ms)
        if self.state in (State.CONNECTING, State.LISTENING, State.THINKING):
            self._barge_in.usual(event)
        if self._turn.only_woke(event):
            self._do(*self._turn.listen(event.end))
        elif self.state in (State.CONNECTING, State.LISTENING, State.THINKING):
            self._turn.ends(event.end)
            self._send_breath(self._turn.in_one_breath(event.onset))
        if (over := self._barge_in.voice) is not None:
            self._turn.murmured(over.onset, event.end)
            self._follow(self._barge_in.ends(event))

    # A voice over a reply

    @property
    def _live(self) -> bool:
        """Whether the engine hears the user while it speaks."""
        return self.rules.barge_in == "engine" or (self._connection.stream and self.rules.barge_in == "device")

    @_take.register
    def _on_stir(self, event: Stir) -> None:
        if self._interruptible:
            self._follow(self._barge_in.stirs(event.at))

    @property
    def _interruptible(self) -> bool:
        playing = self.state in (State.SPEAKING, State.OVERLAP) and not self._reply.cutting
        return playing and self.rules.barge_in == "device"

    def _begin_overlap(self, onset: int, at: int) -> None:
        """Consider a voice that began while the reply was playing, or goes on after a pause."""
        if self._interruptible:
            self._follow(self._barge_in.begin(onset, at))

    def _follow(self, steps: list[Step]) -> None:
        """Do what is to be done about the voice over the reply."""
        for step in steps:
            if step.do in ("lower", "duck"):
                self._record("hold" if self.state is State.OVERLAP else "duck", self._now)
                self._do(Lower() if step.do == "lower" else Duck())
                self._to(State.OVERLAP)
            elif step.do == "cut":
                self._cut(self._turn.first_word(step.onset), step.why)
            elif step.do == "restore":
                self._restore(step.why)
                self._to(State.SPEAKING)
            else:
                self._do(Recognise(step.onset, step.upto, step.paused))
        if self.state is State.SPEAKING and self._barge_in.voice is None:
            self._turn.unanswered = None  # what was said is not for the engine

    @_take.register
    def _on_understood(self, event: Understood) -> None:
        self._record("overheard", event.at, kind=event.kind, text=event.text, ms=_ms(event.upto - event.onset))
        self._follow(self._barge_in.understood(event))

    def _send_breath(self, start: int | None) -> None:
        """Send from `start` what was said in one breath with the wake word, if anything was."""
        if start is not None:
            self._greets = False
            self._do(*self._turn.listen(start))

    @_take.register
    def _on_tick(self, event: Tick) -> None:
        at = event.at
        self._send_breath(self._turn.goes_on(at))
        self._follow(self._barge_in.tick(at))
        self._do(*self._ringing.tick(at))
        after = self._commit_after_ms
        due = after is not None and self._turn.over(at, samples(after))
        if due and self._connection.open and self.state in (State.LISTENING, State.THINKING):
            self._do(Commit(at))
            self._turn.commit()
            self._think()
        if self.state is State.LISTENING:
            quiet = not (self._turn.talking or self._working or self._tools)
            if (
                quiet
                and self._connection.can.prompted
                and self._greets
                and self._turn.wake_at is None
                and self._patience.hesitates(at)
            ):
                self._greets = False
                self._do(Say(self.rules.greeting))
            if why := self._patience.over(at, quiet=quiet):
                self._sleep(why)
        self._watch_engine(at)
        self._attend_tools(at)
        self._change_over(at)

    @property
    def _commit_after_ms(self) -> int | None:
        """Silence after which the present engine is told that the user's turn is over; None if it finds that itself."""
        if self._connection.stream:
            return None
        after = self.rules.commit_after_ms
        return self.rules.silence_ms if after is None and not self._connection.can.server_vad else after

    # The engine

    @_take.register
    def _on_opened(self, event: Opened) -> None:
        self._do(self._connection.opened(event, self._now))
        if self.state is State.CONNECTING:
            self._patience.opened(self._now)
            self._to(State.LISTENING)
        self._own_up()

    @_take.register
    def _on_fault(self, event: Fault) -> None:
        self._record("engine_error", self._now, code=event.code, message=event.message, retry=event.retry)
        self._turn.heard_by_engine = False
        self._connection.lost()
        if self._turn.unanswered is not None:
            self._history.forget_unanswered()  # those words are sent again as sound
            self._turn.reopen()
        elif self._reply.to_come or self._tools:
            self._broken = True
        self._tools.clear()
        self._working = False
        if broken_off := self._reply.lose():
            self._broken = True
            self._do(*broken_off)
        if self._connection.wanted:
            self._recover(event)

    def _recover(self, fault: Fault) -> None:
        """Open the next session, from where the unanswered words begin; or give up."""
        attempt = self._connection.failed(fault, self._now)
        if attempt is None:
            self._do(*self._turn.hold())
            self._do(CloseSession(), Earcon("error"))
            self._broken = False
            self._turn.wake_at = None
            if not self._reply.queued:
                self._to(State.FAULT)
            return
        if not self._reply.queued:
            self._do(*self._turn.listen_again())
        self._connect(attempt)

    def _connect(self, attempt: Attempt) -> None:
        self._do(self._connection.ask(attempt, self._history.said))
        if not self._reply.queued:
            self._to(State.CONNECTING)

    @_take.register
    def _on_speech_started(self, _event: SpeechStarted) -> None:
        self._record("engine_speech_started", self._now)
        self._turn.heard_by_engine = True
        self._patience.stirred(self._now)
        if self.rules.barge_in == "engine" and self.state is State.SPEAKING and not self._connection.stream:
            self._cut(self._now, "the engine")

    @_take.register
    def _on_speech_stopped(self, _event: SpeechStopped) -> None:
        self._record("engine_speech_stopped", self._now)
        self._turn.heard_by_engine = False
        # An engine that talks and listens at once may well choose to say nothing.
        if self._connection.wanted and self.state is State.LISTENING and not self._connection.stream:
            self._think()

    @_take.register
    def _on_reply_started(self, event: ReplyStarted) -> None:
        if not self._connection.wanted:
            return
        self._patience.exchanged(self._now)
        self._greets = False
        self._reply.begin(event.reply, self._now)
        self._record("reply_start", self._now, reply=event.reply)
        if self.state is State.LISTENING:
            self._think()

    @_take.register
    def _on_audio(self, event: Audio) -> None:
        if self._connection.wanted and not self._reply.dropped(event.reply):
            self._do(*self._reply.audio(event, self._now))

    @_take.register
    def _on_audio_done(self, event: AudioDone) -> None:
        self._do(*self._reply.audio_done(event.item))

    @_take.register
    def _on_words(self, event: Words) -> None:
        if event.role == "user":
            if event.final:
                text = event.text.strip()
                self._record("user", self._now, text=text)
                if text:
                    self._history.user(text)
                elif self.state is State.THINKING and not (self._reply.running or self._reply.queued):
                    self._back_to_listening()
            return
        self._history.assistant(event.item, event.text, final=event.final)
        if event.final:
            self._record("assistant", self._now, item=event.item, text=event.text)

    @_take.register
    def _on_tool_call(self, event: ToolCall) -> None:
        if self._reply.dropped(event.reply):
            return
        announced = self._connection.stream or self._reply.speaks(event.reply)
        self._tools.begin(event.call_id, self._now, announced=announced)
        self._turn.unanswered = None  # acted upon: to send it again would do it twice
        self._record("tool", self._now, name=event.name, arguments=event.arguments)
        self._do(RunTool(event))

    @_take.register
    def _on_tool_cancelled(self, event: ToolCancelled) -> None:
        for call_id in event.call_ids:
            self._tools.cancel(call_id)
        self._settle()

    @_take.register
    def _on_tool_done(self, event: ToolDone) -> None:
        if event.call_id not in self._tools:
            return
        self._patience.thinks(self._now)
        if event.result is not None:
            self._do(result_record(event.result, self._now))
            event = structs.replace(event, reply=event.reply and self._closing.submitted(event.result))
        self._reply.awaited = self._reply.awaited or event.reply
        self._do(*self._tools.done(event, talking=self._turn.talking))
        self._sleep_next = self._sleep_next or event.sleep
        self._settle()

    @_take.register
    def _on_reply_ended(self, event: ReplyEnded) -> None:
        self._do(reply_end(event, self._now))
        self._do(*self._reply.end(event.reply))
        if self._reply.dropped(event.reply):
            return
        if event.status == "failed":
            self._record("engine_error", self._now, code="reply_failed", message=event.message)
            self._do(Earcon("error"))
        elif event.status == "cancelled" and self._reply.queued and not self._reply.cutting:
            self._cut(self._turn.voice if self._turn.voice is not None else self._now)
            return
        self._settle()

    @_take.register
    def _on_working(self, event: Working) -> None:
        self._record("working", self._now, on=event.on)
        self._working = event.on
        self._patience.stirred(self._now)

    @_take.register
    def _on_expiring(self, event: Expiring) -> None:
        self._do(self._connection.expiring(event, self._now))

    @_take.register
    def _on_prepared(self, event: Prepared) -> None:
        self._connection.prepared(event)
        self._change_over(self._now)

    @_take.register
    def _on_unprepared(self, event: Unprepared) -> None:
        self._do(self._connection.unprepared(event, self._now))

    def _change_over(self, at: int) -> None:
        """Go on in another session, if that is due and nobody speaks."""
        lull = not (self._turn.talking or self.replying) and self._patience.lull(at)
        if self._connection.open and self.state is State.LISTENING and lull:
            self._do(*self._connection.change_over(at, self._history.said))

    def _watch_engine(self, at: int) -> None:
        """Take an engine for dead that says nothing where it should."""
        if self._connection.open and not self._tools and self._reply.stalled(at):
            self._on_fault(Fault("stalled", "The engine began a reply and sends nothing more of it.", retry=True))
        elif self.state is not State.THINKING or self._tools:
            return
        elif self._connection.open and not self._connection.alone and self._patience.wants_another(at):
            self._on_fault(Fault("no_reply", "The engine did not answer.", retry=True))
        elif self._patience.at_an_end(at):
            self._reply.awaited = False
            self._record("engine_error", at, code="no_reply", message="The engine did not answer.")
            self._do(Earcon("error"))
            self._back_to_listening()

    def _attend_tools(self, at: int) -> None:
        """Return results that waited for the user to be silent, and have a tool spoken of that takes long."""
        if self._turn.talking:
            return
        self._do(*self._tools.quiet())
        able = self._connection.open and self._connection.can.prompted
        quiet = self.state is State.THINKING and not (self._reply.running or self._reply.queued)
        if able and quiet and (cover := self._tools.cover(at)) is not None:
            self._do(cover)

    # The loudspeaker

    @_take.register
    def _on_playout_started(self, event: PlayoutStarted) -> None:
        if (item := self._reply.find(event.item)) is None:
            return
        if not item.repeated:
            self._record("reply_first_audio", event.at, item=event.item)
            self._connection.answered()
            self._turn.answered()
        if self.state in (State.LISTENING, State.THINKING, State.CONNECTING):
            if not self._live:
                self._do(*self._turn.give_way())
            self._to(State.SPEAKING)
            if self.card_gone:
                self._cut(self._now)
            elif self._turn.voice is not None:
                self._turn.restart()
                self._begin_overlap(self._turn.voice, self._now)

    @_take.register
    def _on_playout_starved(self, event: PlayoutStarved) -> None:
        self._record("starved", event.at, item=event.item)
        self._reply.starved(event.item)

    @_take.register
    def _on_playout_done(self, event: PlayoutDone) -> None:
        if event.heard.item == self._aside:
            self._aside = ""
        if (item := self._reply.played(event.heard.item)) is None:
            return
        self._now = max(self._now, event.at)  # the last samples are still on their way to the loudspeaker
        self._patience.exchanged(self._now)
        if not item.repeated:
            self._record("reply_last_audio", event.at, item=event.heard.item, ms=event.heard.ms)
            self._heard(event.heard, event.at)
        self._settle()

    @_take.register
    def _on_playout_cut(self, event: PlayoutCut) -> None:
        start = self._reply.cut_from
        if start is None:
            return
        for heard in event.heard:
            if (share := self._reply.share(heard, self._connection.rate)) is not None:
                self._record("truncate", event.at, item=heard.item, ms=heard.ms, whole=heard.whole)
                self._heard(heard, event.at, share)
        self._record("silence", event.at)
        if self._connection.open:
            self._do(Interrupt(tuple(heard for heard in event.heard if not self._reply.repeats(heard.item))))
        self._reply.keep_new()
        self._forget_beside()
        self._patience.exchanged(self._now)
        if self._connection.wanted:
            self._turn.unanswered = start
            self._do(*self._turn.listen(start))
            self._patience.stirred(self._now)
            self._to(State.LISTENING if self._connection.open else State.CONNECTING)
        else:
            self._to(State.FAULT)

    def _heard(self, heard: Heard, at: int, share: float = 1.0) -> None:
        """Keep the words of an item of which this was heard, `share` of them."""
        text, unheard = self._history.heard(heard.item, share)
        if text or unheard:
            whole = not unheard
            self._record("heard", at, item=heard.item, ms=heard.ms, whole=whole, text=text, unheard=unheard)

    # The device

    @_take.register
    def _on_timer(self, event: TimerRang) -> None:
        self._record("timer", event.at, name=event.name)
        self._do(*self._ringing.begin(event.at))

    @_take.register
    def _on_stop_heard(self, event: StopHeard) -> None:
        if self._ringing.on:
            self._record("stop", event.at)
            self._do(*self._ringing.stop())

    @_take.register
    def _on_card_lost(self, event: CardLost) -> None:
        self._record("card_lost", event.at)
        self.card_gone = True
        if self.state in (State.SPEAKING, State.OVERLAP):
            self._cut(event.at)

    @_take.register
    def _on_card_back(self, event: CardBack) -> None:
        self._record("card_back", event.at)
        self.card_gone = False
        self._do(Earcon("error"))

    # Moves

    def _restore(self, why: str = "") -> None:
        if self.state is State.OVERLAP:
            self._record("restore", self._now, **({"why": why} if why else {}))
            self._do(Restore())

    def _think(self) -> None:
        self._restore()
        self._do(*self._turn.resume(self._now))
        self._patience.thinks(self._now)
        self._to(State.THINKING)

    def _cut(self, listen_from: int, why: str = "", *, quick: bool = False) -> None:
        self._do(*self._reply.cut(self._now, listen_from, why, quick=quick))

    def _forget_reply(self) -> None:
        self._reply.forget()
        self._forget_beside()

    def _forget_beside(self) -> None:
        """Forget what goes with the reply: its words, its tools, its end."""
        self._history.forget_unheard()
        if not (self._connection.stream and self._connection.open):  # which goes on working when it is cut off
            self._tools.clear()
        self._broken = self._sleep_next = False

    def _settle(self) -> None:
        """After a piece of a reply is over: find out whether all of it is."""
        if self._reply.queued or self._reply.cutting:
            return
        self._own_up()
        if self._sleep_next and not (self._tools or self._reply.to_come):
            self._sleep("a request")
        elif not self._connection.wanted:
            if self.state not in (State.ASLEEP, State.MUTED):
                self._restore()
                self._to(State.FAULT)
        elif self._reply.to_come or self._tools:
            if self.state in (State.SPEAKING, State.OVERLAP):
                self._think()
        elif self.state in (State.SPEAKING, State.OVERLAP, State.THINKING):
            self._back_to_listening()

    def _own_up(self) -> None:
        """Let the user hear, once a new session is open, that the reply broke off; without one, that is worse news."""
        if self._broken and self._connection.open and not self._reply.queued:
            self._broken = False
            self._do(Earcon("error"))

    def _back_to_listening(self) -> None:
        self._patience.begin(self._now)
        self._turn.restart()
        self._restore()
        self._do(*self._turn.resume(self._now))
        self._to(State.LISTENING if self._connection.open else State.CONNECTING)

    def _sleep(self, why: str) -> None:
        """End the conversation, once the engine has been asked for its result."""
        talked = len(self._history.said) > 1
        able = self._connection.open and self._connection.can.tools and self._connection.can.prompted
        question = self._closing.ask(why, self._now) if talked and able else None
        if question is None:
            self._fall_asleep(why)
            self._do(Earcon("sleep"))
            return
        self._restore()
        self._do(*self._turn.hold())
        if self._reply.running:
            self._reply.drop_running()
            self._do(Interrupt(()))
        if self._reply.queued:
            self._do(Cut())
        self._connection.stay()
        self._forget_reply()
        self._do(Earcon("sleep"), question)
        self._to(State.THINKING)

    def _fall_asleep(self, why: str) -> None:
        self._record("sleep", self._now, why=why)
        self._end_session()
        self._to(State.ASLEEP)

    def _take_closing(self, event: DeviceEvent | EngineEvent) -> None:
        """Wait for the result; what is for the ears, or from the mouth, is passed over."""
        why = self._closing.why
        match event:
            case Wake() | Mute() | Repeat():
                self._fall_asleep(why)
                self._take(event)
            case Button() if not self._ringing.on:
                self._fall_asleep(why)
            case Button() | TimerRang() | StopHeard() | CardLost() | CardBack():
                self._take(event)
            case ReplyEnded() if self._reply.dropped(event.reply):
                self._do(reply_end(event, self._now))
            case _:
                actions, over = self._closing.take(event, self._now)
                self._do(*actions)
                if over:
                    self._fall_asleep(why)

    def _end_session(self) -> None:
        self._restore()
        self._do(*self._turn.hold())
        self._do(CloseSession())
        if self._reply.queued:  # what has not begun to play would wait for its end for ever
            self._do(Cut())
        self._turn.clear()
        self._working = False
        self._connection.close()
        self._sleep_next = False
        self._closing.begin()
        self._reply.clear()
        self._forget_beside()

    def _to(self, state: State) -> None:
        if state not in (State.SPEAKING, State.OVERLAP):
            self._barge_in.forget()
        if state is not self.state:
            self.state = state
            self._record("state", self._now, state=str(state))
            self._do(Show(state))

    def _record(self, event: str, at: int, **fields: Any) -> None:
        self._do(Record(event, at, fields))

    def _do(self, *actions: Action) -> None:
        self._actions.extend(actions)


def _ms(length: int) -> int:
    return round(length * 1000 / CLOCK_RATE)
