"""A short run of a bench with the real command; its figures are not judged here."""

from device.bench.result import Job
from device.bench.run import run_one
from device.settings.tree import Settings


def test_the_start_is_measured_with_the_real_command():
    result = run_one("start", Job(settings=Settings(), quick=True))
    assert not result.error
    figures = {figure.name: figure.value for figure in result.figures}
    assert 0.2 < figures["the first"] < 60
    assert 0 < figures["importing numpy, instrumented"] < figures["the first"] * 20
