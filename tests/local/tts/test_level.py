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


def test_what_is_too_loud_is_clipped():
    assert list(samples(np.array([-2.0, -1.0, 0.0, 0.5, 2.0]))) == [-32768, -32768, 0, 16384, 32767]
