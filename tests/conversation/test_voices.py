"""What the user says, to the engine and over its replies, as it is lived through."""

import pytest
from support.talk import Talk, awake, second, speaking, streaming

from device.conversation import entries
from device.conversation.actions import (
    Cut,
    Discard,
    Duck,
    Earcon,
    Hold,
    Interrupt,
    Listen,
    Lower,
    OpenSession,
    Recognise,
    Restore,
)
from device.conversation.engine import (
    Audio,
    AudioDone,
    Capabilities,
    Fault,
    Opened,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
)
from device.conversation.events import (
    Button,
    Heard,
    Mute,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Tick,
    ToolDone,
    Understood,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.states import State
from device.conversation.user_turn import ONSET_PREROLL
from device.sample_clock import samples


def test_wake_opens_a_session_and_listens_from_before_the_end_of_the_wake_word(talk):
    assert talk.ms(Wake, 1000, "hey_jarvis", 0.9) == [Earcon("wake"), OpenSession((), 0)]
    assert talk.state is State.CONNECTING
    talk.ms(VoiceStart, 1010, samples(400))
    # In one breath: the voice goes on, so all of it is sent, although the session is not open yet.
    assert talk.ms(Voice, 1200, samples(400), 800) == []
    assert talk.ms(Voice, 1400, samples(400), 1000) == [Listen(samples(400) - ONSET_PREROLL)]
    assert talk.ms(Voice, 1500, samples(400), 1100) == []
    talk(Opened(24000), second(3))
    assert talk.state is State.LISTENING


def test_a_pause_after_the_wake_word_keeps_it_from_the_engine(talk):
    assert awake(talk) == [Listen(samples(1060))]


def test_without_a_voice_detected_the_question_still_leaves(talk):
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    assert talk.ms(Tick, 1500) == [Listen(0)]


def test_a_short_voice_over_a_reply_ducks_and_restores(talk):
    awake(talk)
    speaking(talk)
    assert talk.ms(VoiceStart, 3500, samples(3400)) == [Duck()]
    assert talk.state is State.OVERLAP
    assert talk.ms(Voice, 3700, samples(3400), 300) == []
    assert talk.ms(VoiceEnd, 3950, samples(3400), samples(3710), 310) == [Restore()]
    assert talk.state is State.SPEAKING
    assert len(talk.wrote(entries.Restore)) == 1


def overlapped():
    """Somebody begins to speak over a reply at 3.4 s, having been as loud as -20 dBFS before."""
    talk = Talk(recogniser=True)
    awake(talk)
    speaking(talk)
    assert talk.ms(VoiceStart, 3440, samples(3400)) == [Duck()]
    return talk


def goes_on(talk, to_ms, *, silent_ms=0, peak_db=-20.0, since_ms=3440):
    """The voice goes on until `to_ms`, silent at last; return what is done meanwhile."""
    done = []
    for at in range(since_ms, to_ms + 1, 32):
        silence = max(0, at - (to_ms - silent_ms))
        done += talk.ms(Voice, at, samples(3400), min(at, to_ms - silent_ms) - 3400, silence, peak_db)
    return done


def understood(talk, at, kind, upto=None):
    return talk.ms(Understood, at, samples(3400), samples(at if upto is None else upto), kind)


@pytest.mark.parametrize("kind", ["stop", "speech"])
def test_words_that_interrupt_cut_at_once(kind):
    talk = overlapped()
    (asked,) = goes_on(talk, 3920)
    assert isinstance(asked, Recognise)
    assert asked.onset == samples(3400)
    assert not asked.ended
    assert understood(talk, 3950, kind, upto=3920) == [Cut()]
    assert talk.wrote(entries.Cut)[0].why == kind


@pytest.mark.parametrize("kind", ["backchannel", "nothing"])
def test_a_backchannel_or_a_noise_brings_the_reply_back_when_it_ends(kind):
    talk = overlapped()
    goes_on(talk, 3720)
    assert understood(talk, 3750, kind, upto=3720) == []
    # It has said a little more since: only the whole of it can be judged.
    (asked,) = goes_on(talk, 3880, silent_ms=96, since_ms=3752)
    assert asked == Recognise(samples(3400), samples(3848), ended=True)
    assert understood(talk, 3900, kind, upto=3848) == []
    assert goes_on(talk, 3920, silent_ms=136, since_ms=3912) == [Restore()]
    assert talk.state is State.SPEAKING
    assert talk.ms(VoiceEnd, 4080, samples(3400), samples(3784), 384) == []


def test_near_end_activity_lowers_the_reply_at_once():
    talk = Talk()
    awake(talk)
    speaking(talk)
    assert talk.ms(NearEnd, 3400) == [Lower()]
    assert talk.state is State.OVERLAP
    assert talk.ms(Tick, 3450) == []
    assert talk.ms(VoiceStart, 3480, samples(3400)) == [Duck()]
    assert [e.at for e in talk.wrote(entries.Duck)] == [samples(3400)]


def test_near_end_activity_that_is_no_voice_restores_the_reply():
    talk = Talk()
    awake(talk)
    assert talk.ms(NearEnd, 2000) == []
    speaking(talk)
    talk.ms(NearEnd, 3400)
    assert talk.ms(Tick, 3750) == [Restore()]
    assert talk.state is State.SPEAKING


def test_only_one_look_at_a_time():
    talk = overlapped()
    assert len(goes_on(talk, 4000)) == 1


def test_a_recogniser_that_does_not_answer_leaves_it_to_the_length():
    talk = overlapped()
    goes_on(talk, 3750)
    (asked,) = talk.ms(VoiceEnd, 4000, samples(3400), samples(3750), 350)
    assert isinstance(asked, Recognise)
    assert talk.ms(Tick, 4050) == []
    assert talk.ms(Tick, 4100) == [Restore()]


def test_what_goes_on_after_a_pause_is_weighed_as_a_whole():
    talk = overlapped()
    goes_on(talk, 3720)
    understood(talk, 3750, "backchannel", upto=3720)
    goes_on(talk, 4000, silent_ms=200, since_ms=3752)
    assert understood(talk, 4010, "backchannel") == [Restore()]
    assert talk.ms(Voice, 4040, samples(3400), 430, 0, -20.0)[0] == Duck()
    assert understood(talk, 4100, "speech") == [Cut()]
    assert talk(PlayoutCut(samples(4140), (Heard("i1", 500, whole=False),)))[1] == Listen(samples(3400) - ONSET_PREROLL)


def test_a_voice_from_far_away_is_not_meant():
    talk = overlapped()
    assert Cut() not in goes_on(talk, 3600, peak_db=-34.0)
    assert Restore() in goes_on(talk, 3800, peak_db=-34.0, since_ms=3632)
    assert goes_on(talk, 6000, peak_db=-34.0, since_ms=3832) == []
    talk.ms(VoiceEnd, 6300, samples(3400), samples(6000), 2500, -34.0)
    # The next one of its like does not even lower the reply; one that is as near as the user does.
    assert talk.ms(VoiceStart, 6600, samples(6560)) == []
    assert talk.ms(Voice, 6640, samples(6560), 64, 0, -34.0) == []
    assert talk.ms(Voice, 6672, samples(6560), 96, 0, -22.0) == [Duck()]


def test_a_soft_beginning_is_not_far_away():
    talk = overlapped()
    goes_on(talk, 3500, peak_db=-40.0)
    goes_on(talk, 3720, peak_db=-22.0, since_ms=3532)
    assert understood(talk, 3750, "stop", upto=3720) == [Cut()]


def test_where_the_engine_decides_it_hears_everything_and_cuts():
    talk = Talk(barge_in="engine")
    awake(talk)
    assert Hold() not in speaking(talk)
    assert talk.ms(VoiceStart, 3500, samples(3400)) == []
    assert talk.ms(Voice, 4500, samples(3400), 1000) == []
    assert talk(SpeechStarted(), samples(4600)) == [Cut()]
    heard = Heard("i1", 1500, whole=False)
    assert talk(PlayoutCut(samples(4640), (heard,))) == [Interrupt((heard,)), Listen(samples(4600))]
    assert talk.state is State.LISTENING


def test_an_engine_that_listens_while_it_talks_is_never_held():
    talk = Talk()
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    talk(Opened(24000, Capabilities(family="stream")), samples(1100))
    talk.ms(VoiceStart, 1150, samples(400))
    talk.ms(VoiceEnd, 1300, samples(400), samples(1060), 660)
    assert Hold() not in speaking(talk)
    assert talk.ms(VoiceStart, 3500, samples(3400)) == [Duck()]
    assert talk.ms(Voice, 3900, samples(3400), 450) == [Cut()]
    # Its reply cannot be cancelled: what still comes of it is not played.
    talk(PlayoutCut(samples(3950), (Heard("i1", 900, whole=False),)))
    assert talk(Audio("r1", "i1", b"ab"), samples(4000)) == []


def test_with_interruptions_off_even_a_stream_engine_does_not_hear_them():
    talk = streaming(barge_in="off")
    assert Hold() in speaking(talk)
    assert talk.ms(VoiceStart, 3500, samples(3400)) == []


def test_a_long_voice_over_a_reply_cuts_it_and_tells_what_was_heard(talk):
    awake(talk)
    speaking(talk)
    talk.ms(VoiceStart, 3500, samples(3400))
    assert talk.ms(Voice, 3810, samples(3400), 410) == [Cut()]
    assert talk.ms(Voice, 3840, samples(3400), 440) == []
    heard = Heard("i1", 500, whole=False)
    assert talk(PlayoutCut(samples(3850), (heard,))) == [
        Interrupt((heard,)),
        Listen(samples(3400) - ONSET_PREROLL),
    ]
    assert talk.state is State.LISTENING
    assert talk.wrote(entries.Truncate) == [entries.Truncate(samples(3850), "i1", 500, whole=False)]
    # What still comes of that reply is not played.
    assert talk(Audio("r1", "i1", b"ab"), samples(3900)) == []
    assert talk(ReplyEnded("r1", "cancelled"), samples(3950)) == []
    assert talk.state is State.LISTENING


def test_a_user_who_speaks_when_the_reply_starts_overlaps_at_once(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(Audio("r1", "i1", b"ab"), samples(2700))
    talk.ms(VoiceStart, 2750, samples(2690))
    assert talk.ms(PlayoutStarted, 2800, "i1") == [Hold(), Duck()]
    assert talk.state is State.OVERLAP


def test_a_voice_at_the_end_of_a_reply_is_sent_from_its_onset(talk):
    awake(talk)
    speaking(talk)
    talk(AudioDone("r1", "i1"), samples(3400))
    talk(ReplyEnded("r1", "completed"), samples(3400))
    talk.ms(VoiceStart, 3900, samples(3820))
    actions = talk(PlayoutDone(samples(4000), Heard("i1", 1000, whole=True)))
    assert actions == [Restore(), Listen(samples(3820) - ONSET_PREROLL)]
    assert talk.state is State.LISTENING


@pytest.mark.parametrize("event", [Wake(samples(3500), "hey_jarvis", 0.9), Button(samples(3500))])
def test_wake_word_and_button_interrupt_even_with_barge_in_off(event):
    talk = Talk(barge_in="off")
    awake(talk)
    speaking(talk)
    assert talk.ms(VoiceStart, 3400, samples(3300)) == []
    assert talk.ms(Voice, 3480, samples(3300), 900) == []
    assert talk(event) == [Cut(quick=isinstance(event, Button))]


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (ToolDone(samples(3150), "c1", "{}", sleep=True, reply=False), None, State.ASLEEP),
        (Fault("quota", "Pay.", retry=False), None, State.FAULT),
        (None, Mute(samples(3450), on=True), State.MUTED),
    ],
)
def test_however_a_conversation_ends_the_next_reply_is_not_low(talk, before, after, state):
    awake(talk)
    speaking(talk)
    talk(ToolCall("r1", "c1", "x", "{}"), samples(3100))
    talk(ToolDone(samples(3120), "c2", "{}"))
    if before:
        talk(before, samples(3150))
    talk(ReplyEnded("r1", "completed"), samples(3200))
    assert Duck() in talk.ms(VoiceStart, 3400, samples(3300))
    actions = talk(after or PlayoutDone(samples(3500), Heard("i1", 500, whole=True)))
    assert talk.state is state
    assert Restore() in actions


