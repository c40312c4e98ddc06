"""The last moment by itself; what a conversation makes of it is in test_machine."""

import pytest

from device.conversation import entries
from device.conversation.actions import Record, ReturnTool, RunTool
from device.conversation.engine import Fault, ReplyEnded, ToolCall, Words
from device.conversation.events import Submitted, Tick, ToolDone, VoiceStart
from device.conversation.final_result import LONGEST, TRIES, FinalResult

CALL = ToolCall("r", "c", "submit", "{}")
RIGHT = Submitted("{}")
WRONG = Submitted("{}", ("no",))


def asked(at=0):
    final_result = FinalResult("submit")
    assert final_result.ask("silence", at).text.count("submit") == 1
    return final_result


def done(result, call="c"):
    return ToolDone(0, call, "told", result=result)


def test_only_calls_for_the_result_are_carried_out_and_waited_for():
    final_result = asked()
    assert final_result.take(ToolCall("r", "x", "sleep", "{}"), 5) == ([], False)
    assert final_result.take(ToolDone(0, "x", "{}"), 5) == ([], False)
    assert final_result.take(CALL, 5) == ([Record(entries.Tool(5, "submit", "{}")), RunTool(CALL)], False)
    result = Record(entries.Result(6, "{}", valid=True, faults=[]))
    assert final_result.take(done(RIGHT), 6) == ([result], True)
    # One that was under way when the conversation ended counts.
    assert asked().take(done(RIGHT, "y"), 6) == ([result], True)


def test_a_reply_without_a_call_for_the_result_is_a_refusal():
    final_result = asked()
    final_result.take(CALL, 0)
    assert not final_result.take(ReplyEnded("r", "completed"), 0)[1]
    actions, over = final_result.take(ReplyEnded("q", "completed"), 7)
    assert over
    assert actions == [Record(entries.ReplyEnd(7, "q", "completed"))]


@pytest.mark.parametrize("nonsense", [WRONG, None])
def test_what_is_not_valid_or_not_even_json_is_asked_for_once_more(nonsense):
    final_result = asked()
    final_result.take(CALL, 0)
    actions, over = final_result.take(done(nonsense), 0)
    assert not over
    assert actions[-1] == ReturnTool("c", "told", reply=True)
    assert len(actions) == (1 if nonsense is None else 2)
    actions, over = final_result.take(done(nonsense), 0)
    assert over
    assert not any(isinstance(action, ReturnTool) for action in actions)


def test_the_engine_has_its_tries_again_when_it_is_asked():
    final_result = FinalResult("submit")
    assert [final_result.submitted(WRONG) for _ in range(TRIES)] == [True] * (TRIES - 1) + [False]
    assert final_result.ask("silence", 0)
    assert [final_result.take(done(WRONG), 0)[1] for _ in range(TRIES)] == [False] * (TRIES - 1) + [True]
    final_result.begin()
    assert final_result.why == ""
    assert final_result.submitted(RIGHT)
    assert final_result.ask("silence", 0) is None, "it is there"


def test_it_is_late_only_some_time_after_it_was_asked_for():
    assert not FinalResult("submit").take(Tick(10 * LONGEST), 0)[1]
    final_result = asked(at=1000)
    assert not final_result.take(Tick(999 + LONGEST), 0)[1]
    assert final_result.take(Tick(1000 + LONGEST), 0) == ([], True)


def test_a_fault_ends_the_wait_and_the_users_last_words_are_recorded():
    final_result = asked()
    assert final_result.take(Words("user", " Bye. ", final=True), 8) == ([Record(entries.User(8, "Bye."))], False)
    assert final_result.take(Words("user", " ", final=True), 8) == ([], False)
    assert final_result.take(VoiceStart(8, 8), 8) == ([], False)
    lost = Record(entries.EngineError(9, "closed", "gone", retry=True))
    assert final_result.take(Fault("closed", "gone", retry=True), 9) == ([lost], True)
