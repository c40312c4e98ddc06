"""The conversation as a pure machine: tables of what users live through, then properties over any order of events."""

from collections import Counter

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from device.conversation import entries
from device.conversation.actions import (
    Again,
    CloseSession,
    Commit,
    Cut,
    Discard,
    Duck,
    Earcon,
    Finish,
    Hold,
    Interrupt,
    Listen,
    Lower,
    OpenSession,
    Play,
    Recognise,
    Record,
    Restore,
    ReturnTool,
    Ring,
    RunTool,
    Say,
    Show,
)
from device.conversation.engine import (
    Audio,
    AudioDone,
    Capabilities,
    Fault,
    Opened,
    ReplyEnded,
    ReplyStarted,
    Said,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolCancelled,
    Usage,
    Words,
    Working,
)
from device.conversation.events import (
    Button,
    CardBack,
    CardLost,
    Heard,
    Mute,
    NearEnd,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Repeat,
    StopHeard,
    Submitted,
    Tick,
    TimerRang,
    ToolDone,
    Understood,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.failover import RETRY_MS
from device.conversation.machine import Conversation
from device.conversation.rules import Rules
from device.conversation.states import TRANSITIONS, State
from device.conversation.timeouts import THINKING_LIMIT, UNANSWERED_LIMIT
from device.conversation.user_turn import ONSET_PREROLL, UNNOTICED
from device.sample_clock import samples


class Talk:
    """A conversation whose actions are gathered, without the ledger's entries."""

    def __init__(self, **rules):
        self.conversation = Conversation(Rules(**rules))
        self.entries = []

    def __call__(self, event, now=None):
        at = getattr(event, "at", 0) if now is None else now
        actions = self.conversation.on(event, at)
        self.entries += [a.entry for a in actions if isinstance(a, Record)]
        return [a for a in actions if not isinstance(a, (Record, Show))]

    @property
    def state(self):
        return self.conversation.state

    def ms(self, event_type, at, *args, **kwargs):
        return self(event_type(samples(at), *args, **kwargs))

    def wrote(self, kind):
        return [entry for entry in self.entries if isinstance(entry, kind)]


def second(n):
    return samples(1000 * n)


@pytest.fixture
def talk():
    return Talk()


def awake(talk, at=1000):
    """Wake at `at` ms and pause after the wake word: listening from its end."""
    talk.ms(Wake, at, "hey_jarvis", 0.9)
    talk(VoiceStart(samples(at + 20), samples(at - 600)))
    talk(Opened(24000), samples(at + 100))
    return talk(VoiceEnd(samples(at + 300), samples(at - 600), samples(at + 60), 660, -20.0))


def speaking(talk, at=3000, item="i1", reply="r1", ms=1000):
    """Have the engine answer at `at` ms."""
    talk(SpeechStopped(), samples(at - 100))
    talk(ReplyStarted(reply), samples(at - 50))
    talk(Audio(reply, item, bytes(48 * ms)), samples(at - 20))
    talk(Words("assistant", "one two three four", final=True, item=item), samples(at - 10))
    return talk(PlayoutStarted(samples(at), item))


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
    (look,) = goes_on(talk, 3920)
    assert isinstance(look, Recognise)
    assert look.onset == samples(3400)
    assert not look.ended
    assert understood(talk, 3950, kind, upto=3920) == [Cut()]
    assert talk.wrote(entries.Cut)[0].why == kind


@pytest.mark.parametrize("kind", ["backchannel", "nothing"])
def test_a_backchannel_or_a_noise_brings_the_reply_back_when_it_ends(kind):
    talk = overlapped()
    goes_on(talk, 3720)
    assert understood(talk, 3750, kind, upto=3720) == []
    # It has said a little more since: only the whole of it can be judged.
    (look,) = goes_on(talk, 3880, silent_ms=96, since_ms=3752)
    assert look == Recognise(samples(3400), samples(3848), ended=True)
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
    (look,) = talk.ms(VoiceEnd, 4000, samples(3400), samples(3750), 350)
    assert isinstance(look, Recognise)
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


def streaming(**rules):
    """Wake with an engine that talks and listens at once."""
    talk = Talk(**rules)
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    talk(Opened(24000, Capabilities(family="stream")), samples(1100))
    talk.ms(VoiceStart, 1150, samples(400))
    talk.ms(VoiceEnd, 1300, samples(400), samples(1060), 660)
    return talk


def test_with_interruptions_off_even_a_stream_engine_does_not_hear_them():
    talk = streaming(barge_in="off")
    assert Hold() in speaking(talk)
    assert talk.ms(VoiceStart, 3500, samples(3400)) == []


def test_a_stream_engine_that_decides_falls_silent_by_itself():
    talk = streaming(barge_in="engine")
    speaking(talk)
    assert talk(SpeechStarted(), samples(3500)) == []
    assert talk.state is State.SPEAKING


def test_a_stream_engine_may_say_nothing():
    talk = streaming(follow_up_ms=8000)
    talk(SpeechStarted(), samples(2000))
    talk(SpeechStopped(), samples(3000))
    assert talk.state is State.LISTENING
    assert talk.ms(Tick, 11_000) == [Hold(), CloseSession(), Earcon("sleep")]
    assert not talk.wrote(entries.EngineError)


def test_nobody_falls_asleep_over_work_that_the_engine_does_beside_the_talk():
    talk = streaming(follow_up_ms=8000)
    talk(Working(on=True), samples(3000))
    assert talk.ms(Tick, 12_000) == []
    talk(Working(on=False), samples(20_000))
    assert talk.ms(Tick, 27_000) == []
    assert talk.ms(Tick, 28_100)[-1] == Earcon("sleep")


def test_to_cut_a_stream_engine_off_ends_none_of_its_tools():
    talk = streaming()
    speaking(talk)
    talk(ToolCall("call", "c1", "look_up", "{}"), samples(3200))
    talk.ms(VoiceStart, 3500, samples(3400))
    talk.ms(Voice, 3900, samples(3400), 450)
    talk(PlayoutCut(samples(3950), (Heard("i1", 900, whole=False),)))
    talk.ms(VoiceEnd, 4300, samples(3400), samples(4060), 660)
    assert talk(ToolDone(samples(5000), "c1", "{}")) == [ReturnTool("c1", "{}", reply=True)]


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


def test_silence_ends_the_conversation(talk):
    awake(talk)
    assert talk.ms(Tick, 9200) == []
    assert talk.ms(Tick, 9400) == [Hold(), CloseSession(), Earcon("sleep")]
    assert talk.state is State.ASLEEP


def test_a_television_does_not_keep_the_session_open(talk):
    awake(talk)
    talk.ms(VoiceStart, 2000, samples(1900))
    assert talk(Tick(second(1) + UNANSWERED_LIMIT - 1)) == []
    assert Earcon("sleep") in talk(Tick(second(1) + UNANSWERED_LIMIT))


def test_noise_that_the_engine_took_for_a_turn_is_forgotten(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(Words("user", "", final=True), samples(2600))
    assert talk.state is State.LISTENING


def test_an_engine_that_never_answers_is_an_error_and_listening_goes_on(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    assert talk(Tick(samples(2500) + THINKING_LIMIT)) == [Earcon("error")]
    assert talk.state is State.LISTENING


def test_parallel_tools_are_run_and_answered_before_listening(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    calls = [ToolCall("r1", c, "get_time", "{}") for c in ("c1", "c2")]
    assert [talk(call, samples(2700)) for call in calls] == [[RunTool(call)] for call in calls]
    talk(ReplyEnded("r1", "completed"), samples(2750))
    assert talk(ToolDone(samples(2800), "c2", "{}")) == [ReturnTool("c2", "{}", reply=True)]
    assert talk.state is State.THINKING
    assert talk(ToolDone(samples(2800), "c1", "{}")) == [ReturnTool("c1", "{}", reply=True)]
    assert talk(ToolDone(samples(2900), "c1", "{}")) == []
    # The answer is still to come: nobody is invited to speak before it.
    assert talk.state is State.THINKING
    talk(ReplyStarted("r2"), samples(3000))
    talk(ReplyEnded("r2", "completed"), samples(3100))
    assert talk.state is State.LISTENING


def test_the_sleep_tool_ends_the_conversation_after_the_goodbye(talk):
    awake(talk)
    speaking(talk)
    talk(ToolCall("r1", "c1", "sleep", "{}"), samples(3100))
    talk(ToolDone(samples(3150), "c1", "{}", sleep=True, reply=False))
    talk(ReplyEnded("r1", "completed"), samples(3200))
    assert talk.state is State.SPEAKING
    assert Earcon("sleep") in talk(PlayoutDone(samples(4000), Heard("i1", 1000, whole=True)))
    assert talk.state is State.ASLEEP


def test_a_lost_session_resumes_from_the_unanswered_words(talk):
    awake(talk)
    talk.ms(VoiceStart, 2100, samples(2000))
    # The first words after the wake word count as well: nothing was answered since.
    assert talk(Fault("closed", "gone", retry=True), samples(2500)) == [
        Listen(samples(1060), again=True),
        OpenSession((), RETRY_MS[1]),
    ]
    assert talk.state is State.CONNECTING


def test_back_off_grows_and_the_user_hears_of_the_failure_once(talk):
    awake(talk)
    pauses, earcons = [], Counter()
    for i in range(20):
        for action in talk(Fault("closed", "gone", retry=True), second(2 + i)):
            if isinstance(action, OpenSession):
                pauses.append(action.after_ms)
            if isinstance(action, Earcon):
                earcons[action.name] += 1
    assert pauses == list(RETRY_MS[1:])
    assert earcons == {"error": 1}
    assert talk.state is State.FAULT


def test_an_engine_that_says_nothing_is_not_waited_for_for_ever(talk):
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    for at in (11, 21.3, 32):
        assert talk.state is State.CONNECTING
        actions = talk(Fault("open_timeout", "silence", retry=True), second(at))
    assert actions == [Hold(), CloseSession(), Earcon("error")]
    assert talk.state is State.FAULT


def test_a_session_of_some_length_is_no_waiting(talk):
    awake(talk)
    speaking(talk, 28_000)
    talk(PlayoutDone(second(33), Heard("i1", 1000, whole=True)))
    assert OpenSession in [type(action) for action in talk(Fault("closed", "gone", retry=True), second(35))]


def test_a_fatal_fault_stops_at_once_and_the_wake_word_tries_again(talk):
    awake(talk)
    actions = talk(Fault("invalid_api_key", "Set OPENAI_API_KEY.", retry=False), samples(2500))
    assert actions == [Hold(), CloseSession(), Earcon("error")]
    assert talk.state is State.FAULT
    assert OpenSession((), 0) in talk.ms(Wake, 9000, "hey_jarvis", 0.9)


def test_a_session_that_dies_in_mid_reply_lets_what_came_be_heard(talk):
    awake(talk)
    speaking(talk)
    assert talk(Fault("closed", "gone", retry=True), samples(3300))[0] == Finish("i1")
    assert talk.state is State.SPEAKING
    talk(Opened(24000), samples(3500))
    assert talk.state is State.SPEAKING
    assert Earcon("error") in talk(PlayoutDone(samples(4000), Heard("i1", 1000, whole=True)))
    assert talk.state is State.LISTENING


@pytest.mark.parametrize("fixes", [True, False])
def test_a_broken_reply_and_a_lost_engine_are_told_of_once(talk, fixes):
    awake(talk)
    speaking(talk)
    actions = talk(Fault("closed", "gone", retry=True), samples(3300))
    actions += talk(PlayoutDone(samples(4000), Heard("i1", 1000, whole=True)))
    assert Earcon("error") not in actions
    actions = talk(Opened(24000) if fixes else Fault("quota", "Pay.", retry=False), samples(5000))
    assert actions.count(Earcon("error")) == 1
    assert talk.state is (State.LISTENING if fixes else State.FAULT)


def test_what_a_tool_has_settled_is_not_asked_again_in_a_new_session(talk):
    awake(talk)
    talk.ms(VoiceStart, 2100, samples(2000))
    talk(VoiceEnd(samples(2740), samples(2000), samples(2500), 500))
    talk(SpeechStopped(), samples(3000))
    talk(ReplyStarted("r1"), samples(3100))
    talk(ToolCall("r1", "c1", "set_volume", "{}"), samples(3100))
    talk(ReplyEnded("r1", "completed"), samples(3100))
    talk(ToolDone(samples(3200), "c1", "{}", reply=False))
    assert talk.state is State.LISTENING
    assert not [a for a in talk(Fault("closed", "gone", retry=True), samples(4000)) if isinstance(a, Listen)]


def test_an_engine_that_cancels_by_itself_cuts_the_playout(talk):
    awake(talk)
    speaking(talk)
    assert talk(ReplyEnded("r1", "cancelled"), samples(3300)) == [Finish("i1"), Cut()]


def test_the_device_can_end_turns_itself():
    talk = Talk(commit_after_ms=500)
    awake(talk)
    talk.ms(VoiceStart, 2100, samples(2000))
    talk(VoiceEnd(samples(2740), samples(2000), samples(2500), 500))
    assert talk.ms(Tick, 2950) == []
    assert talk.ms(Tick, 3000) == [Commit(samples(3000))]
    assert talk.state is State.THINKING


def test_the_device_ends_turns_for_an_engine_that_cannot():
    talk = Talk(silence_ms=600)
    awake(talk)
    talk(Opened(24000, Capabilities(server_vad=False)), samples(1900))
    talk.ms(VoiceStart, 2100, samples(2000))
    talk(VoiceEnd(samples(2740), samples(2000), samples(2500), 500))
    assert talk.ms(Tick, 3090) == []
    assert talk.ms(Tick, 3100) == [Commit(samples(3100))]


def test_a_pause_in_a_sentence_is_no_end_of_turn():
    talk = Talk(commit_after_ms=500)
    awake(talk)
    talk.ms(VoiceStart, 2100, samples(2000))
    talk(VoiceEnd(samples(2740), samples(2000), samples(2500), 500))
    talk.ms(VoiceStart, 2900, samples(2850))
    assert talk.ms(Tick, 3100) == []


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


def test_a_server_that_dies_at_each_reply_is_not_asked_for_ever(talk):
    awake(talk)
    opened = 0
    for n in range(30):
        actions = talk(Fault("too_big", "A frame was too long.", retry=True), second(3 + n))
        opened += sum(isinstance(a, OpenSession) for a in actions)
        talk(Opened(24000), second(3 + n) + 10)
        talk(ReplyStarted(f"r{n}"), second(3 + n) + 20)
    assert opened < len(RETRY_MS)
    assert talk.state is State.FAULT


def test_sleep_beside_another_tool_waits_for_its_answer(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    for call in ("timer", "sleep"):
        talk(ToolCall("r1", call, call, "{}"), samples(2700))
    talk(ReplyEnded("r1", "completed"), samples(2750))
    talk(ToolDone(samples(2800), "timer", "{}"))
    talk(ToolDone(samples(2800), "sleep", "{}", sleep=True, reply=False))
    assert talk.state is State.THINKING
    talk(ReplyStarted("r2"), samples(2900))
    talk(ReplyEnded("r2", "completed"), samples(3000))
    assert talk.state is State.ASLEEP


def test_a_goodbye_that_is_interrupted_is_forgotten(talk):
    awake(talk)
    speaking(talk)
    talk(ToolCall("r1", "c1", "sleep", "{}"), samples(3100))
    talk(ToolDone(samples(3150), "c1", "{}", sleep=True, reply=False))
    talk.ms(VoiceStart, 3500, samples(3400))
    talk.ms(Voice, 3810, samples(3400), 410)
    talk(PlayoutCut(samples(3850), (Heard("i1", 500, whole=False),)))
    talk(SpeechStopped(), samples(5000))
    speaking(talk, at=5200, item="i2", reply="r2")
    talk(ReplyEnded("r2", "completed"), samples(5300))
    talk(PlayoutDone(samples(6000), Heard("i2", 800, whole=True)))
    assert talk.state is State.LISTENING


def test_a_goodbye_that_the_engine_did_not_live_to_say_does_not_end_the_next_conversation(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(ToolCall("r1", "c1", "sleep", "{}"), samples(2700))
    talk(ToolDone(samples(2750), "c1", "{}", sleep=True, reply=False))
    talk(Fault("quota", "Pay.", retry=False), samples(2800))
    assert talk.state is State.FAULT
    awake(talk, 10_000)
    speaking(talk, 12_000, item="i2", reply="r2")
    talk(ReplyEnded("r2", "completed"), samples(12_500))
    talk(PlayoutDone(samples(13_000), Heard("i2", 1000, whole=True)))
    assert talk.state is State.LISTENING


def test_what_is_left_of_a_conversation_that_broke_off_does_not_keep_the_next_one_in_fault(talk):
    awake(talk)
    speaking(talk)
    talk.ms(Button, 3500)
    talk.ms(Repeat, 3510)
    talk(Fault("quota", "Pay.", retry=False), samples(3520))
    talk(PlayoutCut(samples(3540), (Heard("i1", 500, whole=False),)))
    assert talk.state is State.FAULT
    assert talk.ms(Button, 4000)[0] == Cut(quick=True)
    assert talk.state is State.CONNECTING
    talk(Opened(24000), samples(4100))
    assert talk.state is State.LISTENING


def test_no_call_of_a_tool_ends_what_mute_has_begun(talk):
    awake(talk)
    talk.ms(Mute, 2000, on=True)
    assert talk(ToolCall("r1", "c1", "sleep", "{}"), samples(2100)) == []
    assert talk(ToolDone(samples(2200), "c1", "{}", sleep=True, reply=False)) == []
    assert talk.state is State.MUTED


def test_a_session_lost_while_a_tool_works_is_owned_up_to_and_the_tool_is_not_run_again(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(ToolCall("r1", "c1", "set_timer", "{}"), samples(2700))
    assert not [a for a in talk(Fault("closed", "gone", retry=True), samples(2800)) if isinstance(a, Listen)]
    assert Earcon("error") in talk(Opened(24000), samples(3000))


def test_a_turn_that_is_sent_again_is_committed_again():
    talk = Talk(commit_after_ms=500)
    awake(talk)
    talk.ms(VoiceStart, 2100, samples(2000))
    talk(VoiceEnd(samples(2740), samples(2000), samples(2500), 500))
    assert talk.ms(Tick, 3000) == [Commit(samples(3000))]
    talk(Fault("closed", "gone", retry=True), samples(3100))
    talk(Opened(24000), samples(3200))
    assert talk.ms(Tick, 3250) == [Commit(samples(3250))]


def test_an_engine_that_still_weighs_the_turn_is_waited_for(talk):
    awake(talk)
    talk(SpeechStarted(), samples(2000))
    talk.ms(VoiceEnd, 3000, samples(2000), samples(2760), 700)
    assert talk.ms(Tick, 12_000) == []
    talk(SpeechStopped(), samples(12_100))
    assert talk.state is State.THINKING


def test_words_that_are_sent_again_as_sound_are_not_history_too(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(Words("user", "what time is it", final=True), samples(2600))
    assert talk(Fault("closed", "gone", retry=True), samples(2700)) == [
        Listen(samples(1060), again=True),
        OpenSession((), RETRY_MS[1]),
    ]


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


ITEMS = st.sampled_from(["i1", "i2", "repeat-1"])
REPLIES = st.sampled_from(["r1", "r2"])


def test_a_reply_that_begins_while_the_card_is_gone_is_not_heard(talk):
    awake(talk)
    talk(CardLost(samples(2000)))
    assert Cut() in speaking(talk)
    assert talk.state is State.SPEAKING
    talk(PlayoutCut(samples(3050), (Heard("i1", 20, whole=False),)))
    assert talk.state is State.LISTENING


# The result at the end


RESULT = Submitted('{"solved":true}')
WRONG = Submitted("{}", ("$: 'solved' is a required property",))


def ended(talk=None, *, submitted=None):
    """Talk, and be silent until the conversation ends."""
    talk = talk or Talk(result_tool="submit_result")
    awake(talk)
    talk(Words("user", "Where is my order?", final=True), second(3))
    speaking(talk)
    if submitted:
        talk(ToolCall("r1", "early", "submit_result", "{}"), samples(3500))
        talk(ToolDone(samples(3600), "early", "{}", result=submitted))
        talk(ReplyStarted("r2"), samples(3700))
        talk(ReplyEnded("r2", "completed"), samples(3800))
    talk(ReplyEnded("r1", "completed"), second(4))
    talk(PlayoutDone(second(4), Heard("i1", 1000, whole=True)))
    return talk, talk(Tick(second(12)))


def asks(actions):
    return [action.text for action in actions if isinstance(action, Say)]


def submit(talk, result, at, call="c"):
    """Have the engine submit a result; return what is done about it."""
    assert talk(ToolCall("q", call, "submit_result", "{}"), at) == [RunTool(ToolCall("q", call, "submit_result", "{}"))]
    return talk(ToolDone(at, call, "told", result=result))


def test_at_the_end_the_engine_is_asked_for_the_result_in_silence():
    talk, actions = ended()
    assert [type(action) for action in actions] == [Hold, Earcon, Say]
    assert "submit_result" in actions[-1].text
    assert talk.state is State.THINKING
    assert talk(ReplyStarted("q"), second(12)) == []
    assert talk(Audio("q", "i2", bytes(4800)), second(13)) == [], "nothing is played"
    assert talk(VoiceStart(second(13), second(13))) == [], "and nothing heard"
    assert submit(talk, RESULT, second(14)) == [Hold(), CloseSession()]
    assert talk.state is State.ASLEEP
    assert talk.wrote(entries.Result) == [entries.Result(second(14), '{"solved":true}', valid=True, faults=[])]
    assert [e.why for e in talk.wrote(entries.Sleep)] == ["silence"]
    # The next conversation is one like the first.
    talk.ms(Wake, 20_000, "hey_jarvis", 0.9)
    talk(Opened(24000), second(21))
    assert talk.state is State.LISTENING


@pytest.mark.parametrize(("last", "valid"), [(RESULT, [False, True]), (WRONG, [False, False])])
def test_a_result_that_is_not_valid_is_asked_for_once_more_with_its_faults(last, valid):
    talk, _ = ended()
    assert submit(talk, WRONG, second(13)) == [ReturnTool("c", "told", True)]
    assert talk(ReplyEnded("q", "completed"), second(13)) == []
    assert submit(talk, last, second(14), "d") == [Hold(), CloseSession()]
    assert [e.valid for e in talk.wrote(entries.Result)] == valid
    assert talk.state is State.ASLEEP


@pytest.mark.parametrize(
    "event",
    [
        Tick(second(17)),
        ReplyEnded("q", "completed"),
        ReplyEnded("", "failed"),
        Fault("closed", "gone", retry=True),
        Button(second(13)),
    ],
)
def test_without_a_result_the_conversation_ends_all_the_same(event):
    talk, _ = ended()
    assert talk(Tick(samples(16_900))) == []
    assert talk(event, second(17)) == [Hold(), CloseSession()]
    assert talk.state is State.ASLEEP
    assert talk.wrote(entries.Result) == []


def test_the_wake_word_begins_a_new_conversation_at_once_and_mute_mutes():
    talk, _ = ended()
    actions = talk.ms(Wake, 13_000, "hey_jarvis", 0.9)
    assert actions == [Hold(), CloseSession(), Earcon("wake"), OpenSession((), 0)]
    talk, _ = ended()
    talk(Mute(second(13), on=True))
    assert talk.state is State.MUTED


def test_a_timer_rings_while_the_result_is_waited_for_and_the_button_stops_it():
    talk, _ = ended()
    assert talk(TimerRang(second(13), "tea")) == [Ring(on=True)]
    assert talk(Button(second(14))) == [Ring(on=False)]
    assert talk.state is State.THINKING


def test_a_valid_result_that_came_by_itself_is_not_asked_for():
    talk, actions = ended(submitted=RESULT)
    assert asks(actions) == []
    assert talk.state is State.ASLEEP
    talk, actions = ended(submitted=WRONG)
    assert len(asks(actions)) == 1


def test_a_model_that_submits_nonsense_on_and_on_is_not_answered_for_ever():
    talk = Talk(result_tool="submit_result")
    awake(talk)
    told = []
    for n in range(4):
        talk(ReplyStarted(f"r{n}"), second(4 + n))
        talk(ToolCall(f"r{n}", str(n), "submit_result", "{}"), second(4 + n))
        (returned,) = [
            action
            for action in talk(ToolDone(second(4 + n), str(n), "{}", result=WRONG))
            if isinstance(action, ReturnTool)
        ]
        told.append(returned.reply)
        talk(ReplyEnded(f"r{n}", "completed"), second(4 + n))
    assert told == [True, False, False, False]


def test_who_says_goodbye_ends_with_a_result_too(talk):
    talk = Talk(result_tool="submit_result")
    awake(talk)
    talk(Words("user", "Goodbye", final=True), second(3))
    speaking(talk)
    talk(ToolCall("r1", "s", "sleep", "{}"), second(3))
    talk(ToolDone(second(3), "s", "{}", sleep=True, reply=False))
    talk(ReplyEnded("r1", "completed"), second(3))
    assert asks(talk(PlayoutDone(second(4), Heard("i1", 1000, whole=True))))
    submit(talk, RESULT, second(5))
    assert [e.why for e in talk.wrote(entries.Sleep)] == ["a request"]


def test_the_button_ends_the_reply_in_the_making_before_the_result_is_asked_for():
    talk = Talk(result_tool="submit_result")
    awake(talk)
    talk(Words("user", "Where is it?", final=True), second(3))
    speaking(talk)
    talk(ReplyEnded("r1", "completed"), second(4))
    talk(PlayoutDone(second(4), Heard("i1", 1000, whole=True)))
    talk(ReplyStarted("r2"), second(5))
    actions = talk(Button(second(5)))
    assert actions[:2] == [Hold(), Interrupt(())]
    assert asks(actions)
    assert talk(ReplyEnded("r2", "cancelled"), second(5)) == [], "that was not the answer"
    assert submit(talk, RESULT, second(6)) == [Hold(), CloseSession()]


@pytest.mark.parametrize(
    ("tool", "said", "can", "there", "asked"),
    [
        ("submit_result", "Where is it?", Capabilities(), True, True),
        ("", "Where is it?", Capabilities(), True, False),
        ("submit_result", "", Capabilities(), True, False),
        ("submit_result", "Where is it?", Capabilities(tools=False), True, False),
        ("submit_result", "Where is it?", Capabilities(prompted=False), True, False),
        ("submit_result", "Where is it?", Capabilities(), False, False),
    ],
)
def test_nobody_is_asked_in_vain(tool, said, can, there, asked):
    """Only if a result is wanted, something was said, the engine can be asked, and a session is open."""
    talk = Talk(result_tool=tool)
    awake(talk)
    talk(Opened(24000, can), second(2))
    talk(Words("user", said, final=True), second(3))
    speaking(talk)
    talk(ReplyEnded("r1", "completed"), second(4))
    talk(PlayoutDone(second(4), Heard("i1", 1000, whole=True)))
    if not there:
        talk(Fault("closed", "gone", retry=True), second(5))
    assert bool(asks(talk(Button(second(6))))) is asked
    assert (talk.state is State.ASLEEP) is not asked


class AnyOrder(RuleBasedStateMachine):
    """Whatever happens in whatever order, a few things hold."""

    def __init__(self):
        super().__init__()
        self.now = 0
        self.wanted = self.live = self.cutting = self.ducked = self.ringing = self.looking = False
        self.concluding = False
        self.shown = State.ASLEEP

    @initialize(
        barge_in=st.sampled_from(["device", "device", "engine", "off"]),
        recogniser=st.booleans(),
        stream=st.booleans(),
        result=st.sampled_from(["", "f"]),
    )
    def begin(self, barge_in, recogniser, stream, result):
        self.conversation = Conversation(
            Rules(commit_after_ms=500, barge_in=barge_in, recogniser=recogniser, result_tool=result)
        )
        self.stream = stream
        self.hears_all = barge_in == "engine" or (stream and barge_in == "device")

    def send(self, make, ms=50):
        self.now += samples(ms)
        event = make(self.now)
        for action in self.conversation.on(event, self.now):
            self.check(action, event)
        assert self.shown is self.conversation.state

    def check(self, action, event):  # noqa: C901 - a table of actions
        match action:
            case OpenSession():
                self.wanted = True
            case CloseSession():
                self.wanted = self.concluding = False
            case Say(text) if "is over" in text:
                self.concluding = True
            case Listen(at):
                assert self.wanted, "audio must not be sent without a session that was asked for"
                assert 0 <= at <= self.now
                self.live = True
            case Hold():
                self.live = False
            case Play():
                assert self.wanted
                assert not self.concluding, "nobody is to hear what the result is asked for with"
            case Duck() | Lower():
                self.ducked = True
            case Restore():
                self.ducked = False
            case Cut():
                self.cutting, self.ducked = True, False
            case Recognise(onset, end):
                assert self.conversation.rules.recogniser
                assert onset <= end <= self.now
                assert not self.looking, "one look at a time"
                self.looking = onset
            case Ring(on):
                assert on is not self.ringing
                self.ringing = on
            case Show(state):
                assert state in TRANSITIONS[self.shown].values(), "no other transition ever happens"
                self.shown = state

    @rule(ms=st.integers(1, 9000))
    def tick(self, ms):
        self.send(Tick, ms)

    @rule()
    def wake(self):
        self.send(lambda at: Wake(at, "w", 0.9))

    @rule()
    def button(self):
        self.send(Button)

    @rule()
    def repeat(self):
        self.send(Repeat)

    @rule(on=st.booleans())
    def mute(self, on):
        self.send(lambda at: Mute(at, on=on))

    @rule()
    def stir(self):
        self.send(NearEnd)

    @rule(ms=st.integers(0, 900))
    def voice(self, ms):
        onset = self.now
        self.send(lambda at: VoiceStart(at, onset))
        self.send(lambda at: Voice(at, onset, ms), ms)

    @rule(ms=st.integers(32, 900), silence=st.integers(0, 200), peak=st.sampled_from([-20.0, -35.0]))
    def voice_goes_on(self, ms, silence, peak):
        self.send(lambda at: Voice(at, max(0, at - samples(ms + silence)), ms, silence, peak), 32)

    @precondition(lambda self: self.looking is not False)
    @rule(kind=st.sampled_from(["stop", "speech", "backchannel", "nothing", "unknown"]), ms=st.integers(1, 500))
    def understood(self, kind, ms):
        onset, self.looking = self.looking, False
        self.send(lambda at: Understood(at, onset, at - samples(ms), kind), ms)

    @rule(ms=st.integers(60, 900))
    def voice_end(self, ms):
        self.send(lambda at: VoiceEnd(at, max(0, at - samples(ms + 240)), max(0, at - samples(240)), ms))

    @precondition(lambda self: self.wanted)
    @rule()
    def opened(self):
        self.send(lambda at: Opened(24000, Capabilities(family="stream" if self.stream else "turns")))

    @rule(retry=st.booleans())
    def fault(self, retry):
        self.send(lambda at: Fault("x", "y", retry=retry))

    @rule(reply=REPLIES)
    def reply_started(self, reply):
        self.send(lambda at: ReplyStarted(reply))

    @rule(reply=REPLIES, item=ITEMS)
    def audio(self, reply, item):
        self.send(lambda at: Audio(reply, item, b"ab"))

    @rule(reply=REPLIES, item=ITEMS)
    def audio_done(self, reply, item):
        self.send(lambda at: AudioDone(reply, item))

    @rule(reply=REPLIES, status=st.sampled_from(["completed", "cancelled", "failed", "incomplete"]))
    def reply_ended(self, reply, status):
        self.send(lambda at: ReplyEnded(reply, status))

    @rule(text=st.sampled_from(["", "hello"]), role=st.sampled_from(["user", "assistant"]), item=ITEMS)
    def words(self, text, role, item):
        self.send(lambda at: Words(role, text, final=True, item=item))

    @rule()
    def speech_started(self):
        self.send(lambda at: SpeechStarted())

    @rule()
    def speech_stopped(self):
        self.send(lambda at: SpeechStopped())

    @rule(reply=REPLIES)
    def tool(self, reply):
        self.send(lambda at: ToolCall(reply, "c", "f", "{}"))

    @rule(on=st.booleans())
    def working(self, on):
        self.send(lambda at: Working(on))

    @rule(sleep=st.booleans(), result=st.sampled_from([None, RESULT, WRONG]))
    def tool_done(self, sleep, result):
        self.send(lambda at: ToolDone(at, "c", "{}", sleep=sleep, result=result))

    @rule(item=ITEMS)
    def playout_started(self, item):
        self.send(lambda at: PlayoutStarted(at, item))

    @rule(item=ITEMS)
    def playout_done(self, item):
        self.send(lambda at: PlayoutDone(at, Heard(item, 5, whole=True)))

    @precondition(lambda self: self.cutting)
    @rule(item=ITEMS)
    def playout_cut(self, item):
        self.cutting = False
        self.send(lambda at: PlayoutCut(at, (Heard(item, 5, whole=False),)))

    @rule()
    def timer(self):
        self.send(lambda at: TimerRang(at, "tea"))

    @rule()
    def stop(self):
        self.send(StopHeard)

    @rule()
    def card(self):
        self.send(CardLost)
        self.send(CardBack)

    @invariant()
    def nothing_leaves_when_it_should_not(self):
        state = self.conversation.state
        if state in (State.ASLEEP, State.MUTED, State.FAULT):
            assert not self.live
            assert not self.wanted
        if state in (State.SPEAKING, State.OVERLAP) and not self.hears_all:
            assert not self.live, "while a reply plays, nothing is sent before the decision"

    @invariant()
    def nobody_is_heard_while_the_result_is_waited_for(self):
        assert not (self.concluding and self.live)

    @invariant()
    def the_reply_is_low_only_while_somebody_speaks_over_it(self):
        assert not self.ducked or self.conversation.state is State.OVERLAP


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=150, stateful_step_count=40, deadline=None)


# The greeting

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


def test_calls_that_the_engine_takes_back_are_not_waited_for(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(ToolCall("r1", "c1", "get_time", "{}"), samples(2700))
    talk(ReplyEnded("r1", "cancelled"), samples(2750))
    assert talk.state is State.THINKING
    talk(ToolCancelled(("c1", "c9")), samples(2800))
    assert talk.state is State.LISTENING
    assert talk(ToolDone(samples(2900), "c1", "{}")) == []


def test_with_every_engine_over_budget_nobody_is_sent_anything():
    talk = Talk()
    talk.conversation = Conversation(Rules(), lambda _: True)
    assert talk.ms(Wake, 1000, "hey_jarvis", 0.9) == [Earcon("error")]
    assert talk.state is State.FAULT
    assert talk.wrote(entries.EngineError)[0].code == "over_budget"


def test_a_wake_word_that_nobody_could_answer_is_forgotten():
    talk = Talk()
    over = [True]
    talk.conversation = Conversation(Rules(), lambda _: over[0])
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    over[0] = False
    talk.ms(Button, 600_000)
    began = [talk.ms(Tick, ms) for ms in range(600_600, 604_000, 50)]
    sent = [action.at for actions in began for action in actions if isinstance(action, Listen)]
    assert all(at > samples(590_000) for at in sent)


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
