"""What the engine says and does, or fails to, in a conversation as it is lived through."""

import pytest
from support.talk import Talk, awake, speaking, streaming

from device.conversation import entries
from device.conversation.actions import (
    CloseSession,
    Commit,
    Cut,
    Earcon,
    Finish,
    Hold,
    Interrupt,
    Listen,
    OpenSession,
    Prepare,
    ReturnTool,
    RunTool,
    Say,
    StopTools,
    Switch,
)
from device.conversation.attention import BELIEVED, WEIGHS
from device.conversation.engine import (
    Audio,
    Capabilities,
    Expiring,
    Fault,
    Opened,
    Prepared,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    ToolCancelled,
    Unable,
    Unprepared,
    Words,
    Working,
)
from device.conversation.events import (
    Echo,
    Heard,
    Mute,
    PlayoutCut,
    PlayoutDone,
    PlayoutStarted,
    Tick,
    ToolDone,
    Voice,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.states import State
from device.conversation.timeouts import SILENT, THINKING_LIMIT
from device.conversation.tool_rounds import ROUNDS
from device.sample_clock import samples


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


def test_to_cut_a_reply_off_stops_the_tools_that_it_waits_for(talk):
    awake(talk)
    speaking(talk)
    talk(ToolCall("r1", "c1", "look_up", "{}"), samples(3200))
    talk.ms(VoiceStart, 3500, samples(3400))
    talk.ms(Voice, 3900, samples(3400), 450)
    assert StopTools(("c1",)) in talk(PlayoutCut(samples(3950), (Heard("i1", 900, whole=False),)))
    assert talk(ToolDone(samples(5000), "c1", "{}")) == []


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


def test_no_call_of_a_tool_ends_what_mute_has_begun(talk):
    awake(talk)
    talk.ms(Mute, 2000, on=True)
    assert talk(ToolCall("r1", "c1", "sleep", "{}"), samples(2100)) == []
    assert talk(ToolDone(samples(2200), "c1", "{}", sleep=True, reply=False)) == []
    assert talk.state is State.MUTED


def test_an_engine_that_still_weighs_the_turn_is_waited_for(talk):
    awake(talk)
    talk(SpeechStarted(), samples(2000))
    talk.ms(VoiceEnd, 3000, samples(2000), samples(2760), 700)
    assert talk.ms(Tick, 12_000) == []
    talk(SpeechStopped(), samples(12_100))
    assert talk.state is State.THINKING


def test_calls_that_the_engine_takes_back_are_not_waited_for(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(ToolCall("r1", "c1", "get_time", "{}"), samples(2700))
    talk(ReplyEnded("r1", "cancelled"), samples(2750))
    assert talk.state is State.THINKING
    assert talk(ToolCancelled(("c1", "c9")), samples(2800)) == [StopTools(("c1",))]
    assert talk.state is State.LISTENING
    assert talk(ToolDone(samples(2900), "c1", "{}")) == []


def test_before_a_session_ends_another_takes_over_in_a_pause(talk):
    awake(talk)
    talk(Expiring(60.0), samples(2000))
    assert talk.ms(Tick, 2000) == [], "somebody spoke just now"
    assert talk.ms(Tick, 2100) == [Prepare((), "local")]
    assert talk(Prepared("local", 16_000), samples(2500)) == [Switch()]
    assert talk.wrote(entries.EngineExpiring) == [entries.EngineExpiring(samples(2000), 60.0)]
    assert talk.wrote(entries.SessionPrepare) == [entries.SessionPrepare(samples(2100), "local")]
    assert talk.wrote(entries.SessionSwitch) == [entries.SessionSwitch(samples(2500), "local")]


def test_a_session_that_cannot_be_prepared_is_tried_again_later(talk):
    awake(talk)
    talk(Expiring(60.0), samples(2000))
    talk.ms(Tick, 2100)
    assert talk(Unprepared("local", "no"), samples(2200)) == []
    assert talk.wrote(entries.SessionUnprepared) == [entries.SessionUnprepared(samples(2200), "local", "no")]
    talk.ms(VoiceStart, 9000, samples(9000))
    talk.ms(VoiceEnd, 9500, samples(9000), samples(9300), 200)
    assert talk.ms(Tick, 12_199) == []
    assert talk.ms(Tick, 12_200) == [Prepare((), "local")]


def test_an_engine_that_sends_no_more_of_a_reply_is_taken_for_dead(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    assert talk.ms(Tick, 7500) == []
    assert OpenSession in [type(action) for action in talk.ms(Tick, 7600)]
    assert [e.code for e in talk.wrote(entries.EngineError)] == ["stalled"]


@pytest.mark.parametrize(("engines", "asked"), [(("best", "local"), ["local"]), (("best",), [])])
def test_where_there_is_another_engine_one_that_does_not_answer_is_left_sooner(engines, asked):
    talk = Talk(engines=engines)
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    actions = talk(Tick(samples(2500) + SILENT))
    assert [action.engine for action in actions if isinstance(action, OpenSession)] == asked


def test_of_words_in_pieces_only_all_of_them_are_written_down(talk):
    awake(talk)
    talk(Words("user", "what", final=False), samples(2400))
    talk(Words("assistant", "It is ", final=False, item="i1"), samples(2500))
    assert not talk.wrote(entries.User)
    assert not talk.wrote(entries.Assistant)
    talk(Words("user", "what?", final=True), samples(2600))
    talk(Words("assistant", "It is noon.", final=True, item="i1"), samples(2600))
    assert [e.text for e in (*talk.wrote(entries.User), *talk.wrote(entries.Assistant))] == ["what?", "It is noon."]


def test_the_wake_word_before_a_question_in_one_breath_is_not_written_down(talk):
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    talk(Opened(24000), samples(1300))
    assert talk.ms(Tick, 1500) == [Listen(0)]
    talk(Words("user", "Hey, Jarvis, what time is it?", final=True), samples(2600))
    assert [entry.text for entry in talk.wrote(entries.User)] == ["What time is it?"]


def test_a_reply_that_failed_is_told_of_and_the_user_has_the_turn(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    assert Earcon("error") in talk(ReplyEnded("r1", "failed", message="overloaded"), samples(2700))
    assert talk.wrote(entries.EngineError) == [entries.EngineError(samples(2700), "reply_failed", "overloaded")]
    assert talk.state is State.LISTENING


def test_after_the_conversation_no_reply_begins(talk):
    assert talk(ReplyStarted("r1"), samples(2600)) == []
    assert not talk.wrote(entries.ReplyStart)
    assert not talk.conversation.replying


def asks(talk, ms=2000):
    """Say something for 800 ms, that ends at `ms` + 800."""
    talk.ms(VoiceStart, ms + 100, samples(ms))
    talk(VoiceEnd(samples(ms + 1040), samples(ms), samples(ms + 800), 700))
    return samples(ms + 800)


def opened(actions):
    return [action.engine for action in actions if isinstance(action, OpenSession)]


@pytest.mark.parametrize(
    ("signs", "limit"),
    [((), SILENT), ((SpeechStarted(),), WEIGHS), ((Words("user", "what", final=False),), WEIGHS)],
)
@pytest.mark.parametrize("begin", [Talk, streaming])
@pytest.mark.parametrize("follow_up_ms", [1000, 8000])
def test_an_engine_that_makes_nothing_of_a_question_is_left_and_the_question_kept(begin, signs, limit, follow_up_ms):
    talk = begin(engines=("best", "local"), follow_up_ms=follow_up_ms)
    if begin is not streaming:
        awake(talk)
    end = asks(talk)
    for sign in signs:
        talk(sign, samples(2500))
    for at in range(samples(3100), end + limit, samples(100)):
        assert talk(Tick(at)) == []
    actions = talk(Tick(end + limit))
    assert opened(actions) == ["local"]
    (again,) = [action for action in actions if isinstance(action, Listen)]
    assert again.again
    assert again.at < samples(2000)
    assert [entry.code for entry in talk.wrote(entries.EngineError)] == ["unheard"]
    assert "best" in talk.wrote(entries.EngineError)[0].message


def test_where_no_other_engine_is_left_the_user_hears_that_nobody_answers(talk):
    awake(talk)
    end = asks(talk)
    assert talk(Tick(end + SILENT - 1)) == []
    assert talk(Tick(end + SILENT)) == [Earcon("error")]
    assert talk.state is State.LISTENING
    assert "local" in talk.wrote(entries.EngineError)[0].message
    assert talk(Tick(end + SILENT + samples(7900))) == []
    assert talk(Tick(end + SILENT + samples(8000)))[-1] == Earcon("sleep"), "it is over as always"


def test_what_no_engine_hears_is_told_of_once_and_asked_of_each_once():
    talk = Talk(engines=("a", "b", "c"))
    awake(talk)
    at, asked, sounds = asks(talk), [], []
    for _ in range(400):
        at += samples(100)
        actions = talk(Tick(at))
        sounds += [action for action in actions if isinstance(action, Earcon)]
        for engine in opened(actions):
            asked.append(engine)
            talk(Opened(24000), at)
    assert asked == ["b", "c"]
    assert sounds == [Earcon("error"), Earcon("sleep")]


def test_a_cough_hands_nothing_over():
    talk = Talk(engines=("best", "local"))
    awake(talk)
    talk.ms(VoiceStart, 2100, samples(2000))
    talk.ms(VoiceEnd, 2500, samples(2000), samples(2250), 200)
    assert talk.ms(Tick, 10_400) == []
    assert talk.ms(Tick, 10_500)[-1] == Earcon("sleep")


def test_words_that_were_none_hand_nothing_over():
    talk = Talk(engines=("best", "local"))
    awake(talk)
    end = asks(talk)
    talk(SpeechStarted(), samples(2500))
    talk(Words("user", "", final=True), samples(3000))
    assert opened(talk(Tick(end + WEIGHS))) == []


def test_a_short_word_over_the_reply_is_owed_an_answer_though_it_ended_before_the_reply_was_silent():
    talk = Talk(engines=("best", "local"))
    awake(talk)
    speaking(talk)
    talk.ms(VoiceStart, 3500, samples(3400))
    talk.ms(Voice, 3850, samples(3400), 410)
    talk.ms(VoiceEnd, 4040, samples(3400), samples(3810), 410)
    talk(PlayoutCut(samples(4050), (Heard("i1", 500, whole=False),)))
    talk(ReplyEnded("r1", "cancelled"), samples(4100))
    assert opened(talk(Tick(samples(3810) + SILENT - 1))) == []
    assert opened(talk(Tick(samples(3810) + SILENT))) == ["local"]


def test_a_tools_result_does_not_wait_for_ever_for_a_voice_that_the_engine_alone_hears(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(ReplyStarted("r1"), samples(2600))
    talk(ToolCall("r1", "c1", "get_time", "{}"), samples(2700))
    talk(SpeechStarted(), samples(2750))
    talk(ReplyEnded("r1", "completed"), samples(2800))
    assert talk(ToolDone(samples(2900), "c1", "{}")) == []
    assert talk(Tick(samples(2750) + BELIEVED - 1)) == []
    assert talk(Tick(samples(2750) + BELIEVED)) == [ReturnTool("c1", "{}", reply=True)]


def test_who_hands_back_to_an_engine_that_does_not_hear_waits_longer_each_time():
    talk = Talk(engines=("best", "local"), follow_up_ms=80_000)
    awake(talk)
    at = asks(talk) + SILENT
    talk(Tick(at))
    talk(Opened(24000), at)
    talk(SpeechStopped(), at + 100)
    talk(ReplyStarted("r"), at + 200)
    talk(ReplyEnded("r", "completed"), at + 300)
    pauses = []
    for _ in range(2):
        since = at
        while not any(isinstance(action, Prepare) for action in talk(Tick(at))):
            at += samples(100)
        pauses.append(at - since)
        assert Switch() in talk(Prepared("best", 24_000), at)
        talk(Fault("unheard", "deaf", retry=True), at + 100)
        talk(Opened(24000), at + 200)
    assert pauses[1] > 1.5 * pauses[0]


@pytest.mark.parametrize(("engines", "state"), [(("local",), State.FAULT), (("box", "local"), State.ASLEEP)])
def test_that_nobody_could_answer_is_shown_before_anybody_asks(engines, state):
    talk = Talk(engines=engines)
    sounds = talk(Unable("local", "No such voice."), 100)
    assert talk.state is state
    assert sounds == ([Earcon("error")] if state is State.FAULT else [])
    assert talk.wrote(entries.EngineUnable) == [entries.EngineUnable(100, "local", "No such voice.")]
    awake(talk)
    assert talk.state is State.LISTENING, "it is tried again"


def tool_rounds(talk, count, at=3000):
    """Let the engine call a tool in so many replies, one after the other; return what is done after each result."""
    after = []
    for n in range(count):
        ms = at + 300 * n
        talk(ReplyStarted(f"r{n}"), samples(ms))
        run = talk(ToolCall(f"r{n}", f"c{n}", "get_time", "{}"), samples(ms + 10))
        talk(ReplyEnded(f"r{n}", "completed"), samples(ms + 20))
        after.append(talk(ToolDone(samples(ms + 30), f"c{n}", "{}")) if RunTool in map(type, run) else run)
    return after


def test_a_model_that_calls_tools_for_ever_is_asked_to_speak_and_then_ended(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    *first, asked, over = tool_rounds(talk, ROUNDS + 1)
    assert [type(action) for actions in first for action in actions] == [ReturnTool] * (ROUNDS - 1)
    returned, speak = asked
    assert returned == ReturnTool(f"c{ROUNDS - 1}", "{}", reply=False)
    assert isinstance(speak, Say)
    assert not speak.tools
    assert over == [Earcon("error"), Interrupt(())]
    assert talk.state is State.LISTENING
    assert [entry.code for entry in talk.wrote(entries.EngineError)] == ["tools_without_end"]
    assert talk(ToolCall(f"r{ROUNDS}", "late", "get_time", "{}"), samples(9000)) == [], "nor is what comes late run"


def test_one_that_speaks_when_it_is_asked_to_goes_on(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    tool_rounds(talk, ROUNDS)
    talk(ReplyStarted("s"), samples(6000))
    talk(Audio("s", "i", bytes(480)), samples(6100))
    talk(PlayoutStarted(samples(6200), "i"))
    talk(ReplyEnded("s", "completed"), samples(6300))
    talk(PlayoutDone(samples(6400), Heard("i", 10, whole=True)))
    talk(SpeechStopped(), samples(7000))
    assert all(Earcon("error") not in actions for actions in tool_rounds(talk, ROUNDS, 7500))


def test_an_engine_that_cannot_be_asked_is_ended_all_the_same():
    talk = Talk()
    awake(talk)
    talk(Opened(24000, Capabilities(prompted=False)), samples(1900))
    talk(SpeechStopped(), samples(2500))
    done = tool_rounds(talk, 40)
    assert talk.state is State.ASLEEP, "it goes on by itself, though it was interrupted"
    assert sum(RunTool in map(type, actions) or ReturnTool in map(type, actions) for actions in done) < 40
    assert [entry.code for entry in talk.wrote(entries.EngineError)] == ["tools_without_end"]


def test_a_second_answer_that_is_cancelled_does_not_cut_the_first(talk):
    awake(talk)
    speaking(talk)
    talk(ReplyStarted("r2"), samples(3100))
    assert talk(ReplyEnded("r2", "cancelled"), samples(3200)) == []
    assert talk.state is State.SPEAKING


def test_a_reply_without_end_is_ended_with_its_session():
    talk = Talk(engines=("box", "local"))
    awake(talk)
    speaking(talk)
    asked = []
    for n in range(400):
        asked += opened(talk(Audio("r1", "i1", bytes(48_000)), samples(3100 + n)))
    assert asked[:1] == ["local"]
    assert talk.wrote(entries.EngineError)[0].code == "endless"
    assert talk.state is State.SPEAKING, "what came is heard"


def test_what_was_lost_on_every_engine_is_asked_of_each_again_when_it_is_said_again():
    talk = Talk(engines=("a", "b"), follow_up_ms=60_000)
    awake(talk)
    asked, ms = [], 2000
    for _ in range(2):
        end = asks(talk, ms)
        for at in range(end, end + 3 * SILENT, samples(100)):
            for engine in opened(talk(Tick(at))):
                asked.append(engine)
                talk(Opened(24000), at)
        ms += 30_000
    assert asked == ["b", "a"]
    assert [entry.code for entry in talk.wrote(entries.EngineError)] == ["unheard", "no_reply"] * 2


def test_nobody_goes_on_in_another_session_while_this_one_owes_an_answer(talk):
    awake(talk)
    end = asks(talk)
    talk(Expiring(60.0), end + samples(500))
    assert talk(Tick(end + samples(2000))) == []


def test_nothing_is_owed_to_a_voice_that_was_kept_from_the_engine_as_what_may_be_echo():
    talk = Talk(engines=("best", "local"))
    awake(talk)
    talk(Echo(samples(1900), "unknown", samples(1900)))
    talk.ms(VoiceStart, 2100, samples(2000))
    talk.ms(Voice, 2700, samples(2000), 600, near_ms=0)
    talk.ms(VoiceEnd, 3040, samples(2000), samples(2800), 700)
    ticks = [talk.ms(Tick, ms) for ms in range(3100, 13_000, 100)]
    assert not [engine for actions in ticks for engine in opened(actions)]
