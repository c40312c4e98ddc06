import numpy as np
import pytest

from device.bench.virtual_card import RATE
from scripts.comparing.plays import Play, heard_ms, over, passages, plays, silent_after_ms

S = RATE


def noise(seconds, level=1000, seed=1):
    return (np.random.default_rng(seed).standard_normal(round(seconds * RATE)) * level).astype(np.int16)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.int16)


def near(found, wanted):
    return len(found) == len(wanted) and np.allclose(found, wanted, atol=0.006 * RATE)


def test_passages_are_parted_by_silence_of_150_ms():
    track = np.concatenate([silence(0.5), noise(1), silence(0.1), noise(1), silence(0.2), noise(1), silence(0.3)])
    assert near(passages(track), [(0.5 * S, 2.6 * S), (2.8 * S, 3.8 * S)])


def test_a_lowered_reply_still_plays():
    track = np.concatenate([noise(0.5), noise(0.5, level=10), noise(0.5)])
    assert near(passages(track), [(0, 1.5 * S)])


def test_nothing_is_played_on_a_silent_track():
    assert passages(silence(1)) == []


def test_a_reply_that_halts_and_goes_on_is_one():
    found = [(1 * S, 2 * S), (3 * S, 5 * S), (6 * S, 8 * S)]
    first, second = plays(found, [("a", S - 100), ("b", 6 * S - 100)])
    assert (first.item, first.start, first.end) == ("a", 1 * S, 5 * S)
    assert (second.item, second.start, second.end) == ("b", 6 * S, 8 * S)
    assert first.silence_ms(0, 10 * S) == pytest.approx(1000)
    assert first.silence_ms(0, round(2.5 * S)) == pytest.approx(500)
    assert (first.pauses(0, 2 * S), first.pauses(0, 3 * S)) == (0, 1)


def test_what_sounds_long_after_a_reply_is_not_of_it():
    (play,) = plays([(1 * S, 2 * S), (9 * S, 10 * S)], [("a", S)])
    assert play.end == 2 * S


def test_a_reply_that_is_never_played_is_left_out():
    assert plays([(1 * S, 2 * S)], [("a", 3 * S)]) == []


def test_over_finds_the_reply_at_a_frame():
    one = Play("a", ((S, 2 * S),))
    assert over([one], S) is one
    assert over([one], 2 * S) is None


def test_silence_counts_from_the_onset_to_the_last_loud_frame():
    track = np.concatenate([noise(2), noise(0.2, level=3), silence(1)])
    (found,) = passages(track)
    assert silent_after_ms(track, round(1.5 * S), Play("a", (found,))) == pytest.approx(500, abs=6)


@pytest.mark.parametrize("cut_s", [0.9, 2.345])
def test_heard_is_what_was_played(cut_s):
    reply = noise(4, seed=2)[::2]  # at the wire's rate; what is played of it is held, not filtered
    track = np.concatenate([silence(1), np.repeat(reply, 2)[: round(cut_s * RATE)], silence(1)])
    (found,) = passages(track)
    assert heard_ms(track, Play("a", (found,)), reply, 0) == pytest.approx(1000 * cut_s, abs=8)


def test_heard_is_the_furthest_that_was_played():
    reply = noise(4, seed=2)[::2]
    whole = np.repeat(reply, 2)
    # Held after 2 s, gone on with from 1.7 s, and cut off at 1.9.
    track = np.concatenate(
        [silence(1), whole[: 2 * S], silence(0.5), whole[round(1.7 * S) : round(1.9 * S)], silence(1)]
    )
    (play,) = plays(passages(track), [("a", S)])
    assert heard_ms(track, play, reply, 2000) == pytest.approx(2000, abs=8)


def test_another_sound_is_not_recognised_as_the_reply():
    track = np.concatenate([silence(1), noise(2, seed=3), silence(1)])
    assert heard_ms(track, Play("a", passages(track)), noise(4, seed=2)[::2], 0) is None
