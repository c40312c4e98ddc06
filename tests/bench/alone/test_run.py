"""Which parts there are, and that cases come back in their order."""

import pytest

from device.bench.alone import run as alone
from device.bench.result import BenchError, Job
from device.settings.tree import Settings


def test_an_unknown_part_is_named_with_those_that_there_are():
    with pytest.raises(BenchError, match=r'no part "speed"; it has grid, faults, cold, build'):
        alone.measure(Job(settings=Settings(), quick=True, part="speed"))


def test_a_folder_without_sounds_is_named(tmp_path):
    with pytest.raises(BenchError, match=r"index\.toml is missing"):
        alone.measure(Job(settings=Settings(), quick=True, sounds=tmp_path))
