"""The bench of stalls: its cases, and what it makes of what was counted; the rest is played by others."""

import pytest

from device.bench.result import BenchError, Job
from device.bench.stalls import run
from device.bench.stalls.counts import Counts, Tail, Yield
from device.settings.tree import Settings

SILENT = Tail(-60.0, 0.1)


def missed(case, counts):
    return [figure.name for figure in run.case_figures(case, counts) if not figure.reached]


def test_what_must_never_happen_is_a_miss():
    case = run.CASES[0]
    assert missed(case, Counts(minutes=1.0, replies=5, tails=[SILENT])) == []
    names = missed(case, Counts(minutes=1.0, cuts=1, answers=1, wakes=1, dips=1, tails=[Tail(-30, 0.9)]))
    assert len(names) == 5
    assert case.name in names[0]


def test_a_loud_echo_may_lower_a_reply_once_a_minute():
    (case,) = (case for case in run.CASES if "RT60" in case.name)
    assert missed(case, Counts(minutes=2.0, dips=2)) == []
    assert missed(case, Counts(minutes=1.0, dips=2)) == ["… that a reply is lowered, in 10 minutes"]


def test_each_fault_may_say_one_line():
    case = run.CASES[0]
    assert missed(case, Counts(minutes=1.0, faults=4, lines=4)) == []
    assert missed(case, Counts(minutes=1.0, faults=4, lines=5)) == ["… lines of the log for each fault"]


def test_interruptions_must_be_heeded_and_heard():
    heeded, not_heeded = Yield(1.0, 300.0, True), Yield(1.0, float("inf"), False)
    assert missed(run.CASES[0], Counts(minutes=1.0, yields=[heeded] * 20)) == []
    assert len(missed(run.CASES[0], Counts(minutes=1.0, yields=[heeded, not_heeded]))) == 2


def test_all_cases_can_be_chosen_by_a_part_of_their_names():
    assert run.chosen(Job(settings=Settings())) == run.CASES
    assert [case.name for case in run.chosen(Job(settings=Settings(), part="500"))] == ["echo 0 dB after 500 ms"]
    assert len(run.chosen(Job(settings=Settings(), quick=True))) == 1
    with pytest.raises(BenchError, match='no case is called "nothing"; there are: echo 0 dB after 100 ms;'):
        run.chosen(Job(settings=Settings(), part="nothing"))


@pytest.fixture
def played(models, monkeypatch, tmp_path):
    """Have cases played at once; what comes of each run is taken from a list."""
    models("silero_vad.onnx")
    counts = []
    monkeypatch.setattr(run, "play", lambda *_, seed: seed)
    monkeypatch.setattr(run, "count", lambda *_: counts.pop(0))
    monkeypatch.setattr(run, "keep", lambda evidence, folder: (tmp_path / folder.name).touch())
    return counts


def test_runs_in_which_the_rig_fails_are_done_again_and_told(played, tmp_path):
    failed, good = Counts(lost_ms=500.0, cuts=7), Counts(minutes=1.0, cuts=1)
    played += [failed, good]
    said = []
    result = run.measure(Job(settings=Settings(), part="500", out=tmp_path, say=said.append))
    assert played == []
    assert result.figures[0].value == 1
    assert "echo 0 dB after 500 ms: 1 run in which the rig itself lost samples" in result.notes
    assert any("lost 500 ms" in line for line in said)
    assert (tmp_path / "0-0").exists()


def test_a_case_of_many_starts_is_told_as_one(played):
    played += [Counts(minutes=0.3, answers=number % 2) for number in range(run.STARTS)]
    result = run.measure(Job(settings=Settings(), part="start, +6"))
    assert played == []
    assert [figure.value for figure in result.figures[:2]] == [0, 2]
