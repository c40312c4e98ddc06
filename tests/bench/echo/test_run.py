"""The parts of the bench of the canceller, and what they need."""

import numpy as np
import pytest

from device.bench.echo.run import measure, voices
from device.bench.result import BenchError, Job
from device.bench.sounds import load
from device.settings.tree import Settings


def test_an_unknown_part_is_named_with_those_that_there_are():
    with pytest.raises(BenchError, match=r'no part "speed"; it has rooms, faults'):
        measure(Job(settings=Settings(), quick=True, part="speed"))


def test_a_folder_without_sounds_is_named(tmp_path):
    with pytest.raises(BenchError, match=r"index\.toml is missing"):
        measure(Job(settings=Settings(), quick=True, sounds=tmp_path))


def test_what_is_said_has_no_silence_around_it():
    for voice in voices(load(), "replies")[:3]:
        assert np.abs(voice[:800]).max() > 1e-3
        assert np.abs(voice[-800:]).max() > 1e-3
    with pytest.raises(BenchError, match="no sounds of the kind replies"):
        voices([], "replies")
