import importlib
import json

import pytest
from click.testing import CliRunner

from device.bench import run
from device.bench.result import BenchError, Figure, Job, Result
from device.commands.main import main
from device.model_files.files import ModelError
from device.settings.tree import Settings


def of(bench, measure, monkeypatch):
    monkeypatch.setattr(importlib.import_module(run.BENCHES[bench]), "measure", measure)


def test_an_unknown_bench_is_named_with_those_that_there_are():
    with pytest.raises(BenchError, match=r'there is no bench "speed"; there are latency, .*start'):
        run.run_benches("speed", Settings(), None)


def test_the_command_says_so_without_a_traceback():
    done = CliRunner().invoke(main, ["bench", "speed"])
    assert done.exit_code == 1
    assert "there is no bench" in done.output
    assert "Traceback" not in done.output


@pytest.mark.parametrize("bench", run.BENCHES)
def test_each_bench_is_a_module_that_says_what_it_measures(bench):
    module = importlib.import_module(run.BENCHES[bench])
    assert callable(module.measure)
    assert len(module.WHAT) > 40


def test_results_are_written_down_and_a_miss_fails_the_command(monkeypatch, tmp_path):
    of("start", lambda job: Result("start", "what", (Figure("x", 5.0, "s", 4.0),)), monkeypatch)
    done = CliRunner().invoke(main, ["bench", "start", "--quick", "--json", str(tmp_path / "bench.json")])
    assert done.exit_code == 1
    assert "not reached" in done.output
    data = json.loads((tmp_path / "bench.json").read_text())
    assert data["quick"] is True
    assert data["reached"] is False
    assert data["machine"].keys() == {"processor", "cores", "load", "python"}
    assert [bench["bench"] for bench in data["benches"]] == ["start"]


def test_a_file_that_cannot_be_written_is_named(monkeypatch, tmp_path):
    of("start", lambda job: Result("start", "what", (Figure("x", 3.0, "s", 4.0),)), monkeypatch)
    with pytest.raises(BenchError, match="absent"):
        run.run_benches("start", Settings(), tmp_path / "absent" / "bench.json")


def test_what_keeps_one_bench_from_measuring_does_not_keep_the_others(monkeypatch, tmp_path):
    def fail(job):
        raise ModelError("hey_jarvis.onnx is missing")

    for bench in run.BENCHES:
        of(bench, lambda job, bench=bench: Result(bench, "what", (Figure("x", 1.0, "", 2.0),)), monkeypatch)
    assert run.run_benches(None, Settings(), None)
    of("idle", fail, monkeypatch)
    assert not run.run_benches(None, Settings(), tmp_path / "bench.json")
    found = json.loads((tmp_path / "bench.json").read_text())["benches"]
    assert [bench["bench"] for bench in found] == list(run.BENCHES)
    assert [bench["reached"] for bench in found] == [name != "idle" for name in run.BENCHES]
    assert found[3]["error"] == "hey_jarvis.onnx is missing"


def test_a_bench_is_told_how_and_with_what(monkeypatch, tmp_path):
    told = []
    of("heard", lambda job: told.append(job) or Result("heard", "", (Figure("x", 1, ""),)), monkeypatch)
    run.run_benches("heard", Settings(name="Ada"), None, config=tmp_path / "a.toml", quick=True)
    assert isinstance(told[0], Job)
    assert (told[0].settings.name, told[0].config, told[0].quick) == ("Ada", tmp_path / "a.toml", True)


def test_results_are_drawn_too(monkeypatch, tmp_path):
    of("start", lambda job: Result("start", "what", (Figure("x", 3.0, "s", 4.0),)), monkeypatch)
    done = CliRunner().invoke(main, ["bench", "start", "--html", str(tmp_path / "bench.html")])
    assert done.exit_code == 0
    assert "≤ 4 s" in (tmp_path / "bench.html").read_text()


def test_a_file_that_cannot_be_drawn_into_is_named(monkeypatch, tmp_path):
    of("start", lambda job: Result("start", "what", (Figure("x", 3.0, "s", 4.0),)), monkeypatch)
    with pytest.raises(BenchError, match=r"--html .*absent/bench\.html: No such file"):
        run.run_benches("start", Settings(), None, html=tmp_path / "absent" / "bench.html")
