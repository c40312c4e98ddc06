"""The user's voice: what of it is for the engine, and what becomes of a reply that it is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from device.conversation import entries
from device.conversation.actions import Duck, Lower, Recognise
from device.conversation.states import State
from device.sample_clock import CLOCK_RATE

if TYPE_CHECKING:
    from device.conversation.barge_in import Step
    from device.conversation.events import Mistaken, Understood, Voice, VoiceEnd, VoiceStart
    from device.conversation.parts import Parts
    from device.conversation.rules import Rules
    from device.conversation.turn_taking import TurnTaking

TO_ENGINE = (State.CONNECTING, State.LISTENING, State.THINKING)
"""Where what is said is meant for the engine."""


class Voices:
    """Tells the parts, and whose turn it is, what the voice detector and the recogniser have found."""

    def __init__(self, rules: Rules, parts: Parts, turns: TurnTaking) -> None:
        self._rules = rules
        self._turns = turns
        self._out, self._user, self._timeouts = parts.output, parts.user, parts.timeouts
        self._connection, self._greeting = parts.connection, parts.greeting
        self._barge_in, self._reply, self._own_voice = parts.barge_in, parts.reply, parts.own_voice

    def starts(self, event: VoiceStart) -> None:
        """Take the beginning of a voice."""
        self._own_voice.starts(event.onset)
        self._user.starts(event.onset, awake=self._connection.wanted, start=event.start)
        self._out.do(*self._user.mask(self._user.first_word(event.onset)))
        self._timeouts.active(event.at)
        if not self._user.may_ask_on:
            self._greeting.forget()
        self._out.record(entries.VoiceStart(event.onset))
        self.overlaps(event.onset, event.at)

    def goes_on(self, event: Voice) -> None:
        """Take a little more of a voice."""
        self._user.speaks(event.onset, event.near_ms)
        self._out.do(*self._user.mask(self._user.first_word(event.onset)))
        self._timeouts.active(event.at)
        self._follow(self._barge_in.goes_on(event))
        self._send_breath(self._user.goes_on(event.at))

    def ends(self, event: VoiceEnd) -> None:
        """Take the end of a voice."""
        self._own_voice.ends(event.end)
        self._user.pauses(event.end)
        self._out.do(*self._user.mask(event.at))
        self._timeouts.active(event.at)
        self._out.record(entries.VoiceEnd(event.end, event.voiced_ms))
        meant = self._turns.state in TO_ENGINE and not self._user.closed
        if meant:
            self._barge_in.usual(event)
        if self._user.only_woke(event):
            self._out.do(*self._user.listen(event.end))
        elif meant:
            self._user.ends(event.end, event.voiced_ms)
            self._send_breath(self._user.in_one_breath(event.onset))
        if (onset := self._barge_in.onset) is not None:
            self._user.did_not_interrupt(onset, event.end)
            self._follow(self._barge_in.ends(event))

    def mistaken(self, event: Mistaken) -> None:
        """Take back a voice that was nobody's."""
        self._user.pauses()
        self._follow(self._barge_in.mistaken(event))

    def near_end(self, at: int) -> None:
        """Take near-end activity, which may become a voice."""
        if self._interruptible:
            self._follow(self._barge_in.near_end(at))

    def understood(self, event: Understood) -> None:
        """Take what the recogniser made of a voice over the reply."""
        self._own_voice.overheard(event.text)
        recognised_ms = round((event.upto - event.onset) * 1000 / CLOCK_RATE)
        self._out.record(entries.Overheard(event.at, event.kind, event.text, recognised_ms))
        self._follow(self._barge_in.understood(event))

    def tick(self, at: int) -> None:
        """Note the time."""
        self._send_breath(self._user.goes_on(at))
        self._follow(self._barge_in.tick(at))

    def overlaps(self, onset: int, at: int) -> None:
        """Consider a voice that began at `onset`, if a reply is heard; it may go on after a pause."""
        if self._interruptible:
            self._follow(self._barge_in.begin(onset, at))

    @property
    def _interruptible(self) -> bool:
        heard = self._rules.barge_in == "device" and not self._own_voice.why
        return self._turns.playing and not self._reply.cutting and heard

    def _follow(self, steps: list[Step]) -> None:
        """Do what is to be done about the voice over the reply."""
        for step in steps:
            match step.do:
                case "lower":
                    self._turns.lower(Lower())
                case "duck":
                    self._turns.lower(Duck())
                case "cut":
                    self._own_voice.cut()
                    self._turns.cut(self._user.first_word(step.onset), step.why)
                case "restore":
                    self._turns.restore(step.why)
                case _:  # "recognise"
                    self._out.do(Recognise(step.onset, step.upto, step.paused, step.since))
        if self._turns.state is State.SPEAKING and self._barge_in.onset is None:
            self._user.settled()

    def _send_breath(self, start: int | None) -> None:
        """Send from `start` what was said in one breath with the wake word, if anything was."""
        if start is not None:
            self._greeting.forget()
            self._out.do(*self._user.listen(start, self._out.now))
