"""What subscribers cost: the figures, of numbers; and a short run with real ones."""

from device.bench import door
from device.bench.door import SUBSCRIBERS, Found, figures, more
from device.bench.result import Job
from device.settings.tree import Settings

NOBODY = Found(callback=[0.1] * 100, up=[30.0] * 99 + [80.0], down=[9.0], cpu=[0.1, 0.3])
THERE = Found(callback=[0.1] * 100, up=[31.5] * 100, down=[9.5], cpu=[0.2], lost=3, events=[7, 5, 9])


def test_each_half_is_told_with_its_counts_and_its_bounds():
    found = {figure.name: figure for figure in figures("nobody", NOBODY)}
    assert found["nobody: 100 callbacks, p99.9"].value == 0.1
    assert found["… up, 100 blocks: median"].value == 30.0
    assert found["… processor time of the daemon"].value == 0.2
    assert "nobody: events that each got, at least" not in found
    there = {figure.name: figure for figure in figures("x", THERE)}
    assert there["x: events that each got, at least"].value == 5
    assert not there["… samples lost"].reached


def test_by_how_much_it_is_more_is_judged_by_the_medians():
    callback, up, down = more(THERE, NOBODY)
    assert (callback.value, up.value, down.value) == (0.0, 1.5, 0.5)
    assert callback.reached
    assert not up.reached
    assert down.reached


def test_a_short_run_with_subscribers_of_which_one_never_reads(monkeypatch):
    monkeypatch.setattr(door, "ORDER", (True,))
    found = []
    monkeypatch.setattr(door, "figures", lambda who, one: found.append(one) or [])
    monkeypatch.setattr(door, "more", lambda *_: [])
    door.measure(Job(settings=Settings(), quick=True))
    there = found[1]
    assert len(there.events) == SUBSCRIBERS - 1
    assert min(there.events) > 30, "levels alone are 15 a second"
    assert there.down
    assert there.lost == 0
