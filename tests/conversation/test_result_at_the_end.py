"""The result that an engine is asked for at the end of a conversation, as it is lived through."""

import pytest
from support.talk import Talk, awake, second, speaking

from device.conversation import entries
from device.conversation.actions import (
    CloseSession,
    Earcon,
    Hold,
    Interrupt,
    OpenSession,
    ReturnTool,
    Ring,
    RunTool,
    Say,
)
from device.conversation.engine import (
    Audio,
    Capabilities,
    Fault,
    Opened,
    ReplyEnded,
    ReplyStarted,
    ToolCall,
    Words,
)
from device.conversation.events import (
    Button,
    Heard,
    Mute,
    PlayoutDone,
    Submitted,
    Tick,
    TimerRang,
    ToolDone,
    VoiceStart,
    Wake,
)
from device.conversation.states import State
from device.sample_clock import samples

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
