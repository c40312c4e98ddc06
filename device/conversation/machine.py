"""The conversation: a pure machine from events to a state and actions.

It opens no socket, touches no card and reads no clock: every event comes with a position on the device's clock,
and what is to be done is returned as actions, in order. So a conversation can be tested by tables, by property
and by replaying a recorded event log.

Whose turn it is, and where it goes from there, is drawn in `states`; what each move takes along is for `turn_taking`,
the user's voice for `voices`, what the engine says for `engine_events`, and what comes by text for `by_text`.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import Action, Again, Cut, Earcon, Interrupt
from device.conversation.by_text import ByText
from device.conversation.current_reply import reply_end
from device.conversation.engine import EngineEvent, ReplyEnded
from device.conversation.engine_events import EngineEvents
from device.conversation.events import (
    AlarmRang,
    Announced,
    Asked,
    Button,
    CardBack,
    CardLost,
    DeviceEvent,
    Echo,
    Elsewhere,
    Heard,
    Helpless,
    Missed,
    Mistaken,
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
from device.conversation.parts import Parts
from device.conversation.ringing import ALARM_LIMIT, LIMIT, Ringing
from device.conversation.rules import Rules
from device.conversation.states import State
from device.conversation.turn_taking import WAKEABLE, TurnTaking
from device.conversation.voices import TO_ENGINE, Voices

if TYPE_CHECKING:
    from collections.abc import Callable


class Conversation:
    """What happens on the device, and what it leads to; `on` is the only way in."""

    def __init__(self, rules: Rules | None = None, barred: Callable[[str], bool] = lambda _: False) -> None:
        """Begin asleep; engines for which `barred` holds, by their names, are passed over."""
        self.rules = rules or Rules()
        parts = Parts.build(self.rules, barred)
        self._out, self._connection, self._history = parts.output, parts.connection, parts.history
        self._final_result, self._greeting, self._user = parts.final_result, parts.greeting, parts.user
        self._timeouts, self._reply, self._tools = parts.timeouts, parts.reply, parts.tools
        self._own_voice, self._attention = parts.own_voice, parts.attention
        self._question, self._announcements = parts.question, parts.announcements
        self._by_hand = ""
        self._turns = TurnTaking(parts)
        self._voices = Voices(self.rules, parts, self._turns)
        self._engine = EngineEvents(self.rules, parts, self._turns)
        self._by_text = ByText(parts, self._turns)
        self._ringing = Ringing()
        self._repeats = 0
        self._repeated = ""  # a reply that is repeated while there is no conversation
        self._card_gone = False

    def on(self, event: DeviceEvent | EngineEvent, now: int) -> list[Action]:
        """Take an event that arrived at position `now`; return what to do, in order."""
        self._out.arrive(now)
        if self._final_result.why:
            self._take_final_result(event)
        else:
            self._take(event)
        if self._own_voice.why != self._by_hand:
            self._believe_voices()
        self._by_text.put_question()
        if not (self._ringing.on or self._repeated or self._card_gone or self._final_result.why):
            self._repeated = self._by_text.announce(owed=self._engine.owes)
        return self._out.leave()

    def _believe_voices(self) -> None:
        """Go over to the wake word and the button, because the device hears itself, or believe voices again."""
        self._by_hand = why = self._own_voice.why
        self._out.record(entries.HearsItself(self._out.now, why) if why else entries.HearsOthers(self._out.now))
        if why and self.state is State.OVERLAP:
            self._turns.restore(why)
        self._out.do(*self._user.by_hand(on=bool(why)))

    @singledispatchmethod
    def _take(self, event: DeviceEvent | EngineEvent) -> None:
        """Take what is neither the user's, nor the loudspeaker's, nor the device's."""
        self._engine.take(event)

    @property
    def state(self) -> State:
        """Whose turn it is."""
        return self._turns.state

    @property
    def replying(self) -> bool:
        """Whether a reply is being made, queued or played."""
        return self._turns.replying

    @property
    def repeating(self) -> bool:
        """Whether a reply is repeated while there is no conversation."""
        return bool(self._repeated)

    @property
    def by_hand(self) -> bool:
        """Whether only the wake word and the button are believed, because the device hears itself."""
        return bool(self._by_hand)

    @property
    def mistakes(self) -> int:
        """How often a voice turned out to be the device's own."""
        return self._own_voice.mistakes

    @property
    def closed(self) -> bool:
        """Whether it waits for them, though it is the user's turn."""
        return self.state is State.LISTENING and self._user.closed

    @property
    def card_gone(self) -> bool:
        """Whether the card has vanished: nobody is heard, and nobody hears."""
        return self._card_gone

    # The user

    @_take.register
    def _on_wake(self, event: Wake) -> None:
        self._out.record(entries.Wake(event.at, event.word, event.score))
        self._out.do(*self._ringing.stop())
        self._user.addressed(event.word)
        if self.state in WAKEABLE:
            self._user.wake_word(event.at)
            self._wake_up(event.at)
        elif self._turns.playing and not self._reply.cutting:
            self._turns.cut(self._user.breath(event.at))
        elif self._user.closed and self.state in (State.LISTENING, State.THINKING):
            self._user.wake_word(event.at)
            self._open_by_hand(event.at)

    @_take.register
    def _on_elsewhere(self, _event: Elsewhere) -> None:
        if self.state not in (*WAKEABLE, State.MUTED):
            self._turns.fall_asleep("another one that answers")

    def _open_by_hand(self, at: int) -> None:
        """Let somebody know who asked for it that the engine hears them now."""
        self._timeouts.begin(at)
        self._out.do(Earcon("wake"))

    def _wake_up(self, at: int) -> None:
        self._end_repeat()
        self._turns.woke(at)

    @_take.register
    def _on_button(self, event: Button) -> None:
        if self._ringing.on:
            self._out.do(*self._ringing.stop())
        elif self._repeated:
            self._end_repeat()
        elif self.state in WAKEABLE:
            self._wake_up(event.at)
            self._out.do(*self._user.listen(event.at))
        elif self._turns.playing:
            self._turns.cut(event.at, quick=True)
        elif self.closed:
            self._open_by_hand(event.at)
            self._out.do(*self._user.listen(event.at))
        elif self.state is not State.MUTED:  # which is left by `Mute` only, never by chance
            self._turns.sleep("the button")

    @_take.register
    def _on_repeat(self, event: Repeat) -> None:
        self._repeats += 1
        item = f"repeat-{self._repeats}"
        self._out.record(entries.Repeat(event.at, item))
        self._end_repeat()
        if self._connection.wanted:
            self._greeting.forget()
            self._reply.repeat(item)
        else:
            self._repeated = item
        self._out.do(Again(item))

    @_take.register
    def _on_asked(self, event: Asked) -> None:
        if self.state is State.MUTED:
            return
        self._question.ask(event.text)
        if self.state in WAKEABLE:
            self._wake_up(event.at)
            self._out.do(*self._user.listen(event.at))
        elif self._turns.playing:
            self._turns.cut(event.at, "a question by text")

    @_take.register
    def _on_announced(self, event: Announced) -> None:
        self._announcements.want(event.item, event.at)

    def _end_repeat(self) -> None:
        """End a reply that is repeated while there is no conversation."""
        if self._repeated:
            self._repeated = ""
            self._out.do(Cut(quick=True))

    @_take.register
    def _on_mute(self, event: Mute) -> None:
        if event.on:
            self._turns.mute()
        else:
            self._turns.unmute()

    @_take.register
    def _on_near_end(self, event: NearEnd) -> None:
        self._voices.near_end(event.at)

    @_take.register
    def _on_echo(self, event: Echo) -> None:
        self._own_voice.echo(event.kind)
        kept_out = event.kind == "unknown" or (event.kind == "known" and not self._heard_over_reply)
        self._out.do(*self._user.echo(event.since, heard=kept_out))

    @_take.register
    def _on_helpless(self, event: Helpless) -> None:
        self._own_voice.helpless(on=event.on)

    @_take.register
    def _on_mistaken(self, event: Mistaken) -> None:
        self._voices.mistaken(event)

    @_take.register
    def _on_missed(self, event: Missed) -> None:
        self._user.missed(event.length)
        self._timeouts.missed(event.length)

    @_take.register
    def _on_voice_start(self, event: VoiceStart) -> None:
        # The voice detector needs a moment: it is asked about the one in which the device fell asleep.
        left_out = self._turns.left_out(event.onset) and not self._by_hand
        if left_out:
            self._turns.woke(event.onset, again=True)
        self._voices.starts(event)
        if left_out and self.state in TO_ENGINE:
            self._user.restart()
            self._out.do(*self._user.listen(self._user.first_word(event.onset)))

    @_take.register
    def _on_voice(self, event: Voice) -> None:
        self._voices.goes_on(event)

    @_take.register
    def _on_voice_end(self, event: VoiceEnd) -> None:
        self._voices.ends(event)

    @_take.register
    def _on_understood(self, event: Understood) -> None:
        self._voices.understood(event)

    # Time

    @_take.register
    def _on_tick(self, event: Tick) -> None:
        self._own_voice.tick(event.at)
        self._voices.tick(event.at)
        self._out.do(*self._ringing.tick(event.at))
        for given_up in self._announcements.tick(event.at):
            self._out.record(given_up)
        self._engine.commit(event.at)
        if self.state is State.LISTENING:
            self._wait_for_user(event.at)
        self._engine.tick(event.at)

    def _wait_for_user(self, at: int) -> None:
        """Greet somebody who asks nothing, and end a conversation in which nobody does any more."""
        quiet = not (self._user.talking or self._tools.busy or self._engine.owes)
        greets = self._greeting.due and self._connection.can.prompted and not self._user.may_ask_on
        if quiet and greets and self._timeouts.hesitates(at):
            self._out.do(self._greeting.say())
        if why := self._timeouts.over(at, quiet=quiet):
            self._turns.give_up(why)

    # The loudspeaker

    @_take.register
    def _on_playout_started(self, event: PlayoutStarted) -> None:
        if (item := self._reply.find(event.item)) is None:
            return
        self._own_voice.plays(event.at)
        if not item.repeated:
            self._out.record(entries.ReplyFirstAudio(event.at, event.item))
            self._connection.answered()
            self._user.answered()
            self._question.forget()
            self._attention.begin()
        if self.state in TO_ENGINE:
            self._begin_reply()

    def _begin_reply(self) -> None:
        """Give the turn to a reply that is heard; the user may be speaking already, or hear nothing at all."""
        if not self._heard_over_reply:
            self._out.do(*self._user.give_way())
        self._turns.started_playing()
        if self._card_gone:
            self._turns.cut(self._out.now)
        elif self._user.voice is not None:
            self._user.restart()
            self._voices.overlaps(self._user.voice, self._out.now)

    @property
    def _heard_over_reply(self) -> bool:
        """Whether the engine hears the user while it speaks."""
        decides = self.rules.barge_in
        hears = decides == "engine" or (self._connection.stream and decides == "device")
        return hears and not self._own_voice.why

    @_take.register
    def _on_playout_starved(self, event: PlayoutStarved) -> None:
        self._out.record(entries.Starved(event.at, event.item))
        self._reply.starved(event.item)

    @_take.register
    def _on_playout_done(self, event: PlayoutDone) -> None:
        self._announced((event.heard,), event.at)
        if event.heard.item == self._repeated:
            self._repeated = ""
        if (item := self._reply.played(event.heard.item)) is None:
            return
        self._out.go_on(event.at)  # the last samples are still on their way to the loudspeaker
        self._own_voice.falls_silent(self._out.now)
        self._timeouts.exchanged(self._out.now)
        if not item.repeated:
            self._out.record(entries.ReplyLastAudio(event.at, event.heard.item, event.heard.ms))
            self._heard(event.heard, event.at)
        self._turns.settle()

    @_take.register
    def _on_playout_cut(self, event: PlayoutCut) -> None:
        start = self._reply.cut_from
        self._announced(event.heard, event.at)
        self._own_voice.falls_silent(event.at)
        if start is None:
            return
        for heard in event.heard:
            if (share := self._reply.share(heard, self._connection.rate)) is not None:
                self._out.record(entries.Truncate(event.at, heard.item, heard.ms, heard.whole))
                self._heard(heard, event.at, share)
        self._out.record(entries.Silence(event.at))
        if self._connection.open:
            self._out.do(Interrupt(tuple(heard for heard in event.heard if not self._reply.repeats(heard.item))))
        self._turns.fell_silent(start)

    def _announced(self, heard: tuple[Heard, ...], at: int) -> None:
        for record in self._announcements.over(heard, at):
            self._out.record(record)

    def _heard(self, heard: Heard, at: int, share: float = 1.0) -> None:
        """Keep the words of an item of which this was heard, `share` of them."""
        text, unheard = self._history.heard(heard.item, share)
        if text or unheard:
            self._out.record(entries.Heard(at, heard.item, heard.ms, not unheard, text, unheard))

    # The device

    @_take.register
    def _on_timer(self, event: TimerRang) -> None:
        self._out.record(entries.Timer(event.at, event.name))
        self._out.do(*self._ringing.begin(event.at))

    @_take.register
    def _on_alarm(self, event: AlarmRang) -> None:
        self._out.record(entries.Alarm(event.at, event.kind, event.text))
        self._out.do(*self._ringing.begin(event.at, LIMIT if event.missed else ALARM_LIMIT, event.says))

    @_take.register
    def _on_stop_heard(self, event: StopHeard) -> None:
        if self._ringing.on:
            self._out.record(entries.Stop(event.at))
            self._out.do(*self._ringing.stop())

    @_take.register
    def _on_card_lost(self, event: CardLost) -> None:
        self._out.record(entries.CardLost(event.at))
        self._card_gone = True
        if self._turns.playing:
            self._turns.cut(event.at)

    @_take.register
    def _on_card_back(self, event: CardBack) -> None:
        self._out.record(entries.CardBack(event.at))
        self._card_gone = False
        self._out.do(Earcon("error"))

    # The end

    def _take_final_result(self, event: DeviceEvent | EngineEvent) -> None:
        """Wait for the result; what is for the ears, or from the mouth, is passed over."""
        why = self._final_result.why
        match event:
            case Wake() | Mute() | Repeat() | Asked():
                self._turns.fall_asleep(why)
                self._take(event)
            case Button() if not self._ringing.on:
                self._turns.fall_asleep(why)
            case Announced():
                self._take(event)
            case Button() | TimerRang() | AlarmRang() | StopHeard() | CardLost() | CardBack() | Echo() | Helpless():
                self._take(event)
            case ReplyEnded() if self._reply.dropped(event.reply):
                self._out.do(reply_end(event, self._out.now))
            case _:
                actions, over = self._final_result.take(event, self._out.now)
                self._out.do(*actions)
                if over:
                    self._turns.fall_asleep(why)
