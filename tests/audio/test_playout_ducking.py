"""A reply that is lowered, held and let go on: what is heard of it."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.loudspeaker import BLOCK, RATE, Loudspeaker, queue, told

from device.audio.playout import Playout
from device.conversation.events import Heard


def test_a_duck_is_20_db_down_within_a_block_and_soon_silent_without_a_step(card, playout):
    queue(playout, "a", 500)
    card.run(50)
    playout.duck(-20)
    down = card.run(10).astype(int)
    assert down[-1] == 1000
    hush = card.run(40).astype(int)
    assert (np.diff(down) <= 0).all()
    assert (np.diff(hush) <= 0).all()
    assert np.abs(np.diff(np.concatenate((down, hush)))).max() <= 10_000 / 160
    assert hush[-1] == 0
    assert not card.run(3000).any(), "it waits"
    assert [k[0] for k in told(playout)] == ["started"]
    assert playout.heard("a") == Heard("a", 90, whole=False), "what went out while it fell silent was heard, too"


def test_a_lowered_reply_that_is_ducked_falls_silent_and_waits(card, playout):
    queue(playout, "a", 500)
    card.run(50)
    playout.lower(-20)
    card.run(60)
    playout.duck(-20)
    assert (card.run(40).astype(int) <= 1000).all()
    assert not card.run(500).any()
    playout.restore()
    assert (card.run(100)[16 * 20 :] == 10_000).all()
    playout.lower(-20)
    card.run(20)
    playout.cut(30)
    assert card.run(40)[-1] == 0
    queue(playout, "b", 500)
    assert card.run(50)[-1] == 10_000, "the next reply is not lowered"


def test_a_restored_reply_is_back_within_20_ms_without_a_step(card, playout):
    queue(playout, "a", 500)
    card.run(50)
    playout.duck(-20)
    card.run(300)
    playout.restore()
    up = card.run(30).astype(int)
    assert (np.diff(up) >= 0).all()
    assert np.diff(up).max() <= 10_000 / 160
    assert up[16 * 20] == 10_000


def test_a_restored_reply_goes_on_from_the_word_that_was_broken_off(card, playout):
    word = np.full(RATE * 200 // 1000, 10_000, np.int16)
    pause = np.full(RATE * 60 // 1000, 20, np.int16)
    sound = np.concatenate((word, pause, word, pause, word, word))
    playout.play("a", sound.tobytes(), RATE)
    playout.finish("a")
    card.run(400)  # in the second word, which began at 260
    playout.duck(-20)
    card.run(500)
    playout.restore()
    rest = card.run(1200)
    onset = int(np.argmax(np.abs(rest) > 20))
    assert onset <= RATE * 60 // 1000
    assert (rest[onset : onset + len(word)] == word).all(), "all of it, at its full level"
    assert np.count_nonzero(rest == 10_000) == 3 * len(word)
    assert told(playout)[-1][2:] == (("a", 920, True),)


def test_a_short_hiccup_repeats_nothing_but_the_ramps(card, playout):
    queue(playout, "a", 1000)
    playout.finish("a")
    card.run(300)
    playout.duck(-20)
    card.run(100)
    playout.restore()
    card.run(1000)
    full = np.count_nonzero(card.track == 10_000)
    assert 0 <= full - RATE <= 2, "every sample at full level once"
    assert told(playout)[-1][2] == ("a", 1000, True)


def test_a_reply_ducked_before_its_first_sample_begins_with_it(card, playout):
    playout.duck(-20)
    card.run(20)
    queue(playout, "a", 200)
    assert not card.run(300).any()
    assert told(playout) == []
    playout.restore()
    assert (card.run(200) == 10_000).all()
    assert told(playout)[0] == ("started", 16 * 320, ("a", 0, False))


def test_an_item_that_was_over_when_the_duck_came_is_done_and_the_next_waits(card, playout):
    queue(playout, "a", 100)
    playout.finish("a")
    queue(playout, "b", 100, level=-5000)
    card.run(100)
    playout.duck(-20)
    assert not card.run(500).any()
    assert [k[:2] for k in told(playout)] == [("started", 0), ("done", 1600)]
    playout.restore()
    assert (card.run(100) == -5000).all()


def test_an_item_that_would_end_while_it_is_ducked_ends_after_that(card, playout):
    queue(playout, "a", 120)
    playout.finish("a")
    queue(playout, "b", 100, level=-5000)
    playout.finish("b")
    card.run(100)
    playout.duck(-20)
    card.run(500)
    assert [k[0] for k in told(playout)] == ["started"]
    playout.restore()
    card.run(700)
    assert [(k[0], k[2][0]) for k in told(playout)] == [("done", "a"), ("started", "b"), ("done", "b")]
    assert np.count_nonzero(card.track == -5000) == RATE // 10


def test_a_cut_while_ducked_is_at_once_and_tells_what_was_played(card, playout):
    queue(playout, "a", 500)
    queue(playout, "b", 500)
    card.run(100)
    playout.duck(-20)
    card.run(200)
    playout.cut(30)
    assert not card.run(100).any()
    assert told(playout)[-1] == ("cut", 16 * 300, ("a", 140, False), ("b", 0, False))
    queue(playout, "c", 100)
    assert (card.run(100) == 10_000).all()


def test_after_a_rewind_what_was_heard_once_stays_heard(card, playout):
    queue(playout, "a", 2000)
    card.run(800)
    playout.duck(-20)
    card.run(400)
    playout.restore()
    card.run(30)
    playout.cut(10)
    card.run(20)
    assert told(playout)[-1][2] == ("a", 840, False)


def test_what_is_still_on_its_way_to_the_loudspeaker_arrives_while_it_is_ducked():
    playout = Playout(RATE, latency=lambda: RATE * 100 // 1000)
    card = Loudspeaker(playout)
    queue(playout, "a", 1000)
    card.run(300)
    assert playout.heard("a").ms == 200
    playout.duck(-20)
    card.run(40)
    assert playout.heard("a").ms == 240
    card.run(50)
    assert playout.heard("a").ms == 290
    card.run(200)
    assert playout.heard("a").ms == 340


def test_a_reply_that_is_ducked_again_and_again_still_gets_on(card, playout):
    queue(playout, "a", 2000)
    playout.finish("a")
    for _ in range(100):
        playout.duck(-20)
        card.run(200)
        playout.restore()
        card.run(60)
    assert playout.heard("a") is None, "it came to its end"


def test_a_lowered_reply_goes_on(card, playout):
    queue(playout, "a", 500)
    card.run(50)
    playout.lower(-20)
    card.run(10)
    assert (card.run(50) == 1000).all()
    playout.restore()
    card.run(20)
    assert (card.run(50) == 10_000).all(), "a dip of 60 ms, and nothing else"
    assert playout.heard("a").ms == 180


def test_a_reply_that_was_lowered_for_more_than_a_dip_repeats_the_word(card, playout):
    word = np.full(RATE * 200 // 1000, 10_000, np.int16)
    pause = np.full(RATE * 60 // 1000, 20, np.int16)
    playout.play("a", np.concatenate((word, pause, word, pause, word, word)).tobytes(), RATE)
    playout.finish("a")
    card.run(400)
    playout.lower(-20)
    lowered = card.run(250)
    assert np.abs(lowered[-100:]).max() == 1000
    playout.restore()
    rest = card.run(1200)
    quiet = int(np.argmax(np.abs(rest) < 5))
    assert quiet <= RATE * 40 // 1000
    onset = quiet + int(np.argmax(np.abs(rest[quiet:]) > 20))
    assert (rest[onset : onset + len(word)] == word).all()
    assert np.count_nonzero(rest == 10_000) == 3 * len(word)
    assert told(playout)[-1][2:] == (("a", 920, True),)


def test_a_lowered_reply_can_be_held_and_goes_back_to_where_it_was_lowered(card, playout):
    queue(playout, "a", 2000)
    playout.finish("a")
    card.run(1000)
    playout.lower(-20)
    card.run(200)
    playout.duck(-20)
    card.run(40)
    assert not card.run(300).any()
    playout.restore()
    card.run(3000)
    full = np.count_nonzero(card.track == 10_000)
    assert 2 * RATE <= full <= 2.1 * RATE, "all of it at full level"


def test_a_lowered_reply_ends_after_it_is_restored(card, playout):
    queue(playout, "a", 200)
    playout.finish("a")
    queue(playout, "b", 100, level=-5000)
    playout.finish("b")
    card.run(150)
    playout.lower(-20)
    card.run(300)
    assert [k[0] for k in told(playout)] == ["started"]
    playout.restore()
    card.run(800)
    assert [(k[0], k[2][0]) for k in told(playout)] == [("done", "a"), ("started", "b"), ("done", "b")]
    assert np.count_nonzero(card.track == -5000) == RATE // 10


def test_a_lowered_reply_can_be_cut(card, playout):
    queue(playout, "a", 500)
    card.run(100)
    playout.lower(-20)
    card.run(100)
    playout.cut(30)
    card.run(10)
    assert not card.run(100).any()
    assert told(playout)[-1] == ("cut", 16 * 210, ("a", 210, False))


def test_a_volume_changed_while_it_is_ducked_holds_afterwards(card, playout):
    queue(playout, "a", 1000)
    card.run(100)
    playout.duck(-20)
    card.run(100)
    playout.volume = 0.5
    assert not card.run(100).any()
    playout.restore()
    card.run(30)
    assert (card.run(50) == 2500).all()


@pytest.mark.parametrize("held_ms", [100, 600])
@pytest.mark.parametrize("hertz", [110, 220, 440])
def test_neither_ducking_nor_coming_back_clicks(card, playout, hertz, held_ms):
    tone = 10_000 * np.sin(2 * np.pi * hertz * np.arange(2 * RATE) / RATE)
    playout.play("a", tone.astype(np.int16).tobytes(), RATE)
    card.run(700)  # so far in that it does not go back to its beginning, which is as it is
    playout.duck(-20)
    card.run(held_ms)
    playout.restore()
    card.run(500)
    frames = np.lib.stride_tricks.sliding_window_view(card.track[RATE // 10 :], RATE // 25)[:: RATE // 200]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(RATE // 25))) ** 2
    high = spectrum[:, 2000 // 25 :].sum(axis=1) / spectrum.sum(axis=1).max()
    # Cut off hard, the same tone has -34 to -25 dB there.
    assert 10 * np.log10(high.max()) < -65


def last_sound(card):
    return int(np.flatnonzero(card.track)[-1]) + 1


LONG = np.arange(1, 30_001, dtype=np.int16)  # at full level, each sample tells its place


def full(track):
    """Return the places in LONG that are played at full level, stretch by stretch, as (first, last)."""
    steps = np.diff(track.astype(int))
    edges = np.flatnonzero(np.diff(np.concatenate(([0], (steps == 1).astype(int), [0]))))
    return [(int(track[a]), int(track[b])) for a, b in edges.reshape(-1, 2) if b - a >= BLOCK]


@settings(max_examples=300, deadline=None)
@given(
    pieces=st.lists(st.integers(1, 6000), min_size=1, max_size=30),
    steps=st.lists(st.tuples(st.sampled_from(["lower", "duck", "restore", "none"]), st.integers(0, 60)), max_size=12),
)
@example(pieces=[1], steps=[("restore", 49), ("restore", 60), ("lower", 8), ("restore", 60), ("lower", 8)])
@example(pieces=[1], steps=[("restore", 1), ("lower", 1), ("restore", 1), ("lower", 7)])
@example(pieces=[1], steps=[("restore", 1), ("lower", 4), ("restore", 2), ("lower", 3)])
@example(pieces=[1], steps=[("restore", 52), ("lower", 8), ("restore", 60), ("restore", 60), ("lower", 8)])
@example(pieces=[1], steps=[("restore", 69), ("duck", 5), ("restore", 120), ("duck", 1)])
@example(pieces=[1], steps=[("none", 30), *[("lower", 7), ("restore", 1)] * 5])
def test_nothing_is_skipped_or_left_unheard_however_it_is_ducked(pieces, steps):
    playout = Playout(RATE)
    bounds = np.cumsum(pieces)
    for piece in np.split(LONG, bounds[bounds < len(LONG)]):
        playout.play("a", piece.tobytes(), RATE)
    playout.finish("a")
    card = Loudspeaker(playout)
    ducks, ducked = 0, False
    for order, blocks in [*steps, ("restore", 600)]:
        if order in ("lower", "duck"):
            getattr(playout, order)(-20)
            ducks += not ducked
            ducked = True
        elif order == "restore":
            playout.restore()
            ducked = False
        before = playout.heard("a")
        card.run(10 * blocks)
        now = playout.heard("a")
        if before is not None and now is not None:
            assert now.ms >= before.ms
    stretches = full(card.track)
    assert len(stretches) <= ducks + 1
    reached = 0
    for first, last in stretches:
        # What is lowered is repeated from before it was, but for a dip of up to 80 ms and its ramps (an edge that is
        # rounded may hide the samples beside it).
        assert first <= reached + 3 + RATE * 110 // 1000
        assert first >= reached - RATE // 2 - 1
        reached = max(reached, last)
    kind, frame, heard = told(playout)[-1]
    assert (kind, heard) == ("done", ("a", 1875, True))
    assert frame >= last_sound(card), "what ends while it is lowered is done once it is no longer"
    # Nor at the end, but for the same dip, or the ramp at which it is held.
    lowered = "lower" in [order for order, _ in steps]
    assert reached >= len(LONG) - (RATE * 110 // 1000 if lowered else BLOCK)
    if not lowered:
        assert all(first <= last + 3 for (_, last), (first, _) in pairwise(stretches)), "held, nothing is missing"


def test_an_order_that_is_taken_back_before_the_next_block_changes_nothing(card, playout):
    queue(playout, "a", 500)
    card.run(100)
    for order in (playout.lower, playout.duck):
        order(-20)
        playout.restore()
        assert (card.run(50) == 10_000).all()
    assert playout.heard("a").ms == 200


def test_a_duck_that_is_taken_back_leaves_the_one_before_on_its_way_back(card, playout):
    queue(playout, "a", 1000)
    card.run(300)
    playout.duck(-20)
    card.run(100)
    playout.restore()
    playout.duck(-20)
    playout.restore()
    card.run(60)
    assert (card.run(100) == 10_000).all()


def test_what_was_lowered_and_held_between_two_blocks_goes_back(card, playout):
    queue(playout, "a", 1000)
    card.run(300)
    playout.lower(-20)
    card.run(20)
    playout.duck(-20)
    playout.restore()
    track = card.run(200)
    assert (track == 0).any(), "it falls silent first"
    assert playout.heard("a").ms < 300 + 20 + 200 - 20
