import numpy as np
import pytest

from device.local.tts.edges import CLAUSE_S, SENTENCE_S, Edges

RATE = 8000


def sound(before, loud, after):
    tone = 0.5 * np.sin(np.arange(int(loud * RATE)) * 0.5)
    return np.concatenate([np.zeros(int(before * RATE)), tone, np.zeros(int(after * RATE))]).astype(np.float32)


@pytest.mark.parametrize("size", [100, 1000, 100_000])
@pytest.mark.parametrize(("ends", "pause"), [(True, SENTENCE_S), (False, CLAUSE_S)])
def test_silence_at_the_edges_is_replaced_by_the_pause(size, ends, pause):
    speech = np.concatenate([sound(0.2, 0.3, 0.2), sound(0.0, 0.3, 0.4)])
    edges = Edges(RATE, ends=ends)
    out = list(edges.trimmed(speech[n : n + size] for n in range(0, len(speech), size)))
    said = np.concatenate(out)
    assert edges.dropped == pytest.approx((0.2 - 0.015) * RATE, abs=2)
    # What is silent in between stays.
    assert len(said) / RATE == pytest.approx(0.015 + 0.8 + 0.015 + pause, abs=0.002)
    assert not said[-int(pause * RATE) :].any()
    start = edges.dropped
    middle = slice(200, len(said) - int((pause + 0.02) * RATE))
    np.testing.assert_array_equal(said[middle], speech[start:][middle])


def test_no_step_at_either_edge():
    out = np.concatenate(list(Edges(RATE, ends=True).trimmed([np.full(4000, 0.4, np.float32)])))
    assert np.abs(np.diff(np.concatenate([[0.0], out[:500]]))).max() < 0.01
    assert np.abs(out[-int(SENTENCE_S * RATE) :]).max() == 0


def test_silence_says_nothing():
    assert list(Edges(RATE, ends=True).trimmed([np.zeros(500, np.float32)] * 3)) == []
    assert list(Edges(RATE, ends=True).trimmed([])) == []
