import numpy as np
import pytest

from device.listen.overlap import HOLD, LEFT_OVER_DB, EchoGate


def frame(db, seed=0):
    noise = np.random.default_rng(seed).standard_normal(512)
    return (noise * 32768 * 10 ** (db / 20)).astype(np.int16)


@pytest.mark.parametrize(
    ("clean", "mic", "explained"),
    [(-45, -25, True), (-25, -25, False), (-38, -25, False), (-42, -25, True), (-60, -60, False)],
)
def test_what_is_much_weaker_than_the_echo_may_be_left_over_of_it(clean, mic, explained):
    assert EchoGate().explains(frame(clean), frame(mic, 1)) is explained


def test_reverberation_explains_the_start_of_a_pause_and_no_more():
    gate = EchoGate()
    gate.explains(frame(-45), frame(-20))
    explained = [gate.explains(frame(-45), frame(-45)) for _ in range(12)]
    assert explained[0]
    assert not explained[-1]
    assert explained == sorted(explained, reverse=True)
    lasts = (25 + LEFT_OVER_DB) / (-10 * np.log10(HOLD))
    assert sum(explained) == pytest.approx(lasts, abs=1)


def test_silence_is_explained():
    assert EchoGate().explains(np.zeros(512, np.int16), np.zeros(512, np.int16))
