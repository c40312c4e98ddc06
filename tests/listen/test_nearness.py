import numpy as np
import pytest

from device.audio.ring import RingBuffer
from device.bench import sounds
from device.listen.nearness import LEAST, nearness
from device.simulation import acoustics
from device.simulation.acoustics import convolve, impulse_response

RATE = 16_000


@pytest.fixture(scope="module")
def words():
    return [sound.samples().astype(np.float32) / 32768 for sound in sounds.load() if sound.kind == "wake"]


def heard(word, metres, *, gain_db=0.0, noise_db=-65.0, seed=0, lead_s=3.0):
    """Somebody in a furnished room, as the bench has it."""
    rng = np.random.default_rng(seed)
    direct = -1 - 20 * np.log10(metres)
    total = max(-10 * np.log10(metres), direct + 0.01)
    response = impulse_response(RATE, 0.4, 10 * np.log10(10 ** ((total - direct) / 10) - 1), rng)
    said = convolve(word, response) * np.float32(acoustics.ratio(total))
    track = np.concatenate((np.zeros(round(lead_s * RATE)), said[: len(word) + RATE // 5]))
    track += rng.standard_normal(len(track)) * acoustics.ratio(noise_db)
    track *= acoustics.ratio(gain_db)
    ring = RingBuffer(RATE, 10)
    ring.write(np.clip(np.rint(track * 32768), -32768, 32767).astype(np.int16))
    return ring


def test_it_is_higher_the_nearer_somebody_is(words):
    right = [
        nearness(heard(word, 1.0, seed=n)) > nearness(heard(word, 2.0, seed=100 + n)) for n, word in enumerate(words)
    ]
    assert sum(right) >= len(right) - 1


def test_a_noise_of_its_own_does_not_make_a_device_nearer(words):
    right = [
        nearness(heard(word, 1.0, seed=n, noise_db=-65)) > nearness(heard(word, 2.0, seed=100 + n, noise_db=-52))
        for n, word in enumerate(words)
    ]
    right += [
        nearness(heard(word, 1.0, seed=n, noise_db=-52)) > nearness(heard(word, 2.0, seed=100 + n, noise_db=-65))
        for n, word in enumerate(words)
    ]
    assert sum(right) >= len(right) - 3


def test_the_gain_does_not_count(words):
    plain, loud = nearness(heard(words[0], 1.5)), nearness(heard(words[0], 1.5, gain_db=12.0), 12.0)
    assert loud == pytest.approx(plain, abs=0.5)


def test_who_has_just_started_knows_a_little_and_who_hears_nothing_nothing(words):
    assert nearness(RingBuffer(RATE, 10)) == -200
    silent = RingBuffer(RATE, 10)
    silent.write(np.zeros(5 * RATE, np.int16))
    assert nearness(silent) == -200
    short = RingBuffer(RATE, 10)
    short.write(np.ones(LEAST - 1, np.int16))
    assert nearness(short) == -200
    assert nearness(heard(words[0], 1.0, lead_s=0.3)) > -100


def test_a_full_scale_square_wave_is_a_number():
    ring = RingBuffer(RATE, 10)
    ring.write(np.where(np.arange(4 * RATE) // 40 % 2, 32767, -32768).astype(np.int16))
    assert -200 < nearness(ring) < 100
