"""The dialogue with a Realtime server, in every order of events."""

import logging
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.engine import (
    Audio,
    AudioDone,
    EngineEvent,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    ToolCall,
    Usage,
    Words,
)
from device.conversation.events import Heard
from device.engines.realtime.replies import REMEMBERED
from device.engines.realtime.responses import Responses
from device.wire import realtime as wire
from device.wire import realtime_items as items
from device.wire.errors import Unknown

RATE = 24_000
MS = 2 * RATE // 1000
"""Bytes of a millisecond."""


def created(reply: str = "r") -> wire.ResponseCreated:
    return wire.ResponseCreated(items.Response(id=reply, status="in_progress"))


def done(reply: str | None = "r", status: str | None = "completed", **fields: Any) -> wire.ResponseDone:
    return wire.ResponseDone(items.Response(id=reply, status=status, **fields))


def delta(
    pcm: bytes = bytes(100 * MS), item: str = "i", reply: str = "r", part: int = 0
) -> wire.ResponseOutputAudioDelta:
    return wire.ResponseOutputAudioDelta(pcm, item_id=item, response_id=reply, content_index=part)


def added(item: str = "i", reply: str = "r", kind: str = "message", **fields: Any) -> wire.ResponseOutputItemAdded:
    return wire.ResponseOutputItemAdded(items.Item(kind, id=item, **fields), response_id=reply)


def item_done(item: str = "i", reply: str = "r", kind: str = "message", **fields: Any) -> wire.ResponseOutputItemDone:
    return wire.ResponseOutputItemDone(items.Item(kind, id=item, **fields), response_id=reply)


def call_done(call: str = "c", name: str = "f", reply: str = "r", item: str = "ci") -> wire.Message:
    return wire.ResponseFunctionCallArgumentsDone(call, "{}", name, item_id=item, response_id=reply)


def feed(responses: Responses, *events: object) -> list[EngineEvent]:
    """Give events to a dialogue and all that comes of them to the conversation."""
    return [one for event in events for one in responses.receive(event) if not responses.stale(one)]


def kinds(messages: list[wire.ClientEvent]) -> list[type]:
    return [type(message) for message in messages]


@pytest.fixture
def responses() -> Responses:
    return Responses(RATE)


def test_a_spoken_turn(responses: Responses) -> None:
    got = feed(
        responses,
        wire.InputAudioBufferSpeechStarted(item_id="u"),
        wire.InputAudioBufferSpeechStopped(item_id="u"),
        wire.ConversationItemInputAudioTranscriptionDelta(item_id="u", delta="what "),
        wire.ConversationItemInputAudioTranscriptionCompleted("what time", item_id="u"),
        created(),
        added(),
        wire.ResponseOutputAudioTranscriptDelta("It is", item_id="i", response_id="r"),
        delta(b"\x01\x00"),
        wire.ResponseOutputAudioDone(item_id="i", response_id="r"),
        wire.ResponseOutputAudioTranscriptDone("It is one", item_id="i", response_id="r"),
        item_done(),
        done(usage=items.ResponseUsage(input_tokens=7, output_tokens=8)),
    )
    assert got == [
        SpeechStarted(),
        SpeechStopped(),
        Words("user", "what ", final=False, item="u"),
        Words("user", "what time", final=True, item="u"),
        ReplyStarted("r"),
        Words("assistant", "It is", final=False, item="i"),
        Audio("r", "i", b"\x01\x00"),
        Words("assistant", "It is one", final=True, item="i"),
        AudioDone("r", "i"),
        ReplyEnded("r", "completed", Usage(input_tokens=7, output_tokens=8)),
    ]
    assert responses.drain() == []


def test_an_empty_or_failed_transcript_still_ends_the_users_words(responses: Responses) -> None:
    assert feed(
        responses,
        wire.ConversationItemInputAudioTranscriptionCompleted("", item_id="u"),
        wire.ConversationItemInputAudioTranscriptionFailed(items.ErrorDetail(message="no"), item_id="v"),
    ) == [Words("user", "", final=True, item="u"), Words("user", "", final=True, item="v")]


