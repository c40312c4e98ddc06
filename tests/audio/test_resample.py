from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.audio.resample import Resampler, resample

PAIRS = [(48_000, 16_000), (24_000, 16_000), (44_100, 16_000), (16_000, 24_000), (24_000, 48_000), (22_050, 24_000)]
pairs = pytest.mark.parametrize(("a", "b"), PAIRS)


def tone(rate, hz, seconds=1.0, peak=10_000):
    return (np.sin(2 * np.pi * hz * np.arange(round(rate * seconds)) / rate) * peak).round().astype(np.int16)


def level(pcm):
    middle = pcm[len(pcm) // 8 : -len(pcm) // 8].astype(float)
    return 20 * np.log10(np.sqrt(np.mean(middle**2)) / 32768 + 1e-9)


@pairs
def test_a_tone_keeps_its_level_and_place(a, b):
    out = resample(tone(a, 440), a, b)
    assert len(out) == b
    expected = np.sin(2 * np.pi * 440 * np.arange(b) / b) * 10_000
    assert np.abs(out - expected)[b // 10 : -b // 10].max() <= 2


def test_what_would_alias_is_removed():
    for hz in (8_500, 10_000, 15_000, 23_000):
        assert level(resample(tone(48_000, hz), 48_000, 16_000)) < -75
    assert level(resample(tone(48_000, 7_000), 48_000, 16_000)) == pytest.approx(level(tone(48_000, 7_000)), abs=0.5)


@pairs
def test_the_delay_is_constant_and_small(a, b):
    stream = Resampler(a, b)
    # Rates that no whole millisecond divides take up to the shortest time that they both divide more.
    more = 0 if a % 1000 == b % 1000 == 0 else 1000 / np.gcd(a, b)
    fed = got = 0
    for n in [a // 100] * 50 + [a // 1000] * 200 + [a // 50] * 20:
        fed += n
        got += len(stream.push(np.zeros(n, np.int16)))
        if fed > a * 0.05:
            assert -1e-6 <= (fed / a - got / b) * 1000 - stream.delay_ms <= more + 1e-6
    assert 4 <= stream.delay_ms < 4.1


@given(
    pair=st.sampled_from(PAIRS),
    sizes=st.lists(st.integers(1, 3000), min_size=1, max_size=20),
    seed=st.integers(0, 2**32 - 1),
)
def test_blocks_of_any_size_give_the_same_signal(pair, sizes, seed):
    pcm = np.random.default_rng(seed).integers(-32768, 32767, sum(sizes), np.int16, endpoint=True)
    stream = Resampler(*pair)
    edges = np.cumsum([0, *sizes])
    parts = [stream.push(pcm[i:j]) for i, j in pairwise(edges)]
    whole = resample(pcm, *pair)
    assert abs(len(whole) - len(pcm) * pair[1] / pair[0]) < 2
    assert np.array_equal(np.concatenate([*parts, stream.flush()]), whole)


@pairs
def test_silence_stays_silence(a, b):
    assert not resample(np.zeros(a, np.int16), a, b).any()


@pairs
def test_silence_between_sounds_shifts_nothing(a, b):
    sound = np.random.default_rng(1).integers(-9000, 9000, a // 10, np.int16)
    pcm = np.concatenate([sound, np.zeros(a, np.int16), sound, np.zeros(a // 2, np.int16), sound])
    stream = Resampler(a, b)
    parts = [stream.push(pcm[i : i + a // 100]) for i in range(0, len(pcm), a // 100)]
    whole, out = resample(pcm, a, b), np.concatenate([*parts, stream.flush()])
    assert len(out) == len(whole)
    assert np.abs(out.astype(int) - whole).max() <= 1


def test_long_silence_does_not_run_the_stream(monkeypatch):
    stream = Resampler(48_000, 16_000)
    stream.push(np.ones(480, np.int16))
    for _ in range(20):
        stream.push(np.zeros(480, np.int16))
    monkeypatch.setattr(np, "dot", None)  # which the filter is made of
    assert np.array_equal(stream.push(np.zeros(480, np.int16)), np.zeros(160, np.int16))


def test_loud_sound_is_clipped_not_wrapped():
    square = np.where(tone(16_000, 300) > 0, 32767, -32768).astype(np.int16)
    out = resample(square, 16_000, 48_000).astype(int)
    assert np.abs(np.diff(out)).max() < 40_000
    assert out.max() == 32767


def test_equal_rates_pass_untouched():
    stream = Resampler(16_000, 16_000)
    block = tone(16_000, 440)
    assert stream.push(block) is block
    assert len(stream.flush()) == 0
    assert stream.delay_ms == 0


def test_a_flushed_stream_starts_anew():
    stream = Resampler(24_000, 16_000)
    pcm = tone(24_000, 440, 0.1)
    first = np.concatenate([stream.push(pcm), stream.flush()])
    assert np.array_equal(np.concatenate([stream.push(pcm), stream.flush()]), first)


@pytest.mark.parametrize(
    ("rates", "why"), [((0, 16_000), "positive"), ((16_000, -1), "positive"), ((47_999, 16_000), "little in common")]
)
def test_an_impossible_rate_is_refused(rates, why):
    with pytest.raises(ValueError, match=why):
        Resampler(*rates)
