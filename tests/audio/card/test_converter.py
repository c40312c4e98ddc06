"""Conversion in the card's thread: as the resampler does it, in whole blocks and without allocating."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.card.converter import Converter
from device.audio.card.rates import HOST_RATES, RATES
from device.audio.resample import resample

NOISE = (np.random.default_rng(1).standard_normal(9_600) * 6_000).astype(np.int16)


def converted(converter, track, size):
    return np.concatenate([converter.push(track[at : at + size]).copy() for at in range(0, len(track), size)])


@pytest.mark.parametrize(("from_rate", "to_rate"), [(16_000, 48_000), (48_000, 16_000), (96_000, 48_000)])
def test_it_is_the_resampler_s_sound_four_milliseconds_later(from_rate, to_rate):
    converter = Converter(from_rate, to_rate, from_rate // 100)
    late = converter.half * to_rate // from_rate
    assert late == to_rate // 250
    track = converted(converter, NOISE, from_rate // 100)
    assert np.abs(track[late:].astype(int) - resample(NOISE, from_rate, to_rate)[: len(track) - late]).max() <= 1


WHOLE = [(rate, host) for rate in RATES for host in HOST_RATES if host % 100 == 0 and (host % 44_100 or rate % 44_100)]
"""But for those whose groups do not fill 10 ms."""


@pytest.mark.parametrize(("rate", "host"), WHOLE)
def test_a_block_becomes_a_block(rate, host):
    out = Converter(rate, host, rate // 100)
    back = Converter(host, rate, host // 100)
    for start in range(0, 10 * rate // 100, rate // 100):
        middle = out.push(NOISE[start : start + rate // 100])
        assert len(middle) == host // 100
        assert len(back.push(middle)) == rate // 100
        assert out.waiting == back.waiting == 0


@given(sizes=st.lists(st.integers(0, 441), max_size=40), pair=st.sampled_from([(22_050, 48_000), (44_100, 48_000)]))
def test_how_a_stream_is_cut_makes_no_difference_and_none_of_it_is_lost(sizes, pair):
    whole, pieces = Converter(*pair, len(NOISE)), Converter(*pair, 441)
    track = NOISE[: sum(sizes)]
    starts = np.cumsum([0, *sizes])
    parts = [pieces.push(track[a:b]).copy() for a, b in itertools.pairwise(starts)]
    found = np.concatenate([np.zeros(0, np.int16), *parts])
    # A product of another size may add up in another order.
    assert np.abs(found.astype(int) - whole.push(track)).max(initial=0) <= 1
    assert len(found) * pieces.group_in + pieces.waiting * pieces.group_out == len(track) * pieces.group_out


def test_after_a_reset_nothing_of_before_is_heard():
    converter = Converter(44_100, 48_000, 500)
    converter.push(NOISE[:500])
    assert converter.waiting
    converter.reset()
    assert not converter.push(np.zeros(441, np.int16)).any()


def test_what_is_too_loud_is_clipped():
    square = np.where(np.arange(441) % 100 < 50, 32_767, -32_768).astype(np.int16)
    track = Converter(44_100, 48_000, 441).push(square)
    assert track.max() == 32_767
    assert track.min() == -32_768


@pytest.mark.parametrize(("from_rate", "to_rate"), [(44_100, 48_000), (48_000, 44_100), (16_000, 48_000)])
def test_a_block_allocates_no_array(from_rate, to_rate):
    block = NOISE[: from_rate // 100]
    converter = Converter(from_rate, to_rate, len(block))
    converter.push(block)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        for _ in range(20):
            converter.push(block)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak - before < 1_000, "only the words that views take: the smallest matrix of windows has 5 kB"


def test_rates_with_nothing_in_common_are_refused():
    with pytest.raises(ValueError, match="5512"):
        Converter(5_512, 48_000, 480)