def test_several_items_in_a_reply_are_each_ended(responses: Responses) -> None:
    got = feed(responses, created(), delta(item="a"), item_done("a"), delta(item="b"), item_done("b"), done())
    assert [event for event in got if isinstance(event, AudioDone)] == [AudioDone("r", "a"), AudioDone("r", "b")]


def test_audio_without_output_item_added_or_response_created_starts_the_reply(responses: Responses) -> None:
    got = feed(responses, delta(), done())
    assert got[0] == ReplyStarted("r")
    assert isinstance(got[1], Audio)
    assert got[2:] == [AudioDone("r", "i"), ReplyEnded("r", "completed")]


def test_deltas_without_a_response_id_belong_to_the_open_reply(responses: Responses) -> None:
    got = feed(responses, created("r"), delta(b"\0\0", reply=""), done(None))
    assert got[1:] == [Audio("r", "i", b"\0\0"), AudioDone("r", "i"), ReplyEnded("r", "completed")]


def test_a_server_without_response_ids_at_all_gives_one_reply_after_another(responses: Responses) -> None:
    for item in "ab":
        got = feed(responses, created(""), delta(item=item, reply=""), done(None))
        assert [type(event) for event in got] == [ReplyStarted, Audio, AudioDone, ReplyEnded]


def test_audio_after_the_end_of_a_reply_is_dropped(responses: Responses) -> None:
    feed(responses, created(), delta(), done())
    assert feed(responses, delta(), done()) == []


def test_a_reply_that_was_never_begun_ends_with_a_beginning(responses: Responses) -> None:
    assert feed(responses, done("x")) == [ReplyStarted("x"), ReplyEnded("x", "completed")]


@pytest.mark.parametrize(
    ("response", "status", "message"),
    [
        (
            {"status": "cancelled", "status_details": items.StatusDetails(reason="turn_detected")},
            "cancelled",
            "turn_detected",
        ),
        (
            {"status": "incomplete", "status_details": items.StatusDetails(reason="content_filter")},
            "incomplete",
            "content_filter",
        ),
        (
            {
                "status": "failed",
                "status_details": items.StatusDetails(error=items.ErrorDetail(message="broke", code="x")),
            },
            "failed",
            "broke",
        ),
        ({"status": "failed", "status_details": items.StatusDetails(error=items.ErrorDetail(code="x"))}, "failed", "x"),
        ({"status": "failed"}, "failed", ""),
        ({"status": None}, "completed", ""),
    ],
)
def test_how_a_reply_ended_and_why(responses: Responses, response: dict[str, Any], status: str, message: str) -> None:
    *_, end = feed(responses, created(), done(**response))
    assert isinstance(end, ReplyEnded)
    assert (end.status, end.message) == (status, message)


def test_unknown_events_mean_nothing(responses: Responses) -> None:
    assert feed(responses, Unknown("vendor.ping", "{}", "unknown"), wire.RateLimitsUpdated([])) == []


# Odd bytes


