"""The moves by themselves; which event leads to which is in test_machine and test_engine_events."""

import pytest

from device.conversation import entries
from device.conversation.actions import (
    CloseSession,
    Cut,
    Earcon,
    Hold,
    Interrupt,
    Listen,
    OpenSession,
    Record,
    Say,
    Show,
)
from device.conversation.engine import Audio, Capabilities, Fault, Opened
from device.conversation.parts import Parts
from device.conversation.rules import Rules
from device.conversation.states import State
from device.conversation.turn_taking import TurnTaking
from device.conversation.user_turn import UNNOTICED, WAKE_PREROLL
from device.sample_clock import samples

NOW = samples(10_000)


class Told(TurnTaking):
    """Turn-taking, with its parts at hand."""

    def __init__(self, rules=None, barred=lambda _: False):
        self.parts = Parts.build(rules or Rules(result_tool="submit"), barred)
        super().__init__(self.parts)

    def done(self):
        return [action for action in self.parts.output.leave() if not isinstance(action, (Record, Show))]


@pytest.fixture
def turns():
    """Somebody has said something and been answered; the user has the turn."""
    turns = Told()
    parts = turns.parts
    parts.output.arrive(NOW)
    turns.woke(NOW)
    turns.opened(Opened(24_000, Capabilities()))
    parts.user.listen(NOW)
    parts.user.answered()
    parts.history.user("What time is it?")
    parts.history.assistant("i0", "Noon.", final=True)
    parts.history.heard("i0")
    parts.output.leave()
    return turns


def replying(turns):
    """Have a piece of a reply queued and its playing begun."""
    turns.parts.reply.begin("r1", NOW)
    turns.parts.reply.audio(Audio("r1", "i1", bytes(4800)), NOW)
    turns.parts.user.hold()
    turns.started_playing()
    turns.parts.output.leave()


def test_a_state_is_shown_when_it_is_new(turns):
    turns.user_has_turn()
    assert turns.parts.output.leave() == []
    turns.engine_has_turn()
    assert turns.parts.output.leave() == [Record(entries.StateEntered(NOW, State.THINKING)), Show(State.THINKING)]


def test_with_every_engine_barred_to_wake_is_a_fault():
    turns = Told(barred=lambda _: True)
    turns.woke(NOW)
    assert turns.done() == [Earcon("error")]
    assert turns.state is State.FAULT


def test_a_lost_session_is_opened_again_from_what_has_no_answer(turns):
    turns.parts.user.begin(NOW)
    turns.lost(Fault("closed", "gone", retry=True))
    assert [type(action) for action in turns.done()] == [Listen, OpenSession]
    assert turns.parts.user.unanswered == NOW - WAKE_PREROLL
    assert turns.state is State.CONNECTING


def test_a_reply_that_breaks_off_is_owned_up_to_once_it_was_heard_and_there_is_a_session(turns):
    replying(turns)
    turns.lost(Fault("closed", "gone", retry=True))
    turns.opened(Opened(24_000))
    turns.parts.output.leave()
    turns.parts.reply.played("i1")
    turns.settle()
    assert Earcon("error") in turns.done()
    assert turns.state is State.LISTENING
    turns.settle()
    assert turns.done() == []


def test_without_another_attempt_what_is_queued_is_still_heard(turns):
    replying(turns)
    turns.lost(Fault("key", "No such key.", retry=False))
    assert CloseSession() in turns.done()
    assert turns.state is State.SPEAKING
    turns.parts.reply.played("i1")
    turns.settle()
    assert turns.state is State.FAULT


def test_after_a_reply_the_user_has_the_turn_or_the_engine_if_more_is_to_come(turns):
    replying(turns)
    turns.parts.reply.played("i1")
    turns.settle()
    assert turns.state is State.THINKING
    turns.parts.reply.end("r1")
    turns.settle()
    assert turns.state is State.LISTENING
    assert turns.done() == [Listen(NOW - UNNOTICED)]


def test_nothing_is_settled_while_anything_is_queued_or_fades(turns):
    replying(turns)
    turns.settle()
    turns.cut(NOW, "the wake word")
    turns.parts.reply.played("i1")
    turns.settle()
    assert turns.done() == [Cut()]
    assert turns.state is State.SPEAKING
    turns.fell_silent(NOW - 5)
    assert turns.done() == [Listen(NOW - 5)]
    assert turns.state is State.LISTENING
    assert turns.parts.user.unanswered == NOW - 5


def test_who_falls_asleep_in_mid_reply_ends_it_and_asks_for_the_result_if_one_is_missing(turns):
    replying(turns)
    turns.sleep("the button")
    actions = turns.done()
    assert actions[:4] == [Hold(), Interrupt(()), Cut(), Earcon("sleep")]
    assert isinstance(actions[4], Say)
    assert turns.state is State.THINKING
    assert turns.parts.final_result.why == "the button"
    turns.fall_asleep(turns.parts.final_result.why)
    assert turns.done() == [Hold(), CloseSession()]
    assert turns.state is State.ASLEEP
    assert not turns.replying
    assert not turns.parts.connection.wanted
