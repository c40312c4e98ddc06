import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.rooms import white

from device.audio.measure import dbfs, levels, silences, speech_bounds, speech_level

RATE = 48_000


def bursts(*pieces: tuple[float, float], rate: int = RATE) -> np.ndarray:
    """Return noise, piece after piece of (ms, dBFS); -inf for silence."""
    return np.concatenate([white(round(ms * rate / 1000), db, seed=i) for i, (ms, db) in enumerate(pieces)])


def test_dbfs():
    assert dbfs(np.full(100, 16384, np.int16)) == pytest.approx(-6.02, abs=0.01)
    assert dbfs(np.zeros(100, np.int16)) == dbfs(np.zeros(0, np.int16)) == -200


def test_levels_are_of_each_window():
    track = bursts((100, -20), (100, -np.inf), (100, -40))
    found = levels(track, RATE // 100, RATE // 100)
    assert len(found) == 30
    np.testing.assert_allclose(found[:10], -20, atol=1)
    assert (found[10:20] == -200).all()
    np.testing.assert_allclose(found[20:], -40, atol=1)
    assert len(levels(track[:100], 480, 480)) == 0


def test_the_speech_level_leaves_pauses_out():
    track = bursts((400, -26), (1200, -np.inf), (400, -26), (900, -80))
    assert speech_level(track, RATE) == pytest.approx(-26, abs=0.2)
    assert dbfs(track) < -31


def test_the_speech_level_of_less_than_a_window_is_its_level():
    assert speech_level(np.full(RATE // 100, 3277, np.int16), RATE) == pytest.approx(-20, abs=0.01)


@given(
    lead=st.integers(0, 300),
    speech=st.integers(20, 300),
    tail=st.integers(0, 300),
    rate=st.sampled_from([16_000, RATE]),
)
def test_speech_bounds_trim_silence_to_a_millisecond(lead, speech, tail, rate):
    track = bursts((lead, -np.inf), (speech, -26), (tail, -90), rate=rate)
    found = speech_bounds(track, rate)
    assert found is not None
    assert found[0] == pytest.approx(lead * rate / 1000, abs=rate / 1000)
    assert found[1] == pytest.approx((lead + speech) * rate / 1000, abs=rate / 1000)


def test_no_speech_has_no_bounds():
    assert speech_bounds(np.zeros(RATE, np.int16), RATE) is None
    assert speech_bounds(np.zeros(0, np.int16), RATE) is None


def test_silences_are_found_with_their_ends():
    track = bursts((50, -np.inf), (200, -20), (30, -np.inf), (200, -45), (120, -75), (100, -20), (80, -np.inf))
    found = silences(track, RATE, 40)
    expected = [(0, 50), (480, 600), (700, 780)]
    assert len(found) == len(expected)
    for (start, end), (first, last) in zip(found, expected, strict=True):
        assert start == pytest.approx(first * 48, abs=2 * 48)
        assert end == pytest.approx(last * 48, abs=2 * 48)


def test_a_silent_track_is_one_silence_and_a_loud_one_none():
    assert silences(np.zeros(4800, np.int16), RATE, 10) == [(0, 4800)]
    assert silences(white(4800, -20), RATE, 1) == []