def test_the_beginning_of_a_turn_that_was_no_interruption_is_forgotten(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(Audio("r1", "i1", b"ab"), samples(2700))
    talk.ms(VoiceStart, 2750, samples(2690))
    talk(SpeechStarted(), samples(2780))
    talk.ms(PlayoutStarted, 2800, "i1")
    talk(VoiceEnd(samples(3200), samples(2690), samples(2950), 260))
    talk(ReplyEnded("r1", "completed"), samples(3300))
    discard, listen = talk(PlayoutDone(samples(4000), Heard("i1", 1200, whole=True)))
    assert discard == Discard()
    assert listen.at > samples(2950)


@pytest.mark.parametrize(("pause_ms", "start"), [(400, 3500), (700, 4600)])
def test_a_word_before_a_comma_belongs_to_the_interruption(talk, pause_ms, start):
    awake(talk)
    speaking(talk)
    talk.ms(VoiceStart, 3600, samples(3500))
    assert talk(VoiceEnd(samples(4140), samples(3500), samples(3900), 350)) == [Restore()]
    onset = 3900 + pause_ms
    talk.ms(VoiceStart, onset + 100, samples(onset))
    assert Cut() in talk.ms(Voice, onset + 410, samples(onset), 400)
    listen = [a for a in talk(PlayoutCut(samples(5100), (Heard("i1", 900, whole=False),))) if isinstance(a, Listen)]
    assert listen == [Listen(samples(start) - ONSET_PREROLL)]
