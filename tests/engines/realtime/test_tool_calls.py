"""Calls in the dialogue with a Realtime server: made once, answered, and spoken of in one reply."""

from typing import Any

import pytest
from support.realtime_responses import added, call_done, created, delta, done, feed, item_done, kinds

from device.conversation.engine import Audio, ToolCall
from device.conversation.events import Heard
from device.engines.realtime.next_response import SOON
from device.engines.realtime.responses import Responses
from device.wire import realtime as wire
from device.wire import realtime_items as items


def test_a_call_is_passed_on_once_however_often_it_is_told(responses: Responses) -> None:
    item = {"kind": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
    whole = items.Item("function_call", id="ci", call_id="c", name="f", arguments="{}")
    got = feed(responses, created(), added("ci", **item), call_done(), item_done("ci", **item), done(output=[whole]))
    assert [event for event in got if isinstance(event, ToolCall)] == [ToolCall("r", "c", "f", "{}")]


def test_a_call_that_is_answered_before_it_is_told_again_is_not_made_again(responses: Responses) -> None:
    whole = items.Item("function_call", id="ci", call_id="c", name="f", arguments="{}")
    assert ToolCall("r", "c", "f", "{}") in feed(responses, created(), call_done())
    responses.tool_result("c", "1", reply=True)
    assert ToolCall("r", "c", "f", "{}") not in feed(responses, done(output=[whole]))


def test_a_turn_that_the_server_could_not_answer_is_answered_after_the_reply_in_the_making(
    responses: Responses,
) -> None:
    feed(responses, created(), wire.InputAudioBufferSpeechStarted(item_id="u"))
    busy = items.ErrorDetail(message="busy", code="conversation_already_has_active_response")
    assert responses.refused(busy) == []
    assert responses.drain() == []
    feed(responses, done())
    assert kinds(responses.drain()) == [wire.ResponseCreate]


def test_a_discarded_turn_holds_no_result_up(responses: Responses) -> None:
    feed(responses, created(), call_done(), done(), wire.InputAudioBufferSpeechStarted(item_id="u"))
    responses.tool_result("c", "1", reply=True)
    responses.drain()
    responses.discard()
    assert kinds(responses.drain()) == [wire.InputAudioBufferClear, wire.ResponseCreate]


def test_a_call_without_a_name_takes_it_from_its_item(responses: Responses) -> None:
    got = feed(responses, created(), added("ci", kind="function_call", name="f"), call_done(name=""))
    assert got[1:] == [ToolCall("r", "c", "f", "{}")]


def test_a_call_without_a_name_waits_for_its_item(responses: Responses) -> None:
    assert feed(responses, created(), call_done(name=""))[1:] == []
    item = item_done("ci", kind="function_call", call_id="c", name="f", arguments="{}")
    assert feed(responses, item) == [ToolCall("r", "c", "f", "{}")]


def test_a_call_cut_short_by_the_server_is_not_made(responses: Responses) -> None:
    item = item_done("ci", kind="function_call", call_id="c", name="f", arguments='{"a', status="incomplete")
    got = feed(responses, created(), item, done(status="incomplete", output=[item.item]))
    assert not [event for event in got if isinstance(event, ToolCall)]


def test_a_result_is_returned_at_once_and_the_reply_asked_for_when_none_is_active(responses: Responses) -> None:
    feed(responses, created(), call_done())
    responses.tool_result("c", '{"ok": true}', reply=True)
    (output,) = responses.drain()
    assert isinstance(output, wire.ConversationItemCreate)
    assert (output.item.type, output.item.call_id, output.item.output) == ("function_call_output", "c", '{"ok": true}')
    feed(responses, done())
    assert kinds(responses.drain()) == [wire.ResponseCreate]


def test_parallel_calls_get_one_reply_when_all_results_are_in(responses: Responses) -> None:
    feed(responses, created(), call_done("c1"), call_done("c2"), call_done("c3"), done())
    responses.tool_result("c2", "2", reply=False)
    responses.tool_result("c1", "1", reply=True)
    assert kinds(responses.drain()) == [wire.ConversationItemCreate] * 2
    responses.tool_result("c3", "3", reply=False)
    assert kinds(responses.drain()) == [wire.ConversationItemCreate, wire.ResponseCreate]


def test_results_that_nobody_need_speak_of_get_no_reply(responses: Responses) -> None:
    feed(responses, created(), call_done(), done())
    responses.tool_result("c", "1", reply=False)
    assert kinds(responses.drain()) == [wire.ConversationItemCreate]


def test_a_result_of_no_call_or_a_second_one_is_dropped(responses: Responses) -> None:
    responses.tool_result("stranger", "1", reply=True)
    assert responses.drain() == []
    feed(responses, created(), call_done(), done())
    responses.tool_result("c", "1", reply=True)
    responses.drain()
    responses.tool_result("c", "1", reply=True)
    assert responses.drain() == []


def test_a_result_that_comes_while_the_user_speaks_is_left_to_the_users_reply(responses: Responses) -> None:
    feed(responses, created(), call_done(), done(), wire.InputAudioBufferSpeechStarted(item_id="u"))
    responses.tool_result("c", "1", reply=True)
    assert kinds(responses.drain()) == [wire.ConversationItemCreate]
    feed(responses, wire.InputAudioBufferSpeechStopped(item_id="u"), created("s"), done("s"))
    assert responses.drain() == []


def test_a_result_that_came_during_a_cough_is_spoken_of_after_it(responses: Responses) -> None:
    feed(responses, created(), call_done(), done(), wire.InputAudioBufferSpeechStarted(item_id="u"))
    responses.tool_result("c", "1", reply=True)
    responses.drain()
    feed(responses, wire.ConversationItemInputAudioTranscriptionCompleted(" ", item_id="u"))
    assert kinds(responses.drain()) == [wire.ResponseCreate]


def test_a_call_of_an_interrupted_reply_holds_no_later_one_up(responses: Responses) -> None:
    feed(responses, created(), call_done("slow"), delta())
    responses.interrupt([Heard("i", 30, whole=False)])
    feed(responses, done(status="cancelled"), created("s"), call_done("c", reply="s"), done("s"))
    responses.drain()
    responses.tool_result("c", "1", reply=True)
    assert kinds(responses.drain()) == [wire.ConversationItemCreate, wire.ResponseCreate]


def answered_by_itself(responses: Responses) -> None:
    """Let a server answer a result by itself, and then as it was asked to."""
    feed(responses, created(), call_done(), done())
    responses.tool_result("c", "1", reply=True)
    assert kinds(responses.drain()) == [wire.ConversationItemCreate, wire.ResponseCreate]
    feed(responses, created("own"), delta(item="a", reply="own"), done("own"))
    responses.drain()


def test_a_server_that_answers_a_result_by_itself_too_is_heard_once(responses: Responses) -> None:
    answered_by_itself(responses)
    got = feed(responses, created("asked"), delta(item="b", reply="asked"))
    (cancel,) = responses.drain()
    assert isinstance(cancel, wire.ResponseCancel)
    assert cancel.response_id == "asked"
    assert not [event for event in got if isinstance(event, Audio)]


def test_one_that_refuses_the_second_answer_is_not_asked_for_it_again(responses: Responses) -> None:
    feed(responses, created(), call_done(), done())
    responses.tool_result("c", "1", reply=True)
    create = responses.drain()[-1]
    busy = items.ErrorDetail(code="conversation_already_has_active_response", event_id=create.event_id)
    assert responses.refused(busy) == []
    feed(responses, created("own"), delta(item="a", reply="own"), done("own"))
    assert responses.drain() == []


@pytest.mark.parametrize(
    "between",
    [
        wire.InputAudioBufferSpeechStarted(item_id="u"),
        wire.InputAudioBufferCommitted(item_id="u"),
        wire.InputAudioBufferTimeoutTriggered(0, 1, item_id="u"),
        None,
    ],
)
def test_what_it_says_later_for_a_reason_of_its_own_is_heard(responses: Responses, between: Any) -> None:
    answered_by_itself(responses)
    if between is None:
        for _ in range(SOON):
            responses.hears()
    else:
        feed(responses, between)
    got = feed(responses, created("next"), delta(item="b", reply="next"))
    assert responses.drain() == []
    assert [event for event in got if isinstance(event, Audio)]


def test_what_is_to_be_said_without_tools_is_asked_for_without(responses: Responses) -> None:
    responses.say("Answer.", tools=False)
    create = responses.drain()[-1]
    assert isinstance(create, wire.ResponseCreate)
    assert create.response == items.ResponseParams(tool_choice="none")
    feed(responses, created(), done())
    responses.say("Greet.")
    assert responses.drain()[-1].response is None
