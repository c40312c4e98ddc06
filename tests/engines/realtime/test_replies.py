"""A server's replies, and where they are cut off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.conversation.events import Heard
from device.engines.realtime.replies import ITEMS, REMEMBERED, Cut, Output, Replies, milliseconds

RATE = 24_000
MS = 2 * RATE // 1000
"""Bytes of a millisecond."""


def output(*lengths_ms: int, complete: bool = False) -> Output:
    return Output("r", {part: ms * MS for part, ms in enumerate(lengths_ms)}, complete=complete)


@pytest.mark.parametrize(
    ("item", "ms", "cut"),
    [
        (output(100), 40, Cut(0, 40)),
        (output(100), 100, Cut(0, 100)),
        (output(100), 140, Cut(0, 100)),  # no more than was received
        (output(100), 0, Cut()),
        (output(100), -7, Cut()),
        (output(), 40, Cut()),
        (output(0), 40, Cut()),
        (output(100, 50), 100, Cut(0, 100)),
        (output(100, 50), 101, Cut(1, 1)),
        (output(100, 0, 50), 130, Cut(2, 30)),
        (output(100, 50), 900, Cut(1, 50)),
        (output(100, complete=True), 99, Cut(0, 99)),
        (output(100, complete=True), 100, None),
        (output(100, complete=True), 140, None),
        (output(complete=True), 0, Cut()),
    ],
)
def test_an_item_is_cut_off_where_it_was_heard_to(item: Output, ms: int, cut: Cut | None) -> None:
    assert item.cut(Heard("i", ms, whole=False), RATE) == cut


def test_what_was_heard_as_a_whole_is_not_cut_off() -> None:
    assert output(100).cut(Heard("i", 40, whole=True), RATE) is None


@given(st.lists(st.integers(0, 300), max_size=5), st.integers(-10, 2000), st.booleans())
def test_a_cut_is_within_what_was_received(lengths: list[int], ms: int, complete: bool) -> None:
    cut = output(*lengths, complete=complete).cut(Heard("i", ms, whole=False), RATE)
    total = sum(lengths)
    if cut is None:
        assert complete
        assert ms >= total > 0
    elif cut.ms:
        assert sum(lengths[: cut.part]) + cut.ms == min(ms, total)
        assert cut.ms <= lengths[cut.part]
    else:
        assert ms <= 0 or not total


@given(st.binary(max_size=99), st.lists(st.integers(0, 99), max_size=5))
def test_samples_stay_whole_however_the_bytes_are_cut(pcm: bytes, cuts: list[int]) -> None:
    item, ends = Output("r"), sorted(cuts)
    pieces = [pcm[a:b] for a, b in zip([0, *ends], [*ends, len(pcm)], strict=True)]
    taken = [item.take(piece, 0) for piece in pieces]
    assert all(len(piece) % 2 == 0 for piece in taken)
    assert b"".join(taken) + item.odd == pcm
    assert sum(item.received.values()) == len(pcm) & ~1


def test_audio_is_counted_by_content_part() -> None:
    item = Output("r")
    item.take(bytes(4), 1)
    item.take(bytes(2), 0)
    item.take(bytes(6), 1)
    assert item.received == {1: 10, 0: 2}


@pytest.mark.parametrize(
    ("size", "rate", "ms"), [(0, 24_000, 0), (48, 24_000, 1), (47, 24_000, 0), (32_000, 16_000, 1000)]
)
def test_lengths_are_whole_milliseconds(size: int, rate: int, ms: int) -> None:
    assert milliseconds(size, rate) == ms


def test_a_reply_is_known_from_its_beginning() -> None:
    replies = Replies()
    assert not replies.knows("r")
    assert replies.begin("r") == []
    assert replies.knows("r")
    replies["r"].open = False
    assert replies.knows("r")


def test_a_reply_without_a_name_is_known_only_while_it_is_in_the_making() -> None:
    replies = Replies()
    replies.begin("")
    assert replies.knows("")
    replies[""].open = False
    assert not replies.knows("")


def test_the_newest_in_the_making_stands_in_for_what_has_no_name() -> None:
    replies = Replies()
    assert replies.newest() == ""
    assert not replies.active
    for name in "abc":
        replies.begin(name)
    replies["c"].open = False
    assert replies.newest() == "b"
    assert not replies.active, "a server makes one at a time: b and a are over, though it did not say so"
    replies.begin("d")
    assert replies.active


def test_the_oldest_are_forgotten_with_their_items() -> None:
    replies = Replies()
    for n in range(REMEMBERED):
        assert replies.begin(f"r{n}") == []
        replies.add(f"i{n}", f"r{n}")
    assert replies.begin("next") == ["r0"]
    assert not replies.knows("r0")
    assert replies.output("i0") is None
    assert replies.output("i1") is not None
    assert len(list(replies.outputs())) == REMEMBERED - 1


def test_an_interruption_cuts_off_each_reply_once() -> None:
    replies = Replies()
    replies.begin("a")
    replies.begin("b")
    assert replies.interrupt() == ["a", "b"]
    replies.begin("c")
    assert replies.interrupt() == ["c"]
    replies["a"].open = False
    assert replies.cancelled() == ["b", "c"]


def test_an_item_stays_with_the_reply_that_it_came_with() -> None:
    replies = Replies()
    first = replies.add("i", "a")
    assert replies.add("i", "b") is first
    assert first.reply == "a"
    assert list(replies.outputs()) == [("i", first)]


@pytest.mark.parametrize(
    ("cut", "told", "complete", "open_", "dead", "takes"),
    [
        (False, False, False, True, False, True),
        (True, False, False, True, True, False),
        (False, True, False, True, True, False),
        (False, False, True, True, False, False),
        (False, False, False, False, False, False),
    ],
)
def test_audio_goes_on_while_it_is_wanted(
    *, cut: bool, told: bool, complete: bool, open_: bool, dead: bool, takes: bool
) -> None:
    replies = Replies()
    replies.begin("r")
    item = replies.add("i", "r")
    item.told, item.complete = told, complete
    replies["r"].cut, replies["r"].open = cut, open_
    assert replies.dead(item) is dead
    assert replies.takes(item, "r") is takes


def test_an_item_of_no_reply_is_not_dead() -> None:
    assert not Replies().dead(Output("gone"))


def test_items_without_end_are_forgotten() -> None:
    replies = Replies()
    replies.begin("r")
    for n in range(2 * ITEMS):
        replies.add(f"i{n}", "r")
    assert len(list(replies.outputs())) == ITEMS
    assert replies.output(f"i{2 * ITEMS - 1}") is not None
