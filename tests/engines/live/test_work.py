"""Work that GPT-Live's model hands over, without a socket."""

import json

import pytest

from device.conversation.engine import ReplyEnded, ToolCall, Working
from device.engines.live.work import LIMIT_MS, Work
from device.wire import live as wire


def delegation(name="d1", target="responses"):
    return wire.DelegationInfo(id=name, target=target)


def nested(kind, **fields):
    return wire.Nested(type=f"response.{kind}", **fields)


def call(name, status="completed"):
    item = wire.NestedItem(type="function_call", call_id=name, name="f", arguments="{}", status=status)
    return nested("output_item.done", item=item)


def kinds(events):
    return [type(event) for event in events]


def ran(work, *calls, name="d1"):
    """Let the backend of a piece of work ask for these calls."""
    events = work.created(delegation(name), "")
    events += work.backend(nested("created"), name)
    for one in calls:
        events += work.backend(call(one), name)
    return events + work.backend(nested("completed"), name)


def test_calls_are_passed_on_once_their_response_is_complete():
    work = Work()
    assert work.created(delegation(), "") == [Working(on=True)]
    work.backend(nested("created"), "d1")
    assert work.backend(call("c1"), "d1") == []
    assert work.backend(call("c2", status="incomplete"), "d1") == []
    (passed,) = work.backend(nested("completed"), "d1")
    assert (passed.call_id, passed.name) == ("c1", "f")


@pytest.mark.parametrize("how", ["failed", "incomplete"])
def test_calls_of_a_response_that_broke_off_are_void(how):
    work = Work()
    work.created(delegation(), "")
    work.backend(nested("created"), "d1")
    work.backend(call("c1"), "d1")
    broken = wire.NestedResponse(incomplete_details=wire.NestedReason(reason="max_output_tokens"))
    ended, idle = work.backend(nested(how, response=broken), "d1")
    assert (ended.status, ended.message) == ("incomplete", "max_output_tokens")
    assert idle == Working(on=False)
    assert work.tool_result("c1", "{}", reply=True) == []
    assert work.drain() == []


@pytest.mark.parametrize(
    ("response", "why"),
    [
        (None, "response.failed"),
        (wire.NestedResponse(), "response.failed"),
        (wire.NestedResponse(incomplete_details=wire.NestedReason()), "response.failed"),
        (wire.NestedResponse(error=wire.NestedError(code="server_error")), "server_error"),
        (wire.NestedResponse(error=wire.NestedError(code="server_error", message="it broke")), "it broke"),
    ],
)
def test_the_reason_is_the_best_that_is_given(response, why):
    work = Work()
    work.created(delegation(), "")
    ended, _ = work.backend(nested("failed", response=response), "d1")
    assert ended.message == why


def test_the_backend_goes_on_when_the_last_result_of_all_work_is_in():
    work = Work()
    ran(work, "c1", "c2")
    ran(work, "c3", name="d2")
    for name in ("c1", "c3"):
        work.tool_result(name, "{}", reply=True)
    assert kinds(work.drain()) == [wire.ResponseItemCreate] * 2
    work.tool_result("c2", "{}", reply=False)
    assert kinds(work.drain()) == [wire.ResponseItemCreate, wire.ResponseCreate]
    assert work.tool_result("c2", "{}", reply=True) == [], "twice"
    assert work.drain() == []


def test_it_waits_for_a_response_in_the_making():
    work = Work()
    ran(work, "c1")
    work.created(delegation("d2"), "")
    work.backend(nested("created"), "d2")
    work.tool_result("c1", "{}", reply=True)
    assert kinds(work.drain()) == [wire.ResponseItemCreate]
    work.backend(nested("completed"), "d2")
    assert kinds(work.drain()) == [wire.ResponseCreate]


def test_a_refusal_to_go_on_is_tried_again_with_the_next_response():
    work = Work()
    ran(work, "c1")
    work.tool_result("c1", "{}", reply=True)
    asked = work.drain()[-1]
    work.refused(wire.LiveError(code="busy", client_event_id=asked.event_id))
    ran(work, name="d2")
    again = work.drain()
    assert kinds(again) == [wire.ResponseCreate]
    assert again[0].event_id != asked.event_id


def test_events_that_do_not_say_what_they_are_of_are_of_the_newest():
    work = Work()
    work.created(delegation(), "")
    work.backend(nested("created"), None)
    work.backend(call("c1"), None)
    assert kinds(work.backend(nested("completed"), None)) == [ToolCall]
    work.tool_result("c1", "{}", reply=True)
    work.backend(nested("created"), None)
    assert kinds(work.backend(nested("completed"), None)) == [ReplyEnded, Working]


def test_the_talk_of_the_backend_is_its_own():
    work = Work()
    assert work.backend(nested("output_text.delta"), "d1") == []


def test_tokens_are_told_with_the_end_of_the_work():
    work = Work()
    work.created(delegation(), "")
    usage = wire.NestedResponse(usage=wire.NestedUsage(input_tokens=3, output_tokens=5))
    ended, _ = work.backend(nested("completed", response=usage), "d1")
    assert (ended.usage.input_tokens, ended.usage.output_tokens) == (3, 5)


def test_work_of_which_nothing_is_heard_is_given_up():
    work = Work()
    work.tick(1000)
    work.created(delegation(), "")
    assert work.tick(LIMIT_MS) == []
    assert kinds(work.tick(LIMIT_MS + 1000)) == [ReplyEnded, Working]


def test_a_slow_tool_is_waited_for_by_its_own_limit():
    work = Work()
    ran(work, "c1")
    assert work.tick(2 * LIMIT_MS) == []
    work.tool_result("c1", "{}", reply=True)
    assert work.tick(2 * LIMIT_MS + 1000) == []


def test_ours_is_answered_after_a_while_and_once_more_when_the_result_is_in():
    work = Work("ask")
    begun, asked = work.created(delegation("d1", "client"), "what time is it")
    assert begun == Working(on=True)
    assert json.loads(asked.arguments) == {"request": "what time is it"}
    assert kinds(work.tick(LIMIT_MS)) == [ReplyEnded, Working]
    (late,) = work.drain()
    assert (late.delegation_id, "too long" in late.content) == ("d1", True)
    work.tool_result(asked.call_id, '"noon"', reply=True)
    (result,) = work.drain()
    assert isinstance(result, wire.SessionCommentaryAppend)
    assert "noon" in result.content
    work.tool_result(asked.call_id, '"noon"', reply=True)
    assert work.drain() == []


def test_a_result_that_need_not_be_spoken_of_is_only_to_be_known():
    work = Work("ask")
    work.created(delegation("d1", "client"), "")
    work.tool_result("d1", '"noon"', reply=False)
    assert kinds(work.drain()) == [wire.SessionThinkingAppend]


def test_a_long_result_comes_in_pieces():
    work = Work("ask")
    work.created(delegation("d1", "client"), "")
    work.tool_result("d1", "word " * 600, reply=True)
    sent = work.drain()
    assert len(sent) == 4
    assert all(one.delegation_id == "d1" and len(one.content) <= 1000 for one in sent)


def test_all_of_it_ends_with_the_session():
    work = Work()
    ran(work, "c1")
    work.created(delegation("d2"), "")
    assert kinds(work.stop()) == [ReplyEnded, ReplyEnded, Working]
