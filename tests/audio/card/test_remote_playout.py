"""The playout of a card's process does what one in this process does; what becomes of it when that process ends."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.loudspeaker import BLOCK, RATE, queue, told

from device.audio.card.base import Card
from device.audio.card.board import Board
from device.audio.card.published import Published
from device.audio.card.remote_playout import RemotePlayout
from device.audio.playout import Playout

ITEM = st.sampled_from(["a", "b"])
STEP = st.one_of(
    st.tuples(st.just("play"), ITEM, st.integers(0, 120)),
    st.tuples(st.just("finish"), ITEM),
    st.tuples(st.just("lower")),
    st.tuples(st.just("duck")),
    st.tuples(st.just("restore")),
    st.tuples(st.just("cut"), st.sampled_from([10, 30])),
    st.tuples(st.just("volume"), st.sampled_from([0.3, 1.0])),
    st.tuples(st.just("sound"), st.booleans()),
    st.tuples(st.just("silence")),
    st.tuples(st.just("time"), st.integers(1, 20)),
)


class Apart:
    """A card's process without the process: `playout` is what the daemon has, and blocks are rendered here."""

    def __init__(self, *, prebuffer_ms=40):
        self.files = Board.make(RATE, 2)
        self.board = Board(*self.files, RATE, 2)
        self.playout = RemotePlayout(Board(*self.files, RATE, 2), prebuffer_ms=prebuffer_ms, volume=1.0)
        self.begin()

    def begin(self):
        """Start a process."""
        self.card = Card(RATE)
        self.card.mic, self.card.reference = self.board.mic, self.board.reference
        self.board.writes = True
        self.published = Published(
            self.card, self.board, prebuffer_ms=self.playout.prebuffer_ms, volume=self.playout.volume
        )
        self.playout.attach(self.published.obey)

    def run(self, ms):
        """Return what is played in `ms`."""
        return blocks(self.published, ms)

    def close(self):
        for file in self.files:
            os.close(file)


def blocks(source, ms):
    track = np.zeros((ms // 10, BLOCK), np.int16)
    for n in range(len(track)):
        source.render(track[n], 0)
    return track.reshape(-1)


@pytest.fixture
def apart():
    apart = Apart()
    yield apart
    apart.close()


def do(playout, step):
    match step:
        case ("play", item, ms):
            n = RATE * ms // 2000
            playout.play(item, (3000 * np.sin(np.arange(n) / 7)).astype(np.int16).tobytes(), RATE // 2)
        case ("finish", item):
            playout.finish(item)
        case ("lower",):
            playout.lower(-20.0)
        case ("duck",):
            playout.duck(-20.0)
        case ("restore",):
            playout.restore()
        case ("cut", fade_ms):
            playout.cut(fade_ms)
        case ("volume", volume):
            playout.volume = volume
        case ("sound", repeat):
            playout.sound(np.full(3 * BLOCK, 500, np.int16), repeat=repeat)
        case ("silence",):
            playout.sound(None)


@settings(max_examples=300, deadline=None)
@given(steps=st.lists(STEP, max_size=40))
def test_whatever_is_ordered_it_is_played_and_told_as_in_this_process(steps):
    here, apart = Playout(RATE, prebuffer_ms=40), Apart()
    try:
        for step in [*steps, ("time", 3)]:
            if step[0] != "time":
                do(here, step)
                do(apart.playout, step)
                continue
            for _ in range(step[1]):
                assert apart.run(10).tolist() == blocks(here, 10).tolist()
                assert apart.playout.playing == here.playing
                assert [apart.playout.heard(item) for item in "ab"] == [here.heard(item) for item in "ab"]
                assert apart.playout.volume == here.volume
                assert told(apart.playout) == told(here)
    finally:
        apart.close()


def test_what_is_queued_is_there_at_once_though_no_block_has_passed(apart):
    queue(apart.playout, "a", 100)
    assert apart.playout.playing.item == "a"
    assert apart.playout.heard("a").ms == 0
    assert apart.playout.heard("b") is None


def test_an_item_of_the_same_name_may_come_again(apart):
    for _ in range(2):
        queue(apart.playout, "a", 50)
        apart.playout.finish("a")
        apart.run(100)
        assert apart.playout.playing is None
        assert [note[0] for note in told(apart.playout)] == ["started", "done"]


def test_a_reply_ends_with_its_process_as_far_as_it_was_heard(apart):
    queue(apart.playout, "a", 500)
    queue(apart.playout, "b", 500)
    apart.run(100)
    apart.playout.detach()
    assert told(apart.playout) == [
        ("started", 0, ("a", 0, False)),
        ("done", 0, ("a", 100, False)),
        ("done", 0, ("b", 0, False)),
    ]
    assert apart.playout.playing is None
    assert apart.playout.heard("a") is None


def test_a_cut_is_answered_though_the_process_ended_over_it(apart):
    queue(apart.playout, "a", 500)
    apart.run(100)
    apart.playout.cut(30)
    queue(apart.playout, "b", 500)
    apart.playout.detach()
    assert told(apart.playout)[1:] == [("cut", 0, ("a", 100, False)), ("done", 0, ("b", 0, False))]


def test_a_cut_that_was_answered_is_not_answered_again(apart):
    queue(apart.playout, "a", 500)
    apart.run(100)
    apart.playout.cut(10)
    apart.run(50)
    apart.playout.detach()
    assert [note[0] for note in told(apart.playout)] == ["started", "cut"]


def test_without_a_process_a_reply_goes_on_unheard(apart):
    apart.playout.detach()
    queue(apart.playout, "a", 200)
    apart.playout.finish("a")
    blocks(apart.playout, 100)
    apart.playout.skip(BLOCK)
    assert apart.playout.playing.ms == 100
    assert apart.playout.heard("a").ms == 100
    apart.playout.cut(10)
    blocks(apart.playout, 20)
    assert [note[0] for note in told(apart.playout)] == ["started", "cut"]
    for order in (apart.playout.lower, apart.playout.duck):
        order(-20.0)
    apart.playout.restore()
    apart.playout.sound(None)
    queue(apart.playout, "b", 200)
    blocks(apart.playout, 50)
    assert apart.playout.playing.item == "b"


def test_the_next_process_plays_what_comes_then_at_the_volume_that_is_set_by_then(apart):
    queue(apart.playout, "a", 100)
    apart.run(50)
    apart.playout.detach()
    told(apart.playout)
    apart.playout.volume = 0.5
    queue(apart.playout, "b", 300)
    blocks(apart.playout, 100)
    apart.begin()
    assert told(apart.playout) == [("started", 0, ("b", 0, False)), ("done", BLOCK, ("b", 110, False))]
    assert apart.playout.playing is None
    queue(apart.playout, "c", 300)
    assert apart.run(100)[-1] == 2500
    assert apart.playout.playing.item == "c"
    assert told(apart.playout) == [("started", 0, ("c", 0, False))]
