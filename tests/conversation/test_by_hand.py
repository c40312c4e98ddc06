"""What becomes of a conversation while the device hears itself: only the wake word and the button are believed."""

import pytest
from support.talk import Talk, awake, second, speaking, streaming

from device.conversation import entries
from device.conversation.actions import Commit, Cut, Discard, Earcon, Hold, Listen, Restore
from device.conversation.engine import Fault, ReplyEnded, SpeechStarted, Words
from device.conversation.events import (
    Button,
    Echo,
    Heard,
    Helpless,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Tick,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.own_voice import ANSWERS, HELPLESS
from device.conversation.states import State
from device.sample_clock import samples

WHOLE = Heard("i1", 1000, whole=True)


def listens(actions):
    return [action for action in actions if isinstance(action, (Listen, Hold))]


def deaf(talk):
    """A reply that was played to 4 s, after it turned out that the device hears itself."""
    awake(talk)
    talk.ms(Helpless, 1500, on=True)
    speaking(talk)
    talk(ReplyEnded("r1", "completed"), second(3.5))
    return talk.ms(PlayoutDone, 4000, WHOLE)


def test_it_is_said_once_and_voices_are_believed_again_when_it_is_over(talk):
    awake(talk)
    assert not talk.conversation.by_hand
    assert talk.ms(Helpless, 1500, on=True) == [Hold()], "nothing more is sent"
    talk.ms(Helpless, 1600, on=True)
    assert talk.wrote(entries.HearsItself) == [entries.HearsItself(samples(1500), HELPLESS)]
    assert talk.conversation.by_hand
    speaking(talk)
    talk.ms(Helpless, 3100, on=False)
    talk.ms(Echo, 3100, "known", samples(3100))
    for at in range(3100, 13_200, 50):
        talk.ms(Tick, at)
    assert len(talk.wrote(entries.HearsOthers)) == 1
    assert not talk.conversation.by_hand
    assert talk.ms(VoiceStart, 13_300, samples(13_200)), "a voice over the reply is one again"


def test_voices_over_a_reply_leave_it_alone_and_nothing_is_sent_after_it(talk):
    awake(talk)
    talk.ms(Helpless, 1500, on=True)
    speaking(talk)
    assert talk.ms(VoiceStart, 3200, samples(3100)) == []
    assert talk.ms(Voice, 3900, samples(3100), 800) == []
    assert listens(talk.ms(PlayoutDone, 4000, WHOLE)) == []
    assert talk.state is State.LISTENING or talk(ReplyEnded("r1", "completed"), second(4.1)) == []
    assert talk.ms(VoiceEnd, 4400, samples(3100), samples(4100), 900) == []
    assert talk.conversation.closed
    assert talk.ms(Tick, 6000) == []


def test_what_a_voice_says_then_is_no_turn(talk):
    talk = Talk(commit_after_ms=500)
    assert listens(deaf(talk)) == []
    talk.ms(VoiceStart, 4300, samples(4200))
    talk.ms(VoiceEnd, 4800, samples(4200), samples(4560), 300)
    assert Commit not in [type(action) for action in talk.ms(Tick, 6000)]
    again = talk(Fault("gone", "", retry=True), second(6.5))
    assert listens(again) == []


def test_the_button_opens_it_and_is_heard_to_do_so(talk):
    deaf(talk)
    assert talk.ms(Button, 5000) == [Earcon("wake"), Listen(samples(5000))]
    assert not talk.conversation.closed
    assert talk.state is State.LISTENING
    talk.ms(Button, 6000)
    assert talk.state is State.ASLEEP, "as ever"


def test_the_wake_word_opens_it_in_one_breath(talk):
    deaf(talk)
    talk.ms(VoiceStart, 4700, samples(4600))
    assert talk.ms(Wake, 5000, "hey_jarvis", 0.9) == [Earcon("wake")]
    (listen,) = listens(talk.ms(Voice, 5400, samples(4600), 700))
    assert samples(4000) < listen.at <= samples(4600)
    assert not talk.conversation.closed


def test_the_wake_word_interrupts_and_opens(talk):
    awake(talk)
    talk.ms(Helpless, 1500, on=True)
    speaking(talk)
    assert talk.ms(Wake, 3500, "hey_jarvis", 0.9) == [Cut()]
    cut = talk.ms(PlayoutCut, 3540, (Heard("i1", 500, whole=False),))
    assert len(listens(cut)) == 1
    assert not talk.conversation.closed


def test_half_a_turn_that_a_reply_talked_over_is_forgotten(talk):
    awake(talk)
    talk.ms(VoiceStart, 2800, samples(2700))
    talk(SpeechStarted(), second(2.9))
    speaking(talk)
    talk.ms(VoiceEnd, 3300, samples(2700), samples(3060), 300)
    talk.ms(Helpless, 3400, on=True)
    talk(ReplyEnded("r1", "completed"), second(3.5))
    assert Discard() in talk.ms(PlayoutDone, 4000, WHOLE)
    assert talk.conversation.closed


def test_a_reply_that_was_lowered_when_it_was_found_out_comes_back(talk):
    awake(talk)
    speaking(talk)
    talk.ms(VoiceStart, 3500, samples(3400))
    assert talk.state is State.OVERLAP
    assert talk.ms(Helpless, 3600, on=True) == [Restore()]
    assert talk.state is State.SPEAKING
    assert talk.ms(VoiceEnd, 4000, samples(3400), samples(3760), 300) == []


def test_an_engine_that_listens_while_it_speaks_hears_no_more(talk):
    talk = streaming()
    speaking(talk)
    assert talk.ms(Helpless, 3500, on=True) == [Hold()]


def test_two_answers_to_itself_are_enough():
    talk = Talk(cut_ms=300)
    awake(talk)
    for number in range(1, 4):
        at = 4000 * number
        speaking(talk, at, f"i{number}", f"r{number}")
        if talk.conversation.by_hand:
            break
        talk.ms(VoiceStart, at + 500, samples(at + 400))
        assert Cut() in talk.ms(Voice, at + 800, samples(at + 400), 320)
        talk.ms(PlayoutCut, at + 840, (Heard(f"i{number}", 800, whole=False),))
        talk.ms(VoiceEnd, at + 1200, samples(at + 400), samples(at + 900), 400)
        talk(Words("user", "two three four", final=True), samples(at + 1500))
    assert number == 3
    assert talk.wrote(entries.HearsItself) == [entries.HearsItself(samples(9500), ANSWERS)]
    assert talk.ms(PlayoutStarted, 12_000, "i3") == []


@pytest.mark.parametrize("decides", ["engine", "device"])
def test_it_counts_whoever_decided_to_interrupt(decides):
    talk = Talk(barge_in=decides, cut_ms=300)
    awake(talk)
    speaking(talk)
    if decides == "engine":
        assert Cut() in talk(SpeechStarted(), second(3.5))
    talk(Words("user", "two three four", final=True), second(3.9))
    talk(Words("user", "two three four", final=True), second(4))
    assert talk.conversation.by_hand
