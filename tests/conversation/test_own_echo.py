"""What the engine hears while the device may hear itself, as it is lived through."""

import pytest
from support.talk import Talk, awake, second, speaking, streaming

from device.conversation.actions import Commit, Cut, Duck, Hold, Listen, Mask, Say, Unmask
from device.conversation.engine import Audio, Fault, ReplyEnded, ReplyStarted, ToolCall, Words
from device.conversation.events import (
    Button,
    Echo,
    Heard,
    Missed,
    Mute,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Tick,
    TimerRang,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.overlap import NEAR_MS
from device.conversation.states import State
from device.conversation.user_turn import ONSET_PREROLL, UNNOTICED
from device.sample_clock import samples

WHOLE = Heard("i1", 1000, whole=True)


def microphone(actions):
    """Return those of the actions that are about what the engine is sent."""
    return [action for action in actions if isinstance(action, (Listen, Hold, Mask, Unmask))]


def echo(talk, at, kind="known"):
    return talk.ms(Echo, at, kind, samples(at - 10))


def quiet(talk, at):
    """The echo ended 150 ms before it is known that it has."""
    return talk.ms(Echo, at, "none", samples(at - 150))


def spoken(talk):
    """Have a reply played from 3 s to 4 s."""
    awake(talk)
    echo(talk, 3010)
    assert Hold() in speaking(talk)
    talk(ReplyEnded("r1", "completed"), second(3.5))


def test_after_a_reply_the_engine_hears_silence_until_the_loudspeaker_is_silent_at_the_microphone(talk):
    spoken(talk)
    opens = samples(4000) - UNNOTICED
    assert microphone(talk.ms(PlayoutDone, 4000, WHOLE)) == [Listen(opens), Mask(opens)]
    assert microphone(talk.ms(Tick, 4100)) == []
    assert quiet(talk, 4450) == [Unmask(samples(4300))]
    assert talk.state is State.LISTENING


def test_after_a_reply_that_ended_in_silence_the_engine_hears_the_room_at_once(talk):
    spoken(talk)
    assert quiet(talk, 3900) == []
    assert microphone(talk.ms(PlayoutDone, 4000, WHOLE)) == [Listen(samples(4000) - UNNOTICED)]


@pytest.mark.parametrize(("start", "sent"), [(None, samples(4100) - ONSET_PREROLL), (samples(4020), samples(4020))])
def test_who_speaks_while_the_reply_still_echoes_is_heard_from_the_first_word(talk, start, sent):
    spoken(talk)
    talk.ms(PlayoutDone, 4000, WHOLE)
    assert talk.ms(VoiceStart, 4200, samples(4100), start) == []
    assert talk.ms(Voice, 4232, samples(4100), 132, 0, -20.0, NEAR_MS - 10) == []
    assert talk.ms(Voice, 4264, samples(4100), 164, 0, -20.0, NEAR_MS) == [Unmask(sent)]
    assert talk.ms(Voice, 4300, samples(4100), 200) == []
    assert quiet(talk, 4450) == []
    assert talk.ms(VoiceEnd, 5000, samples(4100), samples(4760), 600) == []


def test_a_sound_that_is_hardly_louder_than_the_echo_is_not_sent(talk):
    spoken(talk)
    talk.ms(PlayoutDone, 4000, WHOLE)
    talk.ms(VoiceStart, 4200, samples(4100))
    assert talk.ms(Voice, 4260, samples(4100), 160, 0, -20.0, NEAR_MS - 10) == []
    assert talk.ms(VoiceEnd, 4500, samples(4100), samples(4260), 160, -20.0, NEAR_MS - 10) == []
    assert quiet(talk, 4700) == [Unmask(samples(4550))]


def test_a_short_word_in_the_echo_is_heard_and_what_follows_it_is_not(talk):
    spoken(talk)
    talk.ms(PlayoutDone, 4000, WHOLE)
    talk.ms(VoiceStart, 4200, samples(4100))
    talk.ms(Voice, 4260, samples(4100), 160, 0, -20.0, NEAR_MS)
    assert talk.ms(VoiceEnd, 4500, samples(4100), samples(4260), 160) == [Mask(samples(4500))]
    assert quiet(talk, 4700) == [Unmask(samples(4550))]


def test_a_voice_that_speaks_already_when_the_reply_ends_is_sent_from_its_first_word(talk):
    spoken(talk)
    talk.ms(VoiceStart, 3900, samples(3800), samples(3650))
    talk.ms(Voice, 3960, samples(3800), 160, 0, -20.0, NEAR_MS)
    assert microphone(talk.ms(PlayoutDone, 4000, WHOLE)) == [Listen(samples(3650))]


def test_between_two_pieces_of_a_reply_the_echo_of_the_first_is_not_sent(talk):
    awake(talk)
    echo(talk, 3010)
    speaking(talk)
    talk(ToolCall("r1", "c1", "get_time", "{}"), second(3.5))
    opens = samples(4000) - UNNOTICED
    assert microphone(talk.ms(PlayoutDone, 4000, WHOLE)) == [Listen(opens), Mask(opens)]
    assert talk.state is State.THINKING
    assert quiet(talk, 4450) == [Unmask(samples(4300))]
    talk(ReplyStarted("r2"), second(4.6))
    talk(Audio("r2", "i2", bytes(4800)), second(4.6))
    echo(talk, 4710)
    assert microphone(talk.ms(PlayoutStarted, 4700, "i2")) == [Hold()]


def test_who_interrupts_is_sent_from_the_first_word_and_the_echo_after_the_last_one_is_not():
    talk = Talk(cut_ms=300)
    awake(talk)
    echo(talk, 3010)
    speaking(talk)
    assert talk.ms(VoiceStart, 3600, samples(3500), samples(3400)) == [Duck()]
    assert Cut() in talk.ms(Voice, 3850, samples(3500), 320)
    assert talk.ms(VoiceEnd, 3900, samples(3500), samples(3660), 320) == []
    cut = talk.ms(PlayoutCut, 3920, (Heard("i1", 500, whole=False),))
    assert microphone(cut) == [Listen(samples(3400)), Mask(samples(3850))]
    assert quiet(talk, 4300) == [Unmask(samples(4150))]


def test_after_the_button_ends_a_reply_its_last_word_is_not_sent(talk):
    spoken(talk)
    assert talk.ms(Button, 3500) == [Cut(quick=True)]
    cut = talk.ms(PlayoutCut, 3540, (Heard("i1", 500, whole=False),))
    assert microphone(cut) == [Listen(samples(3500)), Mask(samples(3500))]
    assert quiet(talk, 3900) == [Unmask(samples(3750))]


def test_its_own_sounds_are_not_sent_but_what_is_said_meanwhile_is(talk):
    awake(talk)
    quiet(talk, 1500)
    talk.ms(TimerRang, 2000, "tea")
    assert echo(talk, 2010, "unknown") == [Mask(samples(2000))]
    assert talk.ms(VoiceStart, 2600, samples(2500), samples(2000)) == []
    assert talk.ms(Voice, 2632, samples(2500), 132, 0, -20.0, NEAR_MS) == [Unmask(samples(2000))]
    assert talk.ms(VoiceEnd, 3500, samples(2500), samples(3200), 600) == [Mask(samples(3500))]


def test_what_is_said_in_one_breath_with_the_wake_word_is_sent_through_the_sound_that_answers_it(talk):
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    talk.ms(VoiceStart, 1010, samples(400))
    assert echo(talk, 1020) == []
    assert talk.ms(Voice, 1400, samples(400), 1000) == [Listen(samples(400) - ONSET_PREROLL)]
    assert talk.ms(VoiceEnd, 1700, samples(400), samples(1460), 1000) == [Mask(samples(1700))]
    assert quiet(talk, 1800) == [Unmask(samples(1650))]


def test_the_button_wakes_while_a_sound_of_its_own_is_heard(talk):
    echo(talk, 500, "unknown")
    assert microphone(talk.ms(Button, 1000)) == [Listen(samples(1000)), Mask(samples(1000))]
    assert quiet(talk, 1600) == [Unmask(samples(1450))]


@pytest.mark.parametrize(("kind", "masked"), [("known", False), ("unknown", True)])
def test_an_engine_that_listens_while_it_speaks_is_spared_only_what_cannot_be_told_from_echo(kind, masked):
    talk = streaming()
    assert bool(microphone(echo(talk, 3010, kind))) is masked
    speaking(talk)
    if masked:
        assert talk.ms(Echo, 3300, "known", samples(3300)) == [Unmask(samples(3300))]
        assert talk.ms(Echo, 3400, "unknown", samples(3390)) == [Mask(samples(3390))]
        talk.ms(VoiceStart, 3700, samples(3600))
        assert talk.ms(Voice, 3732, samples(3600), 132, 0, -20.0, NEAR_MS)[0] == Unmask(samples(3300))


def test_another_session_hears_no_echo_either(talk):
    awake(talk)
    talk.ms(VoiceStart, 2000, samples(1900))
    talk.ms(VoiceEnd, 2500, samples(1900), samples(2260), 300)
    echo(talk, 2600)
    again = talk(Fault("gone", "", retry=True), second(3))
    assert Listen(samples(1060), again=True) in again
    assert microphone(again)[1:] == [], "what is masked already stays so"
    assert quiet(talk, 3400) == [Unmask(samples(3250))]


def test_it_is_known_in_the_next_conversation_how_the_echo_of_the_last_one_ended():
    talk = Talk(result_tool="f")
    awake(talk)
    echo(talk, 2000)
    talk.ms(Mute, 2100, on=True)
    quiet(talk, 2400)
    talk.ms(Mute, 2500, on=False)
    assert microphone(talk.ms(Button, 3000)) == [Listen(samples(3000))]


def test_the_end_of_an_echo_is_noticed_while_the_result_of_a_conversation_is_waited_for():
    talk = Talk(result_tool="f")
    spoken(talk)
    talk(Words("user", "hello", final=True), second(3.6))
    talk.ms(PlayoutDone, 4000, WHOLE)
    assert any(isinstance(action, Say) for action in talk.ms(Button, 4200))
    assert quiet(talk, 4450) == []
    talk(ReplyEnded("r9", "completed"), second(5))
    assert talk.state is State.ASLEEP
    assert microphone(talk.ms(Button, 6000)) == [Listen(samples(6000))]


def test_what_the_card_missed_is_no_silence_that_ends_a_turn_or_a_conversation():
    talk = Talk(commit_after_ms=500)
    awake(talk)
    talk.ms(VoiceStart, 2000, samples(1900))
    talk.ms(VoiceEnd, 2500, samples(1900), samples(2260), 300)
    talk.ms(Missed, 2700, samples(400))
    assert talk.ms(Tick, 3150) == []
    assert talk.ms(Tick, 3160) == [Commit(samples(3160))]
    talk = Talk()
    awake(talk)
    talk.ms(Missed, 5000, samples(400))
    talk.ms(Tick, 9650)
    assert talk.state is State.LISTENING
    talk.ms(Tick, 9700)
    assert talk.state is State.ASLEEP
