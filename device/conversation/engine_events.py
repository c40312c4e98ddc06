"""The engine's part in a conversation: what it says and does, and what is done when it does nothing."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from msgspec import structs

from device.conversation import entries
from device.conversation.actions import Commit, Earcon, RunTool
from device.conversation.attention import ENOUGH_MS
from device.conversation.current_reply import reply_end
from device.conversation.engine import (
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
    Unable,
    Unprepared,
    Words,
    Working,
)
from device.conversation.events import DeviceEvent, ToolDone
from device.conversation.final_result import result_record
from device.conversation.states import State
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.parts import Parts
    from device.conversation.rules import Rules
    from device.conversation.turn_taking import TurnTaking


class EngineEvents:
    """Tells the parts, and whose turn it is, what the engine says."""

    def __init__(self, rules: Rules, parts: Parts, turns: TurnTaking) -> None:
        self._rules = rules
        self._turns = turns
        self._out, self._connection, self._history = parts.output, parts.connection, parts.history
        self._final_result, self._greeting, self._user = parts.final_result, parts.greeting, parts.user
        self._timeouts, self._reply, self._tools = parts.timeouts, parts.reply, parts.tools
        self._rounds = parts.rounds
        self._own_voice, self._attention = parts.own_voice, parts.attention

    # What it says

    @singledispatchmethod
    def take(self, event: DeviceEvent | EngineEvent) -> None:
        """Take an event; do nothing about one that means nothing here."""

    @take.register
    def _on_opened(self, event: Opened) -> None:
        self._turns.opened(event)

    @take.register
    def _on_fault(self, event: Fault) -> None:
        self._turns.lost(event)

    @take.register
    def _on_speech_started(self, _event: SpeechStarted) -> None:
        self._out.record(entries.EngineSpeechStarted(self._out.now))
        self._hears(speech=True)
        self._timeouts.active(self._out.now)
        if self._rules.barge_in == "engine" and self._turns.state is State.SPEAKING and not self._connection.stream:
            self._own_voice.cut()
            self._turns.cut(self._out.now, "the engine")

    @take.register
    def _on_speech_stopped(self, _event: SpeechStopped) -> None:
        self._out.record(entries.EngineSpeechStopped(self._out.now))
        self._hears(speech=False)
        self._rounds.begin()
        if self._connection.stream:
            self._user.taken_up()  # an engine that talks and listens at once may well choose to say nothing
        elif self._connection.wanted and self._turns.state is State.LISTENING:
            self._turns.engine_has_turn()

    def _hears(self, *, speech: bool) -> None:
        self._user.engine_hears(speech=speech)
        self._attention.hears(self._out.now, speech=speech)

    @take.register
    def _on_reply_started(self, event: ReplyStarted) -> None:
        if not self._connection.wanted:
            return
        self._timeouts.exchanged(self._out.now)
        self._attention.notices(self._out.now)
        if not self._connection.stream:
            self._user.engine_hears(speech=False)  # else it would not take the turn
        self._greeting.forget()
        self._reply.begin(event.reply, self._out.now)
        self._out.record(entries.ReplyStart(self._out.now, event.reply))
        if self._turns.state is State.LISTENING:
            self._turns.engine_has_turn()

    @take.register
    def _on_audio(self, event: Audio) -> None:
        if self._connection.wanted and not self._reply.dropped(event.reply):
            if not self._tools:  # else it says that it is looking
                self._rounds.speaks()
            self._out.do(*self._reply.audio(event, self._out.now))
            if self._reply.endless(self._connection.rate):
                self._turns.lost(Fault("endless", "The engine sends more of a reply than anybody says.", retry=True))

    @take.register
    def _on_audio_done(self, event: AudioDone) -> None:
        self._out.do(*self._reply.audio_done(event.item))

    @take.register
    def _on_words(self, event: Words) -> None:
        if event.role == "user":
            self._attention.notices(self._out.now)
            if event.final:
                text = self._user.said(event.text.strip())
                self._out.record(entries.User(self._out.now, text))
                self._own_voice.user(text, self._out.now)
                self._rounds.begin()
                self._history.user(text) if text else self._nothing_said()
            return
        self._history.assistant(event.item, event.text, final=event.final)
        self._own_voice.says(event.item, event.text, final=event.final)
        if event.final:
            self._out.record(entries.Assistant(self._out.now, event.item, event.text))

    def _nothing_said(self) -> None:
        self._user.taken_up()
        if self._turns.state is State.THINKING and not (self._reply.running or self._reply.queued):
            self._turns.user_has_turn()

    @take.register
    def _on_tool_call(self, event: ToolCall) -> None:
        if not self._connection.wanted or self._reply.dropped(event.reply):
            return
        if not self._rounds.call("" if self._connection.stream else event.reply):
            self._turns.end_tools("The model calls tools without end, and does not answer.")
            return
        announced = self._connection.stream or self._reply.speaks(event.reply)
        self._tools.begin(event.call_id, self._out.now, announced=announced)
        self._user.restart()  # acted upon: to send it again would do it twice; what is being said now is not
        self._out.record(entries.Tool(self._out.now, event.name, event.arguments))
        self._out.do(RunTool(event))

    @take.register
    def _on_tool_cancelled(self, event: ToolCancelled) -> None:
        self._out.do(*self._tools.stop(event.call_ids))
        self._turns.settle()

    @take.register
    def _on_tool_done(self, event: ToolDone) -> None:
        if event.call_id not in self._tools:
            return
        self._timeouts.thinks(self._out.now)
        if event.result is not None:
            self._out.do(result_record(event.result, self._out.now))
            event = structs.replace(event, reply=event.reply and self._final_result.submitted(event.result))
        if event.reply:
            self._reply.await_more()
        returned = self._tools.done(event, talking=self._user.talking)
        if event.reply and not self._tools and self._connection.can.prompted and (speak := self._rounds.ask()):
            self._out.do(*(structs.replace(one, reply=False) for one in returned), speak)
        else:
            self._out.do(*returned)
        if event.sleep:
            self._turns.sleep_after_reply()
        self._turns.settle()

    @take.register
    def _on_reply_ended(self, event: ReplyEnded) -> None:
        self._out.do(reply_end(event, self._out.now))
        self._out.do(*self._reply.end(event.reply))
        if self._reply.dropped(event.reply):
            return
        if event.status == "failed":
            self._out.record(entries.EngineError(self._out.now, "reply_failed", event.message))
            self._out.do(Earcon("error"))
        elif event.status == "cancelled" and self._reply.speaks(event.reply) and not self._reply.cutting:
            self._turns.cut(self._user.voice if self._user.voice is not None else self._out.now)
            return
        self._turns.settle()

    @take.register
    def _on_working(self, event: Working) -> None:
        self._out.record(entries.Working(self._out.now, event.on))
        self._attention.notices(self._out.now)
        self._tools.works(on=event.on)
        self._timeouts.active(self._out.now)

    @take.register
    def _on_expiring(self, event: Expiring) -> None:
        self._out.do(self._connection.expiring(event, self._out.now))

    @take.register
    def _on_prepared(self, event: Prepared) -> None:
        self._connection.prepared(event)
        self._change_over(self._out.now)

    @take.register
    def _on_unprepared(self, event: Unprepared) -> None:
        self._out.do(self._connection.unprepared(event, self._out.now))

    @take.register
    def _on_unable(self, event: Unable) -> None:
        self._out.record(entries.EngineUnable(self._out.now, event.engine, event.message))
        if not self._connection.engines - {event.engine}:
            self._turns.unable()

    # What time brings about

    def commit(self, at: int) -> None:
        """Tell the engine that the user's turn is over, if it has not found that itself."""
        after = self._commit_after_ms
        due = after is not None and self._user.over(at, samples(after))
        if due and self._connection.open and self._turns.state in (State.LISTENING, State.THINKING):
            self._rounds.begin()
            self._out.do(Commit(at))
            self._user.commit()
            self._turns.engine_has_turn()

    def tick(self, at: int) -> None:
        """Note the time."""
        self._watch_engine(at)
        self._attend_tools(at)
        self._change_over(at)

    @property
    def _commit_after_ms(self) -> int | None:
        """Silence after which the present engine is told that the user's turn is over; None if it finds that itself."""
        if self._connection.stream:
            return None
        after = self._rules.commit_after_ms
        return self._rules.silence_ms if after is None and not self._connection.can.server_vad else after

    def _change_over(self, at: int) -> None:
        """Go on in another session, if that is due and nobody speaks."""
        lull = not (self._user.talking or self._turns.replying or self.owes) and self._timeouts.lull(at)
        if self._connection.open and self._turns.state is State.LISTENING and lull:
            self._out.do(*self._connection.change_over(at, self._history.said))

    def _watch_engine(self, at: int) -> None:
        """Take an engine for dead that says nothing where it should."""
        if self._attention.mishears(at):
            self._user.engine_hears(speech=False)
        if self._connection.open and not self._tools and self._reply.stalled(at):
            self._turns.lost(Fault("stalled", "The engine began a reply and sends nothing more of it.", retry=True))
        elif self._tools:
            return
        elif self._turns.state is State.LISTENING:
            self._watch_attention(at)
        elif self._turns.state is not State.THINKING:
            return
        elif self._connection.open and not self._connection.alone and self._timeouts.wants_another(at):
            self._turns.lost(Fault("no_reply", "The engine did not answer.", retry=True))
        elif self._timeouts.at_an_end(at):
            self._turns.unanswered("The engine did not answer.")

    @property
    def owes(self) -> bool:
        """Whether the engine may yet take up what was said to it: nobody has fallen silent who waits for that."""
        owed = self._user.owed
        return owed is not None and owed.voiced_ms >= ENOUGH_MS and self._connection.open

    def _watch_attention(self, at: int) -> None:
        """Leave an engine that does not take up what was said to it, though its server is well."""
        owed, engine = self._user.owed, self._connection.engine
        if owed is None or not self._connection.open:
            return
        unheard = self._attention.unheard(owed, engine, at, alone=self._connection.alone)
        if unheard is None:
            return
        if self._attention.asked(engine, self._connection.engines):
            self._turns.lost(Fault("unheard", unheard.message, retry=True))
        else:
            self._attention.begin()
            self._user.engine_hears(speech=False)
            self._turns.unanswered(unheard.message)

    def _attend_tools(self, at: int) -> None:
        """Return results that waited for the user to be silent, and have a tool spoken of that takes long."""
        if self._user.talking:
            return
        self._out.do(*self._tools.quiet())
        able = self._connection.open and self._connection.can.prompted
        quiet = self._turns.state is State.THINKING and not (self._reply.running or self._reply.queued)
        if able and quiet and (cover := self._tools.cover(at)) is not None:
            self._out.do(cover)
