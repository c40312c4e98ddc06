"""What the daemon costs asleep, from what its processes are said to have taken."""

import pytest

from device.bench import idle
from device.bench.result import Job
from device.settings.tree import Settings


def measured(monkeypatch, asleep, alone, hurried):
    """Return the figures if processes take so much CPU, by the kind of room."""
    calls = []

    def isolated(work, config, kind, seconds, *, hurry=False):
        calls.append((work, kind, seconds, hurry))
        taken = asleep if work is idle.asleep else hurried if hurry else alone
        return taken[kind]

    monkeypatch.setattr(idle, "isolated", isolated)
    result = idle.measure(Job(settings=Settings(), quick=True))
    return {figure.name: figure for figure in result.figures}, calls


def test_the_daemon_is_compared_with_the_bare_loop_in_each_room(monkeypatch):
    figures, calls = measured(
        monkeypatch,
        asleep={"speech": 0.12, "quiet": 0.02},
        alone={"speech": 0.10, "quiet": 0.08},
        hurried={"speech": 0.06, "quiet": 0.05},
    )
    assert figures["in speech, daemon to bare loop"].value == pytest.approx(1.2)
    assert figures["in speech, daemon to bare loop at full speed"].value == pytest.approx(2.0)
    assert figures["in speech, daemon"].value == pytest.approx(12)
    assert figures["in speech, bare loop"].value == pytest.approx(10)
    assert figures["in a quiet room, daemon to bare loop"].value == pytest.approx(0.25)
    assert figures["in a quiet room, bare loop at full speed"].value == pytest.approx(5)
    assert all(figure.reached for figure in figures.values())
    assert len(calls) == 6
    assert {seconds for _, _, seconds, _ in calls} == {15.0}


def test_a_daemon_that_does_not_rest_in_a_quiet_room_is_found_out(monkeypatch):
    same = {"speech": 0.1, "quiet": 0.1}
    figures, _ = measured(monkeypatch, asleep=same, alone=same, hurried=same)
    assert figures["in speech, daemon to bare loop"].reached
    assert not figures["in a quiet room, daemon to bare loop"].reached


def test_the_bare_loop_takes_less_than_its_time(models):
    models("hey_jarvis.onnx")
    assert 0 < idle.alone(None, "quiet", 2.0, hurry=True) < 1
