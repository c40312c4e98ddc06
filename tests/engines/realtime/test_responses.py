"""The dialogue with a Realtime server: what it says becomes what the conversation hears."""

import logging
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.realtime_responses import RATE, added, created, delta, done, feed, item_done, kinds

from device.conversation.engine import (
    Audio,
    AudioDone,
    ReplyEnded,
    ReplyStarted,
    SpeechStarted,
    SpeechStopped,
    Usage,
    Words,
)
from device.conversation.events import Heard
from device.engines.realtime.replies import REMEMBERED
from device.engines.realtime.responses import Responses
from device.wire import realtime as wire
from device.wire import realtime_items as items
from device.wire.errors import Unknown


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


def test_a_question_by_text_is_a_turn_of_the_user_and_is_answered(responses: Responses) -> None:
    responses.ask("When is it due?")
    item, create = responses.drain()
    assert isinstance(item, wire.ConversationItemCreate)
    assert (item.item.role, item.item.content) == ("user", [items.Content(type="input_text", text="When is it due?")])
    assert isinstance(create, wire.ResponseCreate)
    feed(responses, created(), done())
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


def test_items_without_an_id_are_played_apart_and_the_server_is_told_nothing_of_them(responses: Responses) -> None:
    played = []
    for _ in range(2):
        got = feed(responses, created(""), delta(item="", reply=""), delta(item="", reply=""), done(""))
        played.append({event.item for event in got if isinstance(event, Audio)})
        assert [event for event in got if isinstance(event, AudioDone)]
    assert [len(items) for items in played] == [1, 1]
    assert not played[0] & played[1]
    feed(responses, created("r"), delta(item="", reply="r"))
    (item,) = {event.item for event in feed(responses, delta(item="", reply="r")) if isinstance(event, Audio)}
    responses.drain()
    responses.interrupt([Heard(item, 10, whole=False)])
    assert kinds(responses.drain()) == [wire.ResponseCancel]
