"""What comes neither by voice nor from the engine: when it is put or said, and what becomes of it."""

import pytest
from support.talk import Talk, awake, speaking

from device.conversation import entries
from device.conversation.actions import Announce, Ask, Cut, Earcon, Listen, OpenSession
from device.conversation.announcements import LATEST
from device.conversation.engine import Audio, Capabilities, Fault, Opened, ReplyEnded, ReplyStarted, Said
from device.conversation.events import (
    Announced,
    Asked,
    Button,
    CardLost,
    Heard,
    Mute,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Tick,
    TimerRang,
    VoiceEnd,
    VoiceStart,
    Wake,
)
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


def announced(actions):
    return [action for action in actions if isinstance(action, Announce)]


def hows(talk):
    return [(entry.item, entry.how) for entry in talk.wrote(entries.Announcement)]


def done(item, at):
    return PlayoutDone(samples(at), Heard(item, 500, whole=True))


def test_asleep_it_is_heard_at_once_and_one_after_the_other(talk):
    assert talk.ms(Announced, 1000, "a") == [Announce("a")]
    assert talk.ms(Announced, 1100, "b") == []
    assert talk(done("a", 1600)) == [Announce("b")]
    talk(done("b", 2200))
    assert hows(talk) == [("a", "whole"), ("b", "whole")]
    assert talk.state is State.ASLEEP


@pytest.mark.parametrize("ends", [Button, lambda at: Wake(at, "w", 0.9)])
def test_the_button_and_the_wake_word_end_it(talk, ends):
    talk.ms(Announced, 1000, "a")
    assert Cut(quick=True) in talk.ms(ends, 1200)
    talk(PlayoutCut(samples(1250), (Heard("a", 200, whole=False),)))
    assert hows(talk) == [("a", "cut")]


def test_muted_it_is_heard_too(talk):
    talk.ms(Mute, 500, on=True)
    assert announced(talk.ms(Announced, 1000, "a"))
    assert talk.state is State.MUTED


def test_while_it_rings_and_while_the_card_is_gone_it_waits(talk):
    talk.ms(TimerRang, 500, "tea")
    assert talk.ms(Announced, 1000, "a") == []
    assert announced(talk.ms(Button, 1500))
    talk(done("a", 2000))
    talk.ms(CardLost, 2100)
    assert talk.ms(Announced, 2200, "b") == []


def test_in_a_conversation_it_waits_for_a_pause(talk):
    awake(talk)
    talk.ms(VoiceStart, 2000, samples(1950))
    assert announced(talk.ms(Announced, 2100, "a")) == []
    talk.ms(VoiceEnd, 2300, samples(1950), samples(2100), 100)
    assert announced(talk.ms(Tick, 2400)) == []
    speaking(talk)
    assert announced(talk.ms(Tick, 3500)) == []
    talk(ReplyEnded("r1", "completed"), samples(3600))
    assert announced(talk(PlayoutDone(samples(4000), Heard("i1", 1000, whole=True)))) == []
    assert talk.state is State.LISTENING
    assert announced(talk.ms(Tick, 4900)) == [Announce("a")]
    talk.ms(PlayoutStarted, 4950, "a")
    assert talk.state is State.SPEAKING, "a voice over it lowers it, as over a reply"
    talk(done("a", 5500))
    assert talk.state is State.LISTENING
    assert hows(talk) == [("a", "whole")]
    assert [entry.item for entry in talk.wrote(entries.ReplyFirstAudio)] == ["i1"], "it is no reply"


def test_the_end_of_the_conversation_cuts_it_off(talk):
    awake(talk)
    talk.ms(Announced, 1400, "a")
    assert announced(talk.ms(Tick, 2400))
    talk.ms(PlayoutStarted, 2450, "a")
    talk.ms(Mute, 2600, on=True)
    talk(PlayoutCut(samples(2650), (Heard("a", 200, whole=False),)))
    assert hows(talk) == [("a", "cut")]


def test_what_finds_no_moment_is_given_up(talk):
    talk.ms(CardLost, 500)
    talk.ms(Announced, 1000, "a")
    talk(Tick(samples(1000) + LATEST - 1))
    assert hows(talk) == []
    talk(Tick(samples(1000) + LATEST))
    assert hows(talk) == [("a", "late")]
