"""A question by text: when it is put, to whom, and what becomes of it."""

import pytest
from support.talk import Talk, awake, speaking

from device.conversation import entries
from device.conversation.actions import Ask, Cut, Earcon, Listen, OpenSession
from device.conversation.engine import Audio, Capabilities, Fault, Opened, ReplyEnded, ReplyStarted, Said
from device.conversation.events import (
    Asked,
    Heard,
    Mute,
    PlayoutCut,
    PlayoutStarted,
    Tick,
    VoiceEnd,
    VoiceStart,
)
from device.conversation.question import Question
from device.conversation.states import State
from device.sample_clock import samples


@pytest.fixture
def talk():
    return Talk()


def asked(actions):
    return [action for action in actions if isinstance(action, Ask)]


def test_asleep_it_wakes_and_is_put_once_the_session_is_open(talk):
    actions = talk.ms(Asked, 1000, "When?")
    assert [type(action) for action in actions] == [Earcon, OpenSession, Listen]
    assert talk.state is State.CONNECTING
    assert asked(talk(Opened(24000), samples(1200))) == [Ask("When?")]
    assert talk.state is State.THINKING
    assert [entry.text for entry in talk.wrote(entries.User)] == ["When?"]
    assert asked(talk.ms(Tick, 1300)) == []


def test_while_it_listens_it_is_put_at_once(talk):
    awake(talk)
    assert asked(talk.ms(Asked, 2000, "When?")) == [Ask("When?")]


def test_while_the_user_talks_it_waits(talk):
    awake(talk)
    talk.ms(VoiceStart, 2000, samples(1950))
    assert asked(talk.ms(Asked, 2100, "When?")) == []
    assert asked(talk.ms(VoiceEnd, 2600, samples(1950), samples(2400), 400)) == [Ask("When?")]


def test_a_reply_is_cut_off_for_it(talk):
    awake(talk)
    speaking(talk)
    assert talk.ms(Asked, 4000, "When?") == [Cut()]
    talk(PlayoutCut(samples(4050), (Heard("i1", 400, whole=False),)))
    assert asked(talk.ms(Tick, 4100)) == [Ask("When?")] or talk.state is State.THINKING
    assert talk.wrote(entries.Cut)[0].why == "a question by text"


def test_muted_it_is_not_taken(talk):
    talk.ms(Mute, 500, on=True)
    assert talk.ms(Asked, 1000, "When?") == []
    talk.ms(Mute, 1500, on=False)
    assert talk.ms(Tick, 1600) == []


def test_if_the_session_is_lost_over_it_the_next_one_is_asked(talk):
    awake(talk)
    talk.ms(Asked, 2000, "When?")
    actions = talk(Fault("closed", "gone", retry=True), samples(2500))
    (opening,) = [action for action in actions if isinstance(action, OpenSession)]
    assert Said("user", "When?") not in opening.history, "it is asked again, not told"
    assert asked(talk(Opened(24000), samples(2700))) == [Ask("When?")]


def test_once_the_answer_is_heard_it_is_done_with(talk):
    awake(talk)
    talk.ms(Asked, 2000, "When?")
    talk(ReplyStarted("r1"), samples(2200))
    talk(Audio("r1", "i1", bytes(4800)), samples(2300))
    talk.ms(PlayoutStarted, 2350, "i1")
    talk(ReplyEnded("r1", "completed"), samples(2400))
    talk(Fault("closed", "gone", retry=True), samples(2500))
    assert asked(talk(Opened(24000), samples(2700))) == []


def test_an_engine_that_only_hears_is_not_asked(talk):
    talk.ms(Asked, 1000, "When?")
    actions = talk(Opened(24000, Capabilities(prompted=False)), samples(1200))
    assert asked(actions) == []
    assert Earcon("error") in actions
    assert talk.wrote(entries.EngineError)[-1].message == "The engine local takes no text: it only hears."
    assert talk.state is State.LISTENING


def test_one_at_a_time_the_last():
    question = Question()
    assert not question.due
    assert not question.lost()
    question.ask("One?")
    question.ask("Two?")
    assert question.put() == "Two?"
    assert not question.due
    assert question.lost()
    assert question.due
    question.forget()
    assert not question.due
