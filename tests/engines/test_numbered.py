"""Replies that get their names here."""

from __future__ import annotations

import pytest

from device.conversation.engine import Audio, AudioDone, EngineEvent, ReplyEnded, ReplyStarted, Words
from device.engines.numbered import REMEMBERED, Numbered, Reply


@pytest.fixture
def replies() -> Numbered[Reply]:
    return Numbered(Reply)


def test_a_reply_begins_once(replies: Numbered[Reply]) -> None:
    first, events = replies.begin()
    assert events == [ReplyStarted(first.name)]
    assert replies.begin() == (first, [])
    assert replies.active is replies.last is first


def test_the_next_one_has_another_name_and_another_item(replies: Numbered[Reply]) -> None:
    first, _ = replies.begin()
    first.open = False
    assert replies.active is None
    second, events = replies.begin()
    assert events == [ReplyStarted(second.name)]
    assert len({first.name, second.name, first.item, second.item}) == 4
    assert list(replies) == [first, second]


def test_ids_are_never_the_same(replies: Numbered[Reply]) -> None:
    assert replies.new_id("user") == "user_1"
    assert replies.new_id("user") == "user_2"
    assert replies.begin()[0].name == "reply_3"


def test_before_the_first_there_is_none(replies: Numbered[Reply]) -> None:
    assert replies.last is replies.active is None
    assert list(replies) == []
    assert replies.of("reply_1_audio") is None


def test_the_oldest_is_forgotten(replies: Numbered[Reply]) -> None:
    made = []
    for _ in range(REMEMBERED + 1):
        reply, _events = replies.begin()
        reply.open = False
        made.append(reply)
    assert list(replies) == made[1:]
    assert replies.of(made[0].item) is None
    assert replies.of(made[1].item) is made[1]


@pytest.mark.parametrize("cut", [False, True])
def test_audio_of_a_reply_that_was_cut_off_is_stale_even_when_the_next_has_begun(
    replies: Numbered[Reply], cut: bool
) -> None:
    reply, _ = replies.begin()
    audio: list[EngineEvent] = [Audio(reply.name, reply.item, b"ab"), AudioDone(reply.name, reply.item)]
    reply.cut = cut
    assert [replies.stale(event) for event in audio] == [cut, cut]
    reply.open = False
    replies.begin()
    assert [replies.stale(event) for event in audio] == [cut, cut]


@pytest.mark.parametrize(
    "event",
    [
        Audio("another", "another_audio", b"ab"),
        Words("assistant", "Hi.", final=True, item="reply_1_audio"),
        ReplyEnded("reply_1", "cancelled"),
    ],
)
def test_nothing_else_is_stale(replies: Numbered[Reply], event: EngineEvent) -> None:
    reply, _ = replies.begin()
    reply.cut = True
    assert not replies.stale(event)
