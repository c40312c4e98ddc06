import numpy as np
import pytest

from device.local.tts.level import DBFS, gain_for, samples, speaking_level


def test_the_level_is_that_of_the_frames_that_speak():
    tone = np.sin(np.arange(16_000) * 0.3)
    half = np.concatenate([tone, np.zeros(16_000)])
    assert speaking_level(half, 16_000) == pytest.approx(np.sqrt(0.5), rel=0.01)


@pytest.mark.parametrize("loudness", [0.01, 0.5])
def test_every_voice_comes_to_the_same_level(loudness):
    tone = loudness * np.sin(np.arange(16_000) * 0.3)
    assert 20 * np.log10(speaking_level(tone * gain_for(tone, 16_000), 16_000)) == pytest.approx(DBFS, abs=0.1)


def test_silence_and_nothing_are_left_alone():
    assert gain_for(np.zeros(16_000), 16_000) == 1.0
    assert gain_for(np.zeros(0), 16_000) == 1.0


def test_peaks_are_rounded_off_and_not_clipped():
    speech = np.linspace(-2, 2, 4001)
    made = samples(speech).astype(float) / 32767
    quiet = np.abs(speech) <= 0.75
    np.testing.assert_allclose(made[quiet], speech[quiet], atol=1e-4)
    assert np.all(np.diff(made) >= 0)
    assert np.abs(made).max() <= 1.0
    assert made[speech > 1.0][0] < 0.95
    assert list(samples(np.zeros(0))) == []
