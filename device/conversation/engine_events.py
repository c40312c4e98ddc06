"""The engine's part in a conversation: what it says and does, and what is done when it does nothing."""

from __future__ import annotations

from functools import singledispatchmethod
from typing import TYPE_CHECKING

from msgspec import structs

from device.conversation import entries
from device.conversation.actions import Commit, Earcon, RunTool
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
    Unprepared,
    Words,
    Working,
)
from device.conversation.events import DeviceEvent, ToolDone
from device.conversation.final_result import result_record
from device.conversation.states import State
from device.sample_clock import samples

if TYPE_CHECKING:
    from device.conversation.rules import Rules
    from device.conversation.turn_taking import TurnTaking


class EngineEvents:
    """Makes the moves on the `floor` that the engine's events call for; the tools that it calls are its own."""

    def __init__(self, rules: Rules, floor: TurnTaking) -> None:
        self._rules = rules
        self._floor = floor
        self._connection, self._history, self._closing = floor.connection, floor.history, floor.closing
        self._turn, self._reply, self._tools = floor.turn, floor.reply, floor.tools
        self._patience = floor.patience

    # What it says

    @singledispatchmethod
    def take(self, event: DeviceEvent | EngineEvent) -> None:
        """Take an event; do nothing about one that means nothing here."""

    @take.register
    def _on_opened(self, event: Opened) -> None:
        self._floor.open(event)

    @take.register
    def _on_fault(self, event: Fault) -> None:
        self._floor.lose(event)

    @take.register
    def _on_speech_started(self, _event: SpeechStarted) -> None:
        self._floor.record(entries.EngineSpeechStarted(self._floor.now))
        self._turn.heard_by_engine = True
        self._patience.stirred(self._floor.now)
        if self._rules.barge_in == "engine" and self._floor.state is State.SPEAKING and not self._connection.stream:
            self._floor.cut(self._floor.now, "the engine")

    @take.register
    def _on_speech_stopped(self, _event: SpeechStopped) -> None:
        self._floor.record(entries.EngineSpeechStopped(self._floor.now))
        self._turn.heard_by_engine = False
        # An engine that talks and listens at once may well choose to say nothing.
        if self._connection.wanted and self._floor.state is State.LISTENING and not self._connection.stream:
            self._floor.think()

    @take.register
    def _on_reply_started(self, event: ReplyStarted) -> None:
        if not self._connection.wanted:
            return
        self._patience.exchanged(self._floor.now)
        self._floor.greets = False
        self._reply.begin(event.reply, self._floor.now)
        self._floor.record(entries.ReplyStart(self._floor.now, event.reply))
        if self._floor.state is State.LISTENING:
            self._floor.think()

    @take.register
    def _on_audio(self, event: Audio) -> None:
        if self._connection.wanted and not self._reply.dropped(event.reply):
            self._floor.do(*self._reply.audio(event, self._floor.now))

    @take.register
    def _on_audio_done(self, event: AudioDone) -> None:
        self._floor.do(*self._reply.audio_done(event.item))

    @take.register
    def _on_words(self, event: Words) -> None:
        if event.role == "user":
            if event.final:
                text = event.text.strip()
                self._floor.record(entries.User(self._floor.now, text))
                if text:
                    self._history.user(text)
                elif self._floor.state is State.THINKING and not (self._reply.running or self._reply.queued):
                    self._floor.back_to_listening()
            return
        self._history.assistant(event.item, event.text, final=event.final)
        if event.final:
            self._floor.record(entries.Assistant(self._floor.now, event.item, event.text))

    @take.register
    def _on_tool_call(self, event: ToolCall) -> None:
        if not self._connection.wanted or self._reply.dropped(event.reply):
            return
        announced = self._connection.stream or self._reply.speaks(event.reply)
        self._tools.begin(event.call_id, self._floor.now, announced=announced)
        self._turn.unanswered = None  # acted upon: to send it again would do it twice
        self._floor.record(entries.Tool(self._floor.now, event.name, event.arguments))
        self._floor.do(RunTool(event))

    @take.register
    def _on_tool_cancelled(self, event: ToolCancelled) -> None:
        for call_id in event.call_ids:
            self._tools.cancel(call_id)
        self._floor.settle()

    @take.register
    def _on_tool_done(self, event: ToolDone) -> None:
        if event.call_id not in self._tools:
            return
        self._patience.thinks(self._floor.now)
        if event.result is not None:
            self._floor.do(result_record(event.result, self._floor.now))
            event = structs.replace(event, reply=event.reply and self._closing.submitted(event.result))
        self._reply.awaited = self._reply.awaited or event.reply
        self._floor.do(*self._tools.done(event, talking=self._turn.talking))
        self._floor.sleep_next = self._floor.sleep_next or event.sleep
        self._floor.settle()

    @take.register
    def _on_reply_ended(self, event: ReplyEnded) -> None:
        self._floor.do(reply_end(event, self._floor.now))
        self._floor.do(*self._reply.end(event.reply))
        if self._reply.dropped(event.reply):
            return
        if event.status == "failed":
            self._floor.record(entries.EngineError(self._floor.now, "reply_failed", event.message))
            self._floor.do(Earcon("error"))
        elif event.status == "cancelled" and self._reply.queued and not self._reply.cutting:
            self._floor.cut(self._turn.voice if self._turn.voice is not None else self._floor.now)
            return
        self._floor.settle()

    @take.register
    def _on_working(self, event: Working) -> None:
        self._floor.record(entries.Working(self._floor.now, event.on))
        self._floor.working = event.on
        self._patience.stirred(self._floor.now)

    @take.register
    def _on_expiring(self, event: Expiring) -> None:
        self._floor.do(self._connection.expiring(event, self._floor.now))

    @take.register
    def _on_prepared(self, event: Prepared) -> None:
        self._connection.prepared(event)
        self._change_over(self._floor.now)

    @take.register
    def _on_unprepared(self, event: Unprepared) -> None:
        self._floor.do(self._connection.unprepared(event, self._floor.now))

    # What time brings about

    def commit(self, at: int) -> None:
        """Tell the engine that the user's turn is over, if it has not found that itself."""
        after = self._commit_after_ms
        due = after is not None and self._turn.over(at, samples(after))
        if due and self._connection.open and self._floor.state in (State.LISTENING, State.THINKING):
            self._floor.do(Commit(at))
            self._turn.commit()
            self._floor.think()

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
        lull = not (self._turn.talking or self._floor.replying) and self._patience.lull(at)
        if self._connection.open and self._floor.state is State.LISTENING and lull:
            self._floor.do(*self._connection.change_over(at, self._history.said))

    def _watch_engine(self, at: int) -> None:
        """Take an engine for dead that says nothing where it should."""
        if self._connection.open and not self._tools and self._reply.stalled(at):
            self._floor.lose(Fault("stalled", "The engine began a reply and sends nothing more of it.", retry=True))
        elif self._floor.state is not State.THINKING or self._tools:
            return
        elif self._connection.open and not self._connection.alone and self._patience.wants_another(at):
            self._floor.lose(Fault("no_reply", "The engine did not answer.", retry=True))
        elif self._patience.at_an_end(at):
            self._reply.awaited = False
            self._floor.record(entries.EngineError(at, "no_reply", "The engine did not answer."))
            self._floor.do(Earcon("error"))
            self._floor.back_to_listening()

    def _attend_tools(self, at: int) -> None:
        """Return results that waited for the user to be silent, and have a tool spoken of that takes long."""
        if self._turn.talking:
            return
        self._floor.do(*self._tools.quiet())
        able = self._connection.open and self._connection.can.prompted
        quiet = self._floor.state is State.THINKING and not (self._reply.running or self._reply.queued)
        if able and quiet and (cover := self._tools.cover(at)) is not None:
            self._floor.do(cover)