@given(st.binary(max_size=60), st.lists(st.integers(0, 60)))
def test_samples_torn_apart_are_put_together(pcm: bytes, cuts: list[int]) -> None:
    responses = Responses(RATE)
    edges = [0, *sorted(min(cut, len(pcm)) for cut in cuts), len(pcm)]
    got = feed(responses, *(delta(pcm[a:b]) for a, b in pairwise(edges)), done())
    pieces = [event.pcm for event in got if isinstance(event, Audio)]
    assert all(len(piece) % 2 == 0 and piece for piece in pieces)
    assert b"".join(pieces) == pcm[: len(pcm) // 2 * 2]


def test_odd_audio_is_warned_of_once(responses: Responses, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        feed(responses, delta(bytes(3)), delta(bytes(5)), delta(bytes(7)))
    assert len([record for record in caplog.records if "odd number of bytes" in record.message]) == 1


def test_the_last_odd_byte_of_an_item_goes_nowhere(responses: Responses) -> None:
    got = feed(responses, delta(b"\1\1\2", item="a"), item_done("a"), delta(b"\3\3", item="b"), done())
    assert [event.pcm for event in got if isinstance(event, Audio)] == [b"\1\1", b"\3\3"]


def test_the_last_odd_byte_of_a_part_goes_nowhere(responses: Responses) -> None:
    part_done = wire.ResponseOutputAudioDone(item_id="i", response_id="r")
    got = feed(responses, delta(b"\1\1\2"), part_done, delta(b"\3\3", part=1))
    assert [event.pcm for event in got if isinstance(event, Audio)] == [b"\1\1", b"\3\3"]


# Interruption


def test_an_interruption_cancels_and_tells_what_was_heard(responses: Responses) -> None:
    feed(responses, created(), delta())
    responses.interrupt([Heard("i", 40, whole=False)])
    cancel, truncate = responses.drain()
    assert isinstance(cancel, wire.ResponseCancel)
    assert cancel.response_id == "r"
    assert isinstance(truncate, wire.ConversationItemTruncate)
    assert (truncate.item_id, truncate.content_index, truncate.audio_end_ms) == ("i", 0, 40)


def test_what_still_comes_of_an_interrupted_reply_is_dropped(responses: Responses) -> None:
    feed(responses, created(), delta())
    waiting = responses.receive(delta())
    responses.interrupt([Heard("i", 40, whole=False)])
    responses.drain()
    assert [event for event in waiting if not responses.stale(event)] == []
    late = feed(
        responses,
        delta(),
        wire.ResponseOutputAudioTranscriptDelta("late", item_id="i", response_id="r"),
        wire.ResponseOutputAudioTranscriptDone("late words", item_id="i", response_id="r"),
        call_done(),
        item_done(),
        done(status="cancelled"),
    )
    assert late == [ReplyEnded("r", "cancelled")]
    assert responses.drain() == []


def test_words_of_the_user_are_never_dropped(responses: Responses) -> None:
    feed(responses, created(), delta())
    responses.interrupt([Heard("i", 40, whole=False)])
    words = wire.ConversationItemInputAudioTranscriptionCompleted("stop", item_id="u")
    assert feed(responses, words) == [Words("user", "stop", final=True, item="u")]


def test_a_reply_that_the_server_has_ended_is_not_cancelled(responses: Responses) -> None:
    feed(responses, created(), delta(), item_done(), done())
    responses.interrupt([Heard("i", 40, whole=False)])
    assert kinds(responses.drain()) == [wire.ConversationItemTruncate]


def test_nothing_is_told_twice(responses: Responses) -> None:
    feed(responses, created(), delta())
    responses.interrupt([Heard("i", 40, whole=False)])
    responses.drain()
    responses.interrupt([Heard("i", 40, whole=False)])
    assert responses.drain() == []


@pytest.mark.parametrize(
    ("heard", "complete", "told"),
    [
        (Heard("i", 100, whole=True), True, []),
        (Heard("i", 100, whole=True), False, []),
        (Heard("i", 100, whole=False), True, []),
        (Heard("i", 150, whole=False), True, []),
        (Heard("i", 150, whole=False), False, [("truncate", 100)]),
        (Heard("i", 99, whole=False), True, [("truncate", 99)]),
        (Heard("i", 1, whole=False), True, [("truncate", 1)]),
        (Heard("i", 0, whole=False), True, [("delete", "i")]),
        (Heard("stranger", 40, whole=False), True, []),
    ],
)
def test_what_is_told_of_an_item_of_100_ms(heard: Heard, complete: bool, told: list[tuple[str, object]]) -> None:
    responses = Responses(RATE)
    feed(responses, created(), delta())
    if complete:
        feed(responses, item_done(), done())
    responses.interrupt([heard])
    got: list[tuple[str, object]] = []
    for message in responses.drain():
        if isinstance(message, wire.ConversationItemTruncate):
            got.append(("truncate", message.audio_end_ms))
        elif isinstance(message, wire.ConversationItemDelete):
            got.append(("delete", message.item_id))
    assert got == told


@given(st.integers(0, 500), st.integers(-10, 600))
def test_no_truncation_goes_beyond_what_was_received(received: int, heard: int) -> None:
    responses = Responses(RATE)
    feed(responses, created(), delta(bytes(received * MS)))
    responses.interrupt([Heard("i", heard, whole=False)])
    for message in responses.drain():
        if isinstance(message, wire.ConversationItemTruncate):
            assert 0 < message.audio_end_ms <= received


def test_a_cut_in_the_second_part_of_an_item_is_told_of_that_part(responses: Responses) -> None:
    feed(responses, created(), delta(part=0), delta(part=1), item_done(), done())
    responses.interrupt([Heard("i", 130, whole=False)])
    (truncate,) = responses.drain()
    assert isinstance(truncate, wire.ConversationItemTruncate)
    assert (truncate.content_index, truncate.audio_end_ms) == (1, 30)


def test_of_several_items_the_unheard_ones_are_deleted(responses: Responses) -> None:
    feed(responses, created(), delta(item="a"), item_done("a"), delta(item="b"), item_done("b"), delta(item="c"))
    responses.receive(delta(item="d"))  # which has not reached the conversation yet
    responses.interrupt([Heard("a", 100, whole=True), Heard("b", 30, whole=False), Heard("c", 0, whole=False)])
    cancel, truncate, *deletes = responses.drain()
    assert isinstance(cancel, wire.ResponseCancel)
    assert isinstance(truncate, wire.ConversationItemTruncate)
    assert truncate.item_id == "b"
    assert [message.item_id for message in deletes if isinstance(message, wire.ConversationItemDelete)] == ["c", "d"]


def test_of_a_preamble_and_an_answer_the_audible_one_is_cut(responses: Responses) -> None:
    """A model that reasons says what it is about to do in an item of its own (`phase` "commentary")."""
    preamble = wire.decode_server(
        '{"type": "response.output_item.added", "response_id": "r", "output_index": 0, "item": {"type": "message", '
        '"id": "p", "role": "assistant", "phase": "commentary"}}'
    )
    got = feed(responses, created(), preamble, delta(item="p"), item_done("p"), delta(item="a"), delta(item="a"))
    assert [one.item for one in got if isinstance(one, Audio)] == ["p", "a", "a"]
    responses.interrupt([Heard("p", 60, whole=False), Heard("a", 0, whole=False)])
    cancel, truncate, delete = responses.drain()
    assert isinstance(cancel, wire.ResponseCancel)
    assert isinstance(truncate, wire.ConversationItemTruncate)
    assert (truncate.item_id, truncate.audio_end_ms) == ("p", 60)
    assert isinstance(delete, wire.ConversationItemDelete)
    assert delete.item_id == "a"
    assert feed(responses, delta(item="a"), item_done("a"), done(status="cancelled")) == [ReplyEnded("r", "cancelled")]


def test_a_preamble_that_was_heard_stays_when_the_answer_is_cut(responses: Responses) -> None:
    feed(responses, created(), delta(item="p"), item_done("p"), delta(item="a"), item_done("a"), done())
    responses.interrupt([Heard("p", 100, whole=True), Heard("a", 30, whole=False)])
    (truncate,) = responses.drain()
    assert isinstance(truncate, wire.ConversationItemTruncate)
    assert (truncate.item_id, truncate.audio_end_ms) == ("a", 30)


def test_what_a_reply_cost_by_kind(responses: Responses) -> None:
    usage = items.ResponseUsage(
        input_tokens=120,
        output_tokens=50,
        input_token_details=items.TokenDetails(audio_tokens=90, text_tokens=30, cached_tokens=64),
        output_token_details=items.TokenDetails(audio_tokens=40, text_tokens=10),
    )
    *_, end = feed(responses, created(), done(usage=usage))
    assert isinstance(end, ReplyEnded)
    assert end.usage == Usage(
        input_tokens=120, output_tokens=50, input_audio_tokens=90, output_audio_tokens=40, cached_tokens=64
    )


def test_an_item_played_before_the_interruption_stays(responses: Responses) -> None:
    feed(responses, created(), delta(item="a"), item_done("a"), delta(item="b"))
    responses.interrupt([Heard("b", 30, whole=False)])
    assert kinds(responses.drain()) == [wire.ResponseCancel, wire.ConversationItemTruncate]


def test_an_item_that_comes_after_the_interruption_is_deleted_once(responses: Responses) -> None:
    feed(responses, created(), delta())
    responses.interrupt([Heard("i", 30, whole=False)])
    responses.drain()
    feed(responses, added("late"), delta(item="late"), added("late"), item_done("late"))
    (delete,) = responses.drain()
    assert isinstance(delete, wire.ConversationItemDelete)
    assert delete.item_id == "late"


def test_the_next_reply_is_heard_again(responses: Responses) -> None:
    feed(responses, created(), delta())
    responses.interrupt([Heard("i", 30, whole=False)])
    feed(responses, done(status="cancelled"))
    assert feed(responses, created("s"), delta(b"\0\0", "j", "s")) == [ReplyStarted("s"), Audio("s", "j", b"\0\0")]


def test_a_reply_that_was_asked_for_before_the_interruption_is_cancelled_when_it_begins(responses: Responses) -> None:
    responses.commit()
    responses.interrupt([])
    assert kinds(responses.drain()) == [wire.InputAudioBufferCommit, wire.ResponseCreate]
    assert feed(responses, created(), delta()) == [ReplyStarted("r")]
    assert kinds(responses.drain()) == [wire.ResponseCancel]


def test_a_cancelled_reply_that_the_server_forgot_to_end_is_ended_by_its_complaint(responses: Responses) -> None:
    feed(responses, created(), delta())
    responses.interrupt([Heard("i", 30, whole=False)])
    complaint = items.ErrorDetail(message="no", code="response_cancel_not_active")
    assert responses.refused(complaint) == [ReplyEnded("r", "cancelled")]
    responses.drain()
    responses.commit()
    assert kinds(responses.drain()) == [wire.InputAudioBufferCommit, wire.ResponseCreate]


# Replies that are asked for


def test_a_commit_waits_for_the_cancelled_reply_to_end(responses: Responses) -> None:
    feed(responses, created(), delta())
    responses.interrupt([Heard("i", 30, whole=False)])
    responses.drain()
    responses.commit()
    assert kinds(responses.drain()) == [wire.InputAudioBufferCommit]
    feed(responses, done(status="cancelled"))
    assert kinds(responses.drain()) == [wire.ResponseCreate]


def test_saying_something_adds_it_and_asks_for_one_reply(responses: Responses) -> None:
    responses.say("The timer is up.")
    item, create = responses.drain()
    assert isinstance(item, wire.ConversationItemCreate)
    assert (item.item.role, item.item.content) == (
        "system",
        [items.Content(type="input_text", text="The timer is up.")],
    )
    assert isinstance(create, wire.ResponseCreate)
    responses.say("And another.")
    assert kinds(responses.drain()) == [wire.ConversationItemCreate]
    feed(responses, created(), done())
    assert kinds(responses.drain()) == [wire.ResponseCreate]
    feed(responses, created("s"), done("s"))
    assert responses.drain() == []


def test_a_request_that_met_an_unseen_reply_is_made_again_after_it(responses: Responses) -> None:
    responses.say("now")
    asked = responses.drain()[-1].event_id
    assert responses.refused(items.ErrorDetail(code="conversation_already_has_active_response", event_id=asked)) == []
    responses.say("and this")
    assert kinds(responses.drain()) == [wire.ConversationItemCreate]
    feed(responses, done("unseen"))
    assert kinds(responses.drain()) == [wire.ResponseCreate]


def test_a_request_that_the_server_refuses_is_a_failed_reply(responses: Responses) -> None:
    responses.say("now")
    asked = responses.drain()[-1].event_id
    refusal = items.ErrorDetail(message="not today", code="invalid_value", event_id=asked)
    assert responses.refused(refusal) == [ReplyEnded("", "failed", message="not today")]
    responses.say("again")
    assert kinds(responses.drain()) == [wire.ConversationItemCreate, wire.ResponseCreate]


# Calls


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


def test_the_end_of_audio_that_never_began_is_nothing(responses: Responses) -> None:
    assert feed(responses, wire.ResponseOutputAudioDone(item_id="i", response_id="r")) == []
    assert responses.drain() == []


def test_old_replies_are_forgotten(responses: Responses) -> None:
    for n in range(REMEMBERED + 1):
        feed(responses, created(f"r{n}"), delta(item=f"i{n}", reply=f"r{n}"), done(f"r{n}"))
    responses.interrupt([Heard("i0", 30, whole=False), Heard("i1", 30, whole=False)])
    assert [message.item_id for message in responses.drain() if isinstance(message, wire.ConversationItemTruncate)] == [
        "i1"
    ]


# Any order

REPLIES = st.sampled_from(["", "r", "s"])
ITEMS = st.sampled_from(["i", "j"])
EVENTS = st.one_of(
    st.builds(created, REPLIES),
    st.builds(done, REPLIES, st.sampled_from(["completed", "cancelled", "failed", None])),
    st.builds(delta, st.binary(max_size=5), ITEMS, REPLIES, st.integers(0, 1)),
    st.builds(added, ITEMS, REPLIES, st.sampled_from(["message", "function_call"])),
    st.builds(item_done, ITEMS, REPLIES, st.sampled_from(["message", "function_call"])),
    st.builds(call_done, st.sampled_from(["c", "d"]), st.sampled_from(["", "f"]), REPLIES, ITEMS),
    st.builds(
        lambda item, reply: wire.ResponseOutputAudioTranscriptDelta("x", item_id=item, response_id=reply),
        ITEMS,
        REPLIES,
    ),
    st.just(wire.InputAudioBufferSpeechStarted(item_id="u")),
)
WISHES = st.one_of(
    st.builds(lambda item, ms: ("interrupt", [Heard(item, ms, whole=False)]), ITEMS, st.integers(0, 3)),
    st.builds(lambda call, reply: ("tool_result", (call, reply)), st.sampled_from(["c", "d"]), st.booleans()),
    st.just(("commit", None)),
    st.just(("say", "x")),
    st.builds(
        lambda code: ("refused", code),
        st.sampled_from(["response_cancel_not_active", "conversation_already_has_active_response"]),
    ),
)


def act(responses: Responses, step: Any) -> list[EngineEvent]:
    """Take one step: an event of the server, or a wish of the conversation."""
    match step:
        case ("interrupt", heard):
            responses.interrupt(heard)
        case ("tool_result", (call, reply)):
            responses.tool_result(call, "{}", reply=reply)
        case ("commit", _):
            responses.commit()
        case ("say", text):
            responses.say(text)
        case ("refused", code):
            return responses.refused(items.ErrorDetail(code=code))
        case event:
            return feed(responses, event)
    return []


@given(st.lists(EVENTS | WISHES, max_size=40))
def test_no_order_of_events_breaks_the_rules(steps: list[Any]) -> None:
    responses = Responses(RATE)
    begun, ended, open_items, asked = set(), [], set(), 0
    told = []
    for step in steps:
        for one in act(responses, step):
            if isinstance(one, ReplyStarted):
                begun.add(one.reply)
            elif isinstance(one, Audio):
                assert one.reply in begun
                assert one.pcm
                assert len(one.pcm) % 2 == 0
                open_items.add(one.item)
            elif isinstance(one, AudioDone):
                open_items.remove(one.item)
            elif isinstance(one, ReplyEnded):
                ended.append(one.reply)
        if isinstance(step, wire.ResponseCreated) or step == ("refused", "conversation_already_has_active_response"):
            asked = 0
        sent = responses.drain()
        asked += kinds(sent).count(wire.ResponseCreate)
        assert asked <= 1
        told += [one.item_id for one in sent if isinstance(one, wire.ConversationItemTruncate)]
    named = [reply for reply in ended if reply]
    assert len(named) == len(set(named))
    assert set(ended) <= begun
    assert len(told) == len(set(told))
