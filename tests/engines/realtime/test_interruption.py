"""An interruption in the dialogue with a Realtime server: what is cancelled, told and forgotten."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.realtime_responses import MS, RATE, added, call_done, created, delta, done, feed, item_done, kinds

from device.conversation.engine import Audio, ReplyEnded, ReplyStarted, Words
from device.conversation.events import Heard
from device.engines.realtime.responses import Responses
from device.wire import realtime as wire
from device.wire import realtime_items as items


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


def test_only_what_is_not_over_is_cancelled(responses: Responses) -> None:
    feed(responses, created("forgotten"), delta(item="a", reply="forgotten"), created("r"), delta())
    responses.interrupt([Heard("a", 30, whole=False), Heard("i", 0, whole=False)])
    cancelled = [one.response_id for one in responses.drain() if isinstance(one, wire.ResponseCancel)]
    assert cancelled == ["r"], "a server makes one at a time"
