"""What happens on the device, as it is lived through: the wake word, the button, the loudspeaker, the card, timers."""

import pytest
from support.talk import awake, second, speaking

from device.conversation import entries
from device.conversation.actions import (
    Again,
    CloseSession,
    Cut,
    Earcon,
    Finish,
    Hold,
    Interrupt,
    Listen,
    OpenSession,
    Play,
    Ring,
)
from device.conversation.engine import (
    Audio,
    AudioDone,
    Fault,
    ReplyEnded,
    ReplyStarted,
    Said,
    SpeechStopped,
    Usage,
    Words,
)
from device.conversation.events import (
    Button,
    CardBack,
    CardLost,
    Elsewhere,
    Heard,
    Mute,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    PlayoutStarved,
    Repeat,
    StopHeard,
    Tick,
    TimerRang,
    Voice,
    VoiceStart,
    Wake,
)
from device.conversation.states import State
from device.conversation.timeouts import UNANSWERED_LIMIT
from device.conversation.user_turn import ONSET_PREROLL, UNNOTICED
from device.sample_clock import samples


def test_a_reply_is_played_and_the_microphone_is_held_meanwhile(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    assert talk.state is State.THINKING
    talk(ReplyStarted("r1"), samples(2600))
    assert talk(Audio("r1", "i1", b"ab"), samples(2700)) == [Play("i1", b"ab")]
    assert talk(AudioDone("r1", "i1"), samples(2750)) == [Finish("i1")]
    assert talk.ms(PlayoutStarted, 2800, "i1") == [Hold()]
    assert talk.state is State.SPEAKING
    assert talk(ReplyEnded("r1", "completed"), samples(2900)) == []
    assert talk(PlayoutDone(samples(4000), Heard("i1", 1200, whole=True))) == [Listen(samples(4000) - UNNOTICED)]
    assert talk.state is State.LISTENING


def test_who_begins_to_speak_while_the_last_of_a_reply_is_on_its_way_to_the_loudspeaker_is_heard_from_there_on(talk):
    awake(talk)
    speaking(talk)
    talk(ReplyEnded("r1", "completed"), samples(3500))
    done = PlayoutDone(samples(4000), Heard("i1", 1000, whole=True))
    assert talk(done, samples(3800)) == [Listen(samples(3800) - UNNOTICED)]


def test_the_history_holds_what_was_heard_to_the_nearest_word(talk):
    awake(talk)
    talk(Words("user", " Tell me more. ", final=True), samples(2400))
    speaking(talk, ms=1000)
    talk.ms(VoiceStart, 3500, samples(3400))
    talk.ms(Voice, 3810, samples(3400), 410)
    talk(PlayoutCut(samples(3850), (Heard("i1", 500, whole=False),)))
    (heard,) = talk.wrote(entries.Heard)
    assert heard == entries.Heard(samples(3850), "i1", 500, whole=False, text="one two", unheard="three four")
    assert talk(Fault("closed", "gone", retry=True), second(4))[-1] == OpenSession(
        (Said("user", "Tell me more."), Said("assistant", "one two")), 0
    )


def test_what_was_heard_to_its_end_and_what_it_cost_are_recorded(talk):
    awake(talk)
    speaking(talk)
    usage = Usage(input_tokens=90, output_tokens=40)
    talk(AudioDone("r1", "i1"), second(3))
    talk(ReplyEnded("r1", "completed", usage), second(3))
    talk(PlayoutDone(second(4), Heard("i1", 1000, whole=True)))
    (heard,) = talk.wrote(entries.Heard)
    assert (heard.whole, heard.text, heard.unheard) == (True, "one two three four", "")
    (end,) = talk.wrote(entries.ReplyEnd)
    assert (end.input_tokens, end.output_tokens) == (90, 40)
    assert "seconds" not in end.line()


def test_silence_ends_the_conversation(talk):
    awake(talk)
    assert talk.ms(Tick, 9200) == []
    assert talk.ms(Tick, 9400) == [Hold(), CloseSession(), Earcon("sleep")]
    assert talk.state is State.ASLEEP


def test_who_began_to_speak_just_before_it_fell_asleep_is_heard_from_the_first_word_and_the_conversation_goes_on(talk):
    awake(talk)
    talk(Words("user", "And Berlin?", final=True), samples(2400))
    assert Earcon("sleep") in talk.ms(Tick, 12_000)
    actions = talk.ms(VoiceStart, 12_090, samples(11_980))
    assert OpenSession((Said("user", "And Berlin?"),), 0) in actions
    assert actions[-1] == Listen(samples(11_980) - ONSET_PREROLL)
    assert talk.state is State.CONNECTING


@pytest.mark.parametrize("end", [Button(second(12)), Tick(second(12)), Mute(second(12), on=True)])
def test_who_begins_to_speak_once_it_is_asleep_or_after_the_user_ended_it_is_not_heard(talk, end):
    awake(talk)
    talk(end)
    onset = second(12) + 1 if isinstance(end, Tick) else second(12) - 320
    assert not any(isinstance(action, (OpenSession, Listen)) for action in talk(VoiceStart(second(12.1), onset)))


def test_a_voice_that_began_before_it_fell_asleep_does_not_wake_a_device_that_was_used_since(talk):
    awake(talk)
    talk.ms(Tick, 12_000)
    talk.ms(Button, 12_050)
    talk.ms(Button, 12_060)
    assert talk.state is State.ASLEEP
    assert not any(isinstance(action, OpenSession) for action in talk.ms(VoiceStart, 12_090, samples(11_980)))


def test_a_television_does_not_keep_the_session_open(talk):
    awake(talk)
    talk.ms(VoiceStart, 2000, samples(1900))
    assert talk(Tick(second(1) + UNANSWERED_LIMIT - 1)) == []
    assert Earcon("sleep") in talk(Tick(second(1) + UNANSWERED_LIMIT))


def test_a_timer_rings_also_asleep_until_stop_is_heard(talk):
    assert talk.ms(TimerRang, 5000, "tea") == [Ring(on=True)]
    assert talk.ms(TimerRang, 5100, "eggs") == []
    assert talk.ms(StopHeard, 6000) == [Ring(on=False)]
    assert talk.ms(StopHeard, 6100) == []
    assert talk.state is State.ASLEEP


@pytest.mark.parametrize("event", [Button(second(6)), Wake(second(6), "hey_jarvis", 0.9), Tick(second(65))])
def test_other_ends_of_ringing(talk, event):
    talk.ms(TimerRang, 5000, "tea")
    assert Ring(on=False) in talk(event)


def test_mute_closes_the_session_and_lasts_until_it_is_undone(talk):
    awake(talk)
    assert talk.ms(Mute, 2000, on=True) == [Hold(), CloseSession()]
    assert talk.ms(Wake, 3000, "hey_jarvis", 0.9) == []
    assert talk.state is State.MUTED
    talk.ms(Mute, 4000, on=False)
    assert talk.state is State.ASLEEP


def test_a_press_does_not_end_mute(talk):
    talk.ms(Mute, 1000, on=True)
    assert talk.ms(Button, 2000) == []
    assert talk.state is State.MUTED


def test_a_reply_that_is_repeated_can_be_interrupted_and_the_engine_hears_nothing_of_it(talk):
    awake(talk)
    speaking(talk)
    talk(ReplyEnded("r1", "completed"), samples(3500))
    talk(PlayoutDone(second(4), Heard("i1", 1000, whole=True)))
    assert talk.ms(Repeat, 5000) == [Again("repeat-1")]
    assert talk.ms(PlayoutStarted, 5050, "repeat-1") == [Hold()]
    assert talk.state is State.SPEAKING
    assert talk.ms(Button, 5500) == [Cut(quick=True)]
    cut = talk(PlayoutCut(samples(5530), (Heard("repeat-1", 480, whole=False),)))
    assert cut == [Interrupt(()), Listen(samples(5500))]
    assert [e.item for e in talk.wrote(entries.ReplyFirstAudio)] == ["i1"]
    assert talk.wrote(entries.Truncate) == []


def test_a_double_press_over_a_reply_ends_it_and_begins_it_again(talk):
    awake(talk)
    speaking(talk)
    assert talk.ms(Button, 3500) == [Cut(quick=True)]
    assert talk.ms(Repeat, 3520) == [Again("repeat-1")], "before the reply is silent"
    cut = talk(PlayoutCut(samples(3530), (Heard("i1", 500, whole=False),)))
    assert cut == [Interrupt((Heard("i1", 500, whole=False),)), Listen(samples(3500))]
    talk.ms(PlayoutStarted, 3540, "repeat-1")
    assert talk.state is State.SPEAKING
    talk(PlayoutDone(second(5), Heard("repeat-1", 1000, whole=True)))
    assert talk.state is State.LISTENING


@pytest.mark.parametrize("muted", [False, True])
def test_without_a_conversation_a_reply_is_repeated_by_itself(talk, muted):
    talk.ms(Mute, 500, on=muted)
    state = talk.state
    assert talk.ms(Repeat, 1000) == [Again("repeat-1")]
    assert talk.ms(PlayoutStarted, 1050, "repeat-1") == []
    assert talk.state is state
    assert talk.ms(Button, 1500) == [Cut(quick=True)], "the press ends it, and does nothing else"
    talk.ms(Repeat, 3000)
    talk(PlayoutDone(samples(3900), Heard("repeat-2", 900, whole=True)))
    assert talk.ms(Button, 4000)[:1] == ([] if muted else [Earcon("wake")])


def test_the_wake_word_ends_what_is_repeated(talk):
    talk.ms(Repeat, 1000)
    assert talk.ms(Wake, 1500, "hey_jarvis", 0.9) == [Cut(quick=True), Earcon("wake"), OpenSession((), 0)]


def test_a_card_that_vanishes_in_mid_reply_cuts_it_and_is_told_of_once_it_is_back(talk):
    awake(talk)
    speaking(talk)
    assert talk.ms(CardLost, 3500) == [Cut()]
    assert talk.ms(CardBack, 4500) == [Earcon("error")]


def test_after_a_reply_of_minutes_there_is_time_to_answer(talk):
    awake(talk)
    speaking(talk)
    talk(ReplyEnded("r1", "completed"), second(4))
    talk(PlayoutDone(second(180), Heard("i1", 177_000, whole=True)))
    talk(Tick(second(181)))
    assert talk.state is State.LISTENING


@pytest.mark.parametrize("event", [Button, lambda at: Mute(at, on=True)])
def test_a_reply_that_has_just_come_is_not_played_after_the_conversation_was_ended(talk, event):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(Audio("r1", "i1", b"ab"), samples(2700))
    assert talk(event(samples(2710)))[:3] == [Hold(), CloseSession(), Cut()]


def test_a_reply_that_comes_while_the_old_one_fades_is_played(talk):
    awake(talk)
    speaking(talk)
    assert talk.ms(Wake, 3500, "hey_jarvis", 0.9) == [Cut()]
    talk(ReplyStarted("r2"), samples(3510))
    assert talk(Audio("r2", "i2", b"ab"), samples(3515)) == [Play("i2", b"ab")]
    talk(PlayoutCut(samples(3530), (Heard("i1", 530, whole=False),)))
    assert talk(AudioDone("r2", "i2"), samples(3540)) == [Finish("i2")]
    assert talk.ms(PlayoutStarted, 3600, "i2") == [Hold()]


@pytest.mark.parametrize("interrupted", [True, False])
def test_a_long_story_is_no_television(talk, interrupted):
    awake(talk)
    speaking(talk)
    end = samples(3000) + UNANSWERED_LIMIT + second(5)
    if interrupted:
        talk(VoiceStart(end, end - samples(100)))
        talk(Voice(end + samples(400), end - samples(100), 450))
        talk(PlayoutCut(end + samples(450), (Heard("i1", 95_000, whole=False),)))
    else:
        talk(ReplyEnded("r1", "completed"), end - second(1))
        talk(PlayoutDone(end, Heard("i1", 95_000, whole=True)))
    talk(Tick(end + samples(500)))
    assert talk.state is State.LISTENING


def test_a_reply_that_begins_while_the_card_is_gone_is_not_heard(talk):
    awake(talk)
    talk(CardLost(samples(2000)))
    assert Cut() in speaking(talk)
    assert talk.state is State.SPEAKING
    talk(PlayoutCut(samples(3050), (Heard("i1", 20, whole=False),)))
    assert talk.state is State.LISTENING


def test_items_of_one_reply_are_played_one_after_another(talk):
    awake(talk)
    speaking(talk)
    talk(Audio("r1", "i2", b"ab"), samples(3500))
    talk(PlayoutDone(samples(4000), Heard("i1", 1000, whole=True)))
    assert talk.ms(PlayoutStarted, 4000, "i2") == []
    assert talk.state is State.SPEAKING
    assert [e.item for e in talk.wrote(entries.ReplyFirstAudio)] == ["i1", "i2"]


def test_an_item_that_ran_dry_is_written_down_and_waited_for_only_so_long(talk):
    awake(talk)
    speaking(talk)
    assert talk.ms(PlayoutStarved, 4000, "i1") == []
    assert talk.wrote(entries.Starved) == [entries.Starved(samples(4000), "i1")]
    assert talk.ms(Tick, 7900) == []
    assert OpenSession in [type(action) for action in talk.ms(Tick, 8000)]


def test_whether_anything_is_being_replied_or_repeated_or_the_card_is_gone_can_be_asked(talk):
    conversation = talk.conversation
    assert [conversation.replying, conversation.repeating, conversation.card_gone] == [False] * 3
    talk.ms(Repeat, 500)
    assert conversation.repeating
    awake(talk)
    assert not conversation.repeating, "the wake word ended it"
    speaking(talk)
    assert conversation.replying
    talk.ms(CardLost, 3500)
    assert conversation.card_gone
    talk.ms(CardBack, 3600)
    assert not conversation.card_gone


# Another one in earshot


def test_a_conversation_that_another_device_answers_ends_without_a_sound(talk):
    awake(talk)
    speaking(talk)
    actions = talk.ms(Elsewhere, 5000)
    assert CloseSession() in actions
    assert Cut() in actions
    assert not any(isinstance(action, Earcon) for action in actions)
    assert talk.state is State.ASLEEP
    assert talk.wrote(entries.Sleep)[-1].why == "another one that answers"


@pytest.mark.parametrize("muted", [False, True])
def test_where_there_is_no_conversation_nothing_comes_of_it(talk, muted):
    if muted:
        talk.ms(Mute, 500, on=True)
    before = talk.state
    assert talk.ms(Elsewhere, 1000) == []
    assert talk.state is before
