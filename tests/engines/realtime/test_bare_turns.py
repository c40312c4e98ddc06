"""Turns with a server that names nothing, in the Realtime protocol's words."""

from __future__ import annotations

from typing import Any

import pytest

from device.engines.realtime.bare_turns import LONGEST, UNREADY, BareTurns
from device.engines.realtime.responses import Responses
from device.wire import bare
from device.wire import realtime as wire

ASK = wire.ResponseCreate(event_id="create_1")


@pytest.fixture
def turns() -> BareTurns:
    return BareTurns()


def said(turns: BareTurns, *events: bare.ServerEvent) -> list[Any]:
    return [one for event in events for one in turns.receive(event)]


def test_what_begins_a_reply_names_it_and_all_that_follows_is_of_it(turns: BareTurns) -> None:
    got = said(turns, bare.TranscriptionDelta("It is"), bare.AudioDelta(b"ab"), bare.TranscriptionDone("It is noon."))
    assert [type(one).__name__ for one in got] == [
        "ResponseCreated",
        "ResponseOutputAudioTranscriptDelta",
        "ResponseOutputAudioDelta",
        "ResponseOutputAudioTranscriptDone",
    ]
    assert got[0].response.id == "reply_1"
    assert {(one.response_id, one.item_id) for one in got[1:]} == {("reply_1", "reply_1_item")}


def test_each_reply_has_a_name_of_its_own(turns: BareTurns) -> None:
    got = said(turns, bare.AudioDelta(b"ab"), bare.AudioDone(), bare.AudioDelta(b"ab"))
    assert [one.response.id for one in got if isinstance(one, wire.ResponseCreated)] == ["reply_1", "reply_2"]


def test_a_reply_ends_with_what_it_cost(turns: BareTurns) -> None:
    done = said(turns, bare.TranscriptionDone("Hi.", bare.Usage(7, 3)), bare.AudioDone())[-1]
    assert (done.response.status, done.response.usage.input_tokens, done.response.usage.output_tokens) == (
        "completed",
        7,
        3,
    )
    assert said(turns, bare.TranscriptionDone("Hi."), bare.AudioDone())[-1].response.usage is None


def test_an_end_without_a_beginning_is_a_reply_of_nothing(turns: BareTurns) -> None:
    created, done = said(turns, bare.AudioDone())
    assert isinstance(created, wire.ResponseCreated)
    assert (done.response.id, done.response.status) == ("reply_1", "completed")


@pytest.mark.parametrize("code", sorted(UNREADY))
def test_an_error_that_says_that_no_reply_was_begun_answers_our_question(turns: BareTurns, code: str) -> None:
    turns.messages(ASK)
    (event,) = said(turns, bare.Error("no", code))
    assert (event.error.code, event.error.event_id) == (code, "create_1")
    (event,) = said(turns, bare.Error("no", code))
    assert event.error.event_id is None


@pytest.mark.parametrize("begun", [False, True])
def test_any_other_error_fails_the_reply_which_still_ends(turns: BareTurns, begun: bool) -> None:
    turns.messages(ASK)
    if begun:
        said(turns, bare.AudioDelta(b"ab"))
    (event,) = said(turns, bare.Error("out of memory", "oom"))
    assert event.error.event_id is None
    done = said(turns, bare.AudioDone())[-1]
    assert done.response.status == "failed"
    assert done.response.status_details.error.message == "out of memory"
    assert said(turns, bare.AudioDelta(b"ab"), bare.AudioDone())[-1].response.status == "completed"


def test_an_error_between_replies_fails_none(turns: BareTurns) -> None:
    said(turns, bare.Error("odd", None))
    assert said(turns, bare.AudioDelta(b"ab"), bare.AudioDone())[-1].response.status == "completed"


def test_what_means_nothing_is_nothing(turns: BareTurns) -> None:
    assert said(turns, bare.SessionCreated()) == []
    assert turns.messages(wire.ResponseCancel()) == []


def test_what_was_heard_and_is_discarded_is_not_sent(turns: BareTurns) -> None:
    turns.hear(b"ab")
    turns.messages(wire.InputAudioBufferClear())
    turns.hear(b"cd")
    turns.messages(wire.InputAudioBufferCommit())
    assert turns.messages(ASK) == [
        wire.InputAudioBufferAppend(b"cd"),
        bare.Commit(final=False),
        bare.Commit(final=True),
    ]


def test_turns_that_were_committed_before_the_reply_go_together(turns: BareTurns) -> None:
    for pcm in (b"ab", b"cd"):
        turns.hear(pcm)
        turns.messages(wire.InputAudioBufferCommit())
    assert turns.messages(ASK)[:2] == [wire.InputAudioBufferAppend(b"ab"), wire.InputAudioBufferAppend(b"cd")]
    assert len(turns.messages(ASK)) == 2


def test_a_turn_is_sent_when_the_reply_before_is_over_since_the_server_would_throw_it_away() -> None:
    responses, turns = Responses(24_000), BareTurns()

    def sent() -> list[Any]:
        return [one for message in responses.drain() for one in turns.messages(message)]

    def said(event: bare.ServerEvent) -> None:
        for one in turns.receive(event):
            responses.receive(one)

    turn = [wire.InputAudioBufferAppend(b"\1\0"), bare.Commit(final=False), bare.Commit(final=True)]
    turns.hear(b"\1\0")
    responses.commit()
    assert sent() == turn
    for begun in (False, True):  # what interrupts it, comes before the reply or in its midst
        if begun:
            said(bare.AudioDelta(b"\1\0"))
        responses.interrupt([])
        turns.hear(b"\1\0")
        responses.commit()
        assert sent() == []
        said(bare.AudioDelta(b"\1\0"))
        assert sent() == []
        said(bare.AudioDone())
        assert sent() == turn


def test_of_a_turn_that_is_too_long_the_end_is_sent() -> None:
    turns = BareTurns()
    for n in range(5):
        turns.hear(bytes([n]) * (LONGEST // 4))
    turns.messages(wire.InputAudioBufferCommit())
    *sent, _, _ = turns.messages(wire.ResponseCreate())
    assert [one.audio[0] for one in sent if isinstance(one, wire.InputAudioBufferAppend)] == [1, 2, 3, 4]
