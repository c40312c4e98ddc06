"""The moves by themselves; which event leads to which is in test_conversation."""

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
from device.conversation.rules import Rules
from device.conversation.states import State
from device.conversation.turn_taking import TurnTaking
from device.conversation.user_turn import UNNOTICED, WAKE_PREROLL
from device.sample_clock import samples

NOW = samples(10_000)


@pytest.fixture
def floor():
    """A floor on which somebody has said something and been answered; the user has the turn."""
    floor = TurnTaking(Rules(result_tool="submit"), lambda _: False)
    floor.arrive(NOW)
    floor.wake(NOW)
    floor.open(Opened(24_000, Capabilities()))
    floor.turn.listen(NOW)
    floor.turn.answered()
    floor.history.user("What time is it?")
    floor.history.assistant("i0", "Noon.", final=True)
    floor.history.heard("i0")
    floor.leave()
    return floor


def replying(floor):
    """Have a piece of a reply queued and its playing begun."""
    floor.reply.begin("r1", NOW)
    floor.reply.audio(Audio("r1", "i1", bytes(4800)), NOW)
    floor.turn.hold()
    floor.to(State.SPEAKING)
    floor.leave()


def done(floor):
    return [action for action in floor.leave() if not isinstance(action, (Record, Show))]


def test_the_clock_never_goes_back_and_actions_are_handed_over_once():
    floor = TurnTaking(Rules(), lambda _: False)
    floor.arrive(5)
    floor.arrive(3)
    assert floor.now == 5
    floor.do(Earcon("wake"))
    assert floor.leave() == [Earcon("wake")]
    assert floor.leave() == []


def test_a_state_is_shown_when_it_is_new(floor):
    floor.to(State.LISTENING)
    assert floor.leave() == []
    floor.to(State.THINKING)
    assert floor.leave() == [Record(entries.StateEntered(NOW, State.THINKING)), Show(State.THINKING)]


def test_with_every_engine_barred_to_wake_is_a_fault():
    floor = TurnTaking(Rules(), lambda _: True)
    floor.wake(NOW)
    assert done(floor) == [Earcon("error")]
    assert floor.state is State.FAULT


def test_a_lost_session_is_opened_again_from_what_has_no_answer(floor):
    floor.turn.begin(NOW)
    floor.lose(Fault("closed", "gone", retry=True))
    assert [type(action) for action in done(floor)] == [Listen, OpenSession]
    assert floor.turn.unanswered == NOW - WAKE_PREROLL
    assert floor.state is State.CONNECTING


def test_a_reply_that_breaks_off_is_owned_up_to_once_it_was_heard_and_there_is_a_session(floor):
    replying(floor)
    floor.lose(Fault("closed", "gone", retry=True))
    floor.open(Opened(24_000))
    floor.leave()
    floor.reply.played("i1")
    floor.settle()
    assert Earcon("error") in done(floor)
    assert floor.state is State.LISTENING
    floor.settle()
    assert done(floor) == []


def test_without_another_attempt_what_is_queued_is_still_heard(floor):
    replying(floor)
    floor.lose(Fault("key", "No such key.", retry=False))
    assert CloseSession() in done(floor)
    assert floor.state is State.SPEAKING
    floor.reply.played("i1")
    floor.settle()
    assert floor.state is State.FAULT


def test_after_a_reply_the_user_has_the_turn_or_the_engine_if_more_is_to_come(floor):
    replying(floor)
    floor.reply.played("i1")
    floor.settle()
    assert floor.state is State.THINKING
    floor.reply.end("r1")
    floor.settle()
    assert floor.state is State.LISTENING
    assert done(floor) == [Listen(NOW - UNNOTICED)]


def test_nothing_is_settled_while_anything_is_queued_or_fades(floor):
    replying(floor)
    floor.settle()
    floor.cut(NOW, "the wake word")
    floor.reply.played("i1")
    floor.settle()
    assert done(floor) == [Cut()]
    assert floor.state is State.SPEAKING
    floor.fall_silent(NOW - 5)
    assert done(floor) == [Listen(NOW - 5)]
    assert floor.state is State.LISTENING
    assert floor.turn.unanswered == NOW - 5


def test_who_falls_asleep_in_mid_reply_ends_it_and_asks_for_the_result_if_one_is_missing(floor):
    replying(floor)
    floor.sleep("the button")
    actions = done(floor)
    assert actions[:4] == [Hold(), Interrupt(()), Cut(), Earcon("sleep")]
    assert isinstance(actions[4], Say)
    assert floor.state is State.THINKING
    assert floor.closing.why == "the button"
    floor.fall_asleep(floor.closing.why)
    assert done(floor) == [Hold(), CloseSession()]
    assert floor.state is State.ASLEEP
    assert not floor.replying
    assert not floor.connection.wanted
