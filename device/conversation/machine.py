"""The conversation: a pure machine from events to a state and actions.

It opens no socket, touches no card and reads no clock: every event comes with a position on the device's clock,
and what is to be done is returned as actions, in order. So a conversation can be tested by tables, by property
and by replaying a recorded event log.

States: asleep → (wake) → connecting → listening → thinking → speaking ⇄ overlap → listening → … → asleep; muted
and fault from anywhere. They, and what each move between them takes along, are the `floor`'s; what the engine says is
for `engine_events`.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import Action, Again, Cut, Duck, Earcon, Interrupt, Lower, Recognise, Say
from device.conversation.current_reply import reply_end
from device.conversation.engine import EngineEvent, ReplyEnded
from device.conversation.engine_events import EngineEvents
from device.conversation.events import (
    Button,
    CardBack,
    CardLost,
    DeviceEvent,
    Heard,
    Mute,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    PlayoutStarved,
    Repeat,
    StopHeard,
    Tick,
    TimerRang,
    Understood,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.ringing import Ringing
from device.conversation.rules import Rules
from device.conversation.states import State
from device.conversation.turn_taking import TurnTaking
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from device.conversation.barge_in import Step


class Conversation:
    """What happens on the device, and to which moves on the floor it leads; `on` is the only way in."""

    def __init__(self, rules: Rules | None = None, barred: Callable[[str], bool] = lambda _: False) -> None:
        """Begin asleep; engines for which `barred` holds, by their names, are passed over."""
        self.rules = rules or Rules()
        self._floor = floor = TurnTaking(self.rules, barred)
        self._connection, self._history, self._closing = floor.connection, floor.history, floor.closing
        self._turn, self._reply, self._tools = floor.turn, floor.reply, floor.tools
        self._patience, self._barge_in = floor.patience, floor.barge_in
        self._engine = EngineEvents(self.rules, floor)
        self._ringing = Ringing()
        self._repeats = 0
        self._aside = ""  # a reply that is repeated while there is no conversation
        self.card_gone = False
        """Whether the card has vanished: nobody is heard, and nobody hears."""

    def on(self, event: DeviceEvent | EngineEvent, now: int) -> list[Action]:
        """Take an event that arrived at position `now`; return what to do, in order."""
        self._floor.arrive(now)
        if self._closing.why:
            self._take_closing(event)
        else:
            self._take(event)
        return self._floor.leave()

    @singledispatchmethod
    def _take(self, event: DeviceEvent | EngineEvent) -> None:
        """Take what is neither the user's, nor the loudspeaker's, nor the device's."""
        self._engine.take(event)

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._floor.state

    @property
    def replying(self) -> bool:
        """Whether a reply is being made, queued or played."""
        return self._floor.replying

    @property
    def repeating(self) -> bool:
        """Whether a reply is repeated while there is no conversation."""
        return bool(self._aside)

    # The user

    @_take.register
    def _on_wake(self, event: Wake) -> None:
        self._floor.record(entries.Wake(event.at, event.word, event.score))
        self._floor.do(*self._ringing.stop())
        if self.state in (State.ASLEEP, State.FAULT):
            self._turn.wake_at = event.at
            self._wake_up(event.at)
        elif self.state in (State.SPEAKING, State.OVERLAP) and not self._reply.cutting:
            self._floor.cut(self._turn.breath(event.at))

    def _wake_up(self, at: int) -> None:
        self._end_aside()
        self._floor.wake(at)

    @_take.register
    def _on_button(self, event: Button) -> None:
        if self._ringing.on:
            self._floor.do(*self._ringing.stop())
        elif self._aside:
            self._end_aside()
        elif self.state in (State.ASLEEP, State.FAULT):
            self._wake_up(event.at)
            self._floor.do(*self._turn.listen(event.at))
        elif self.state in (State.SPEAKING, State.OVERLAP):
            self._floor.cut(event.at, quick=True)
        elif self.state is not State.MUTED:  # which is left by `Mute` only, never by chance
            self._floor.sleep("the button")

    @_take.register
    def _on_repeat(self, event: Repeat) -> None:
        self._repeats += 1
        item = f"repeat-{self._repeats}"
        self._floor.record(entries.Repeat(event.at, item))
        self._end_aside()
        if self._connection.wanted:
            self._floor.greets = False
            self._reply.repeat(item)
        else:
            self._aside = item
        self._floor.do(Again(item))

    def _end_aside(self) -> None:
        """End a reply that is repeated while there is no conversation."""
        if self._aside:
            self._aside = ""
            self._floor.do(Cut(quick=True))

    @_take.register
    def _on_mute(self, event: Mute) -> None:
        if event.on and self.state is not State.MUTED:
            self._floor.end_session()
            self._floor.to(State.MUTED)
        elif not event.on and self.state is State.MUTED:
            self._floor.to(State.ASLEEP)

    @_take.register
    def _on_voice_start(self, event: VoiceStart) -> None:
        self._turn.starts(event.onset, awake=self._connection.wanted)
        self._patience.stirred(event.at)
        self._floor.greets = self._floor.greets and self._turn.wake_at is not None
        self._floor.record(entries.VoiceStart(event.onset))
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
        self._floor.record(entries.VoiceEnd(event.end, event.voiced_ms))
        if self.state in (State.CONNECTING, State.LISTENING, State.THINKING):
            self._barge_in.usual(event)
        if self._turn.only_woke(event):
            self._floor.do(*self._turn.listen(event.end))
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
    def _on_stir(self, event: NearEnd) -> None:
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
                lowered = entries.Hold if self.state is State.OVERLAP else entries.Duck
                self._floor.record(lowered(self._floor.now))
                self._floor.do(Lower() if step.do == "lower" else Duck())
                self._floor.to(State.OVERLAP)
            elif step.do == "cut":
                self._floor.cut(self._turn.first_word(step.onset), step.why)
            elif step.do == "restore":
                self._floor.restore(step.why)
                self._floor.to(State.SPEAKING)
            else:
                self._floor.do(Recognise(step.onset, step.upto, step.paused))
        if self.state is State.SPEAKING and self._barge_in.voice is None:
            self._turn.unanswered = None  # what was said is not for the engine

    @_take.register
    def _on_understood(self, event: Understood) -> None:
        self._floor.record(entries.Overheard(event.at, event.kind, event.text, _ms(event.upto - event.onset)))
        self._follow(self._barge_in.understood(event))

    def _send_breath(self, start: int | None) -> None:
        """Send from `start` what was said in one breath with the wake word, if anything was."""
        if start is not None:
            self._floor.greets = False
            self._floor.do(*self._turn.listen(start))

    @_take.register
    def _on_tick(self, event: Tick) -> None:
        at = event.at
        self._send_breath(self._turn.goes_on(at))
        self._follow(self._barge_in.tick(at))
        self._floor.do(*self._ringing.tick(at))
        self._engine.commit(at)
        if self.state is State.LISTENING:
            quiet = not (self._turn.talking or self._floor.working or self._tools)
            if (
                quiet
                and self._connection.can.prompted
                and self._floor.greets
                and self._turn.wake_at is None
                and self._patience.hesitates(at)
            ):
                self._floor.greets = False
                self._floor.do(Say(self.rules.greeting))
            if why := self._patience.over(at, quiet=quiet):
                self._floor.sleep(why)
        self._engine.tick(at)

    # The loudspeaker

    @_take.register
    def _on_playout_started(self, event: PlayoutStarted) -> None:
        if (item := self._reply.find(event.item)) is None:
            return
        if not item.repeated:
            self._floor.record(entries.ReplyFirstAudio(event.at, event.item))
            self._connection.answered()
            self._turn.answered()
        if self.state in (State.LISTENING, State.THINKING, State.CONNECTING):
            if not self._live:
                self._floor.do(*self._turn.give_way())
            self._floor.to(State.SPEAKING)
            if self.card_gone:
                self._floor.cut(self._floor.now)
            elif self._turn.voice is not None:
                self._turn.restart()
                self._begin_overlap(self._turn.voice, self._floor.now)

    @_take.register
    def _on_playout_starved(self, event: PlayoutStarved) -> None:
        self._floor.record(entries.Starved(event.at, event.item))
        self._reply.starved(event.item)

    @_take.register
    def _on_playout_done(self, event: PlayoutDone) -> None:
        if event.heard.item == self._aside:
            self._aside = ""
        if (item := self._reply.played(event.heard.item)) is None:
            return
        self._floor.arrive(event.at)  # the last samples are still on their way to the loudspeaker
        self._patience.exchanged(self._floor.now)
        if not item.repeated:
            self._floor.record(entries.ReplyLastAudio(event.at, event.heard.item, event.heard.ms))
            self._heard(event.heard, event.at)
        self._floor.settle()

    @_take.register
    def _on_playout_cut(self, event: PlayoutCut) -> None:
        start = self._reply.cut_from
        if start is None:
            return
        for heard in event.heard:
            if (share := self._reply.share(heard, self._connection.rate)) is not None:
                self._floor.record(entries.Truncate(event.at, heard.item, heard.ms, heard.whole))
                self._heard(heard, event.at, share)
        self._floor.record(entries.Silence(event.at))
        if self._connection.open:
            self._floor.do(Interrupt(tuple(heard for heard in event.heard if not self._reply.repeats(heard.item))))
        self._floor.fall_silent(start)

    def _heard(self, heard: Heard, at: int, share: float = 1.0) -> None:
        """Keep the words of an item of which this was heard, `share` of them."""
        text, unheard = self._history.heard(heard.item, share)
        if text or unheard:
            self._floor.record(entries.Heard(at, heard.item, heard.ms, not unheard, text, unheard))

    # The device

    @_take.register
    def _on_timer(self, event: TimerRang) -> None:
        self._floor.record(entries.Timer(event.at, event.name))
        self._floor.do(*self._ringing.begin(event.at))

    @_take.register
    def _on_stop_heard(self, event: StopHeard) -> None:
        if self._ringing.on:
            self._floor.record(entries.Stop(event.at))
            self._floor.do(*self._ringing.stop())

    @_take.register
    def _on_card_lost(self, event: CardLost) -> None:
        self._floor.record(entries.CardLost(event.at))
        self.card_gone = True
        if self.state in (State.SPEAKING, State.OVERLAP):
            self._floor.cut(event.at)

    @_take.register
    def _on_card_back(self, event: CardBack) -> None:
        self._floor.record(entries.CardBack(event.at))
        self.card_gone = False
        self._floor.do(Earcon("error"))

    # The end

    def _take_closing(self, event: DeviceEvent | EngineEvent) -> None:
        """Wait for the result; what is for the ears, or from the mouth, is passed over."""
        why = self._closing.why
        match event:
            case Wake() | Mute() | Repeat():
                self._floor.fall_asleep(why)
                self._take(event)
            case Button() if not self._ringing.on:
                self._floor.fall_asleep(why)
            case Button() | TimerRang() | StopHeard() | CardLost() | CardBack():
                self._take(event)
            case ReplyEnded() if self._reply.dropped(event.reply):
                self._floor.do(reply_end(event, self._floor.now))
            case _:
                actions, over = self._closing.take(event, self._floor.now)
                self._floor.do(*actions)
                if over:
                    self._floor.fall_asleep(why)


def _ms(length: int) -> int:
    return round(length * 1000 / CLOCK_RATE)
