"""What the engine was told was heard, against what was."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.bench.heard import GAP_MS, differences, passages


def test_passages_are_the_sound_between_silences_of_more_than_200_ms():
    track = np.zeros(48_000, np.int16)
    track[4_800:9_600] = 1
    track[12_000:14_400] = -1  # after 50 ms: the same passage
    track[38_400:] = 5
    assert passages(track, 48_000) == [(0.1, 0.3), (0.8, 1.0)]
    assert passages(np.zeros(100, np.int16), 48_000) == []


@given(st.lists(st.tuples(st.integers(GAP_MS + 1, 600), st.integers(1, 300)), max_size=6))
def test_every_passage_is_found_to_the_sample(parts):
    track, wanted = np.zeros(0, np.int16), []
    for silence, sound in parts:
        start = len(track) + silence
        wanted.append((start / 1000, (start + sound) / 1000))
        track = np.concatenate((track, np.zeros(silence, np.int16), np.ones(sound, np.int16)))
    assert passages(track, 1000) == wanted


def test_differences_compare_each_item_with_the_passage_that_begins_with_it():
    told = {"a": 1000, "b": 480, "never played": 5, "not on the track": 7}
    starts = {"a": 2.0, "b": 6.02, "not on the track": 9.0}
    assert differences(told, starts, [(2.0, 3.012), (6.0, 6.5)]) == pytest.approx([12, 20])


def test_an_item_that_was_not_cut_off_is_not_compared():
    assert differences({}, {"a": 2.0}, [(2.0, 3.0)]) == []
