"""`parley bench`: what is handed to the benches, and what their results come to."""

import pytest

from device.bench.result import BenchError
from device.commands import bench


@pytest.fixture
def benches(monkeypatch):
    """Measure nothing; returns what was asked for."""
    asked = []

    def run_benches(name, settings, json_file, **keys):
        asked.append((name, keys))
        return name != "slow"

    monkeypatch.setattr(bench, "run_benches", run_benches)
    return asked


def test_what_is_asked_for_is_measured(parley, benches, tmp_path):
    out = tmp_path / "made" / "out"
    assert parley("bench", "bargein", "--quick", "--part", "self", "--out", str(out)).exit_code == 0
    assert benches == [
        (
            "bargein",
            {"config": None, "quick": True, "part": "self", "out": out, "sounds": None, "requests": None, "html": None},
        )
    ]
    assert out.is_dir()


def test_without_a_name_all_are(parley, benches):
    assert parley("bench").exit_code == 0
    assert [name for name, _ in benches] == [None]


def test_a_figure_that_is_not_reached_is_status_1(parley, benches):
    assert parley("bench", "slow").exit_code == 1


def test_a_bench_that_cannot_be_run_is_one_line(parley, monkeypatch):
    def run_benches(*_args, **_keys):
        raise BenchError("there is no such part")

    monkeypatch.setattr(bench, "run_benches", run_benches)
    result = parley("bench", "bargein", "--part", "x")
    assert (result.exit_code, result.output) == (1, "parley: there is no such part\n")
