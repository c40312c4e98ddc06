import numpy as np

from device.bench.likeness import locate


def voice(seconds, seed=1):
    return (3000 * np.repeat(np.random.default_rng(seed).standard_normal(round(seconds * 8000)), 2)).astype(np.int16)


def test_locate_finds_a_piece_whatever_its_level():
    whole = voice(1)
    place, likeness = locate((whole[7000:12_000] // 10).astype(np.int16), whole)
    assert place == 7000
    assert likeness > 0.95


def test_what_is_not_there_is_not_alike():
    assert locate(voice(0.3, seed=5), voice(3))[1] < 0.4
    assert locate(voice(2), voice(1)) == (0, 0.0)
