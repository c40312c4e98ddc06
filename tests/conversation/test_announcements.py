"""What the device was asked to say: at which moment, and what becomes of it."""

import pytest
from support.talk import Talk, awake, speaking

from device.conversation import entries
from device.conversation.actions import Announce, Cut
from device.conversation.announcements import LATEST, Announcements
from device.conversation.engine import ReplyEnded
from device.conversation.events import (
    Announced,
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


def test_what_is_played_otherwise_is_none_of_them():
    announcements = Announcements()
    announcements.want("a", 0)
    assert announcements.begin() == "a"
    assert not announcements.due
    assert list(announcements.over([Heard("i1", 5, whole=True)], 10)) == []
    assert len(list(announcements.over([Heard("a", 5, whole=True)], 10))) == 1
    assert list(announcements.over([Heard("a", 5, whole=True)], 20)) == []
