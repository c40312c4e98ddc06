"""The greeting of somebody who asks nothing."""

import pytest
from support.talk import Talk, awake

from device.conversation.actions import (
    Say,
)
from device.conversation.engine import (
    Audio,
    Capabilities,
    Opened,
    ReplyEnded,
    ReplyStarted,
    SpeechStopped,
    ToolCall,
)
from device.conversation.events import (
    Button,
    Heard,
    PlayoutDone,
    PlayoutStarted,
    Tick,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.states import State
from device.sample_clock import samples

GREETING = "Welcome!"


@pytest.fixture
def host():
    return Talk(greeting=GREETING)


def test_who_presses_the_button_and_says_nothing_is_greeted_once(host):
    host.ms(Button, 1000)
    assert host.ms(Tick, 1700) == [], "there is no session yet"
    host(Opened(24000), samples(1800))
    assert host.ms(Tick, 1900) == [Say(GREETING)]
    assert host.ms(Tick, 2000) == []
    host(ReplyStarted("r1"), samples(2100))
    assert host.state is State.THINKING
    host(Audio("r1", "i1", bytes(480)), samples(2200))
    host.ms(PlayoutStarted, 2250, "i1")
    host(ReplyEnded("r1", "completed"), samples(2300))
    host(PlayoutDone(samples(2400), Heard("i1", 10, whole=True)))
    assert host.state is State.LISTENING
    assert host.ms(Tick, 5000) == []


def test_who_says_the_wake_word_alone_is_greeted_after_a_moment(host):
    awake(host)
    assert host.ms(Tick, 1500) == []
    assert host.ms(Tick, 1600) == [Say(GREETING)]


@pytest.mark.parametrize("greeting", ["", GREETING])
def test_a_question_in_one_breath_is_answered_and_not_greeted(greeting):
    talk = Talk(greeting=greeting)
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    talk.ms(VoiceStart, 1010, samples(400))
    talk(Opened(24000), samples(1100))
    talk.ms(Voice, 1400, samples(400), 1000)
    talk.ms(VoiceEnd, 2000, samples(400), samples(1700), 1300, -20.0)
    assert talk.ms(Tick, 2100) == []


def test_who_has_begun_to_speak_is_not_greeted_afterwards_either(host):
    host.ms(Button, 1000)
    host(Opened(24000), samples(1100))
    host.ms(VoiceStart, 1500, samples(1400))
    assert host.ms(Tick, 1700) == []
    host.ms(VoiceEnd, 2000, samples(1400), samples(1800), 400, -20.0)
    assert host.ms(Tick, 2100) == []


def test_an_engine_that_speaks_first_is_not_asked_to_greet(host):
    host.ms(Button, 1000)
    host(Opened(24000), samples(1100))
    host(ReplyStarted("r1"), samples(1200))
    host(ReplyEnded("r1", "completed"), samples(1300))
    assert host.state is State.LISTENING
    assert host.ms(Tick, 1700) == []


def test_nobody_is_greeted_twice_or_after_the_conversation(host):
    host.ms(Button, 1000)
    host.ms(Button, 1200)
    assert host.state is State.ASLEEP
    host(Opened(24000), samples(1300))
    assert host.ms(Tick, 2000) == []


@pytest.mark.parametrize("prompted", [False, True])
def test_an_engine_that_cannot_be_asked_to_speak_is_not(prompted):
    talk = Talk(greeting=GREETING)
    talk.ms(Button, 1000)
    talk(Opened(24000, Capabilities(prompted=prompted)), samples(1100))
    assert (talk.ms(Tick, 1900) == [Say(GREETING)]) is prompted
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(ToolCall("r1", "c1", "get_time", "{}"), samples(2700))
    talk(ReplyEnded("r1", "completed"), samples(2750))
    assert any(isinstance(action, Say) for action in talk.ms(Tick, 4000)) is prompted
