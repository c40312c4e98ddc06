"""Sessions that break off or cannot be opened, as they are lived through."""

from collections import Counter

import pytest
from support.talk import Talk, awake, second, speaking

from device.conversation import entries
from device.conversation.actions import (
    CloseSession,
    Commit,
    Cut,
    Earcon,
    Finish,
    Hold,
    Listen,
    OpenSession,
)
from device.conversation.engine import (
    Fault,
    Opened,
    ReplyEnded,
    ReplyStarted,
    SpeechStopped,
    ToolCall,
    Words,
)
from device.conversation.events import (
    Button,
    Heard,
    PlayoutCut,
    PlayoutDone,
    Repeat,
    Tick,
    ToolDone,
    VoiceEnd,
    VoiceStart,
    Wake,
)
from device.conversation.failover import RETRY_MS
from device.conversation.states import State
from device.conversation.user_turn import ONSET_PREROLL
from device.sample_clock import samples


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


def test_what_is_being_said_while_a_tool_settles_what_was_said_before_goes_to_the_new_session(talk):
    awake(talk)
    talk.ms(VoiceEnd, 2500, samples(1800), samples(2400), 600)
    talk.ms(VoiceStart, 3000, samples(2900))
    talk(ToolCall("r1", "c1", "set_timer", "{}"), samples(3050))
    actions = talk(Fault("closed", "gone", retry=True), samples(3500))
    assert actions[0] == Listen(samples(2900) - ONSET_PREROLL, again=True)


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


def test_words_that_are_sent_again_as_sound_are_not_history_too(talk):
    awake(talk)
    talk(SpeechStopped(), samples(2500))
    talk(Words("user", "what time is it", final=True), samples(2600))
    assert talk(Fault("closed", "gone", retry=True), samples(2700)) == [
        Listen(samples(1060), again=True),
        OpenSession((), RETRY_MS[1]),
    ]


def test_with_every_engine_over_budget_nobody_is_sent_anything():
    talk = Talk(barred=lambda _: True)
    assert talk.ms(Wake, 1000, "hey_jarvis", 0.9) == [Earcon("error")]
    assert talk.state is State.FAULT
    assert talk.wrote(entries.EngineError)[0].code == "over_budget"


def test_a_wake_word_that_nobody_could_answer_is_forgotten():
    over = [True]
    talk = Talk(barred=lambda _: over[0])
    talk.ms(Wake, 1000, "hey_jarvis", 0.9)
    over[0] = False
    talk.ms(Button, 600_000)
    began = [talk.ms(Tick, ms) for ms in range(600_600, 604_000, 50)]
    sent = [action.at for actions in began for action in actions if isinstance(action, Listen)]
    assert all(at > samples(590_000) for at in sent)
